package native

import (
	"fmt"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// Calls of jq's functions and of the house's.

// countCall says how many outputs a call has.
func (c *compiler) countCall(n *core.Call) card {
	if s := c.sugar(n); s != nil {
		return c.card(s)
	}
	switch signature(n) {
	case "empty/0", "error/0":
		return some
	case "first/1", "last/1", "error/1", "match/1", "match/2", "capture/1", "capture/2":
		return some
	case "recurse/0":
		return many
	case "walk/1":
		return c.card(n.Args[0])
	case "any/2", "all/2", "isempty/1", "sort_by/1", "group_by/1", "unique_by/1", "min_by/1", "max_by/1", "del/1", "not/0", "test/1", "test/2":
		return one
	}
	if _, known := builtin(n.Name, len(n.Args)); !known {
		return many
	}
	return c.most(n.Args...)
}

func signature(n *core.Call) string { return fmt.Sprintf("%s/%d", n.Name, len(n.Args)) }

// call compiles a call of at most one output.
func (c *compiler) call(n *core.Call) eval {
	if s := c.sugar(n); s != nil {
		return c.eval(s)
	}
	switch signature(n) {
	case "empty/0":
		return func(*Machine, value) value { return none }
	case "not/0":
		return func(_ *Machine, in value) value { return boolean(!in.truthy()) }
	case "error/0":
		return func(*Machine, value) value { return failed }
	case "error/1":
		return c.raise(n)
	case "first/1":
		return c.first(n.Args[0])
	case "last/1":
		return c.last(n.Args[0])
	case "isempty/1":
		return c.isEmpty(n.Args[0])
	case "any/2":
		return c.quantify(n, true)
	case "all/2":
		return c.quantify(n, false)
	case "sort_by/1", "group_by/1", "unique_by/1", "min_by/1", "max_by/1":
		return c.by(n)
	case "walk/1":
		return c.walk(n)
	case "del/1":
		return c.del(n)
	case "test/1", "test/2", "match/1", "match/2", "capture/1", "capture/2":
		return c.matching(n)
	}
	return c.plain(n)
}

// callEach compiles a call of several outputs.
func (c *compiler) callEach(n *core.Call, next each) each {
	if s := c.sugar(n); s != nil {
		return c.each(s, next)
	}
	if signature(n) == "recurse/0" {
		return recurse(next)
	}
	f, ok := builtin(n.Name, len(n.Args))
	if !ok || len(n.Args) == 0 {
		c.fail(n, "the function %s", signature(n))
		return next
	}
	in := c.temp()
	product := c.product(func(m *Machine, vs []value) value {
		if len(vs) == 1 {
			return f.f1(&m.memory, m.vars[in], vs[0])
		}
		return f.f2(&m.memory, m.vars[in], vs[0], vs[1])
	}, next, n.Args...)
	return c.keeping(in, product)
}

// plain is a function whose arguments are values. The last one is evaluated first, as gojq does.
func (c *compiler) plain(n *core.Call) eval {
	f, ok := builtin(n.Name, len(n.Args))
	switch {
	case !ok:
		c.fail(n, "the function %s", signature(n))
		return identity
	case len(n.Args) == 0:
		run := f.f0
		if remembered[signature(n)] {
			run = remembering(run)
		}
		return func(m *Machine, in value) value { return run(&m.memory, in) }
	case len(n.Args) == 1:
		a, run := c.eval(n.Args[0]), f.f1
		if by := c.literal(n.Args[0]); !by.gone() {
			if remembered[signature(n)] {
				run := remembering(func(m *memory, in value) value { return f.f1(m, in, by) })
				return func(m *Machine, in value) value { return run(&m.memory, in) }
			}
			return func(m *Machine, in value) value { return run(&m.memory, in, by) }
		}
		return func(m *Machine, in value) value {
			x := a(m, in)
			if x.gone() {
				return x
			}
			return run(&m.memory, in, x)
		}
	}
	a, b, run := c.eval(n.Args[0]), c.eval(n.Args[1]), f.f2
	return func(m *Machine, in value) value {
		y := b(m, in)
		if y.gone() {
			return y
		}
		x := a(m, in)
		if x.gone() {
			return x
		}
		return run(&m.memory, in, x, y)
	}
}

func (c *compiler) raise(n *core.Call) eval {
	f := c.first(n.Args[0])
	return func(m *Machine, in value) value {
		if v := f(m, in); v.gone() {
			return v
		}
		return failed
	}
}

// first ends an expression behind its first output.
func (c *compiler) first(n core.Node) eval {
	if c.card(n) != many {
		return c.eval(n)
	}
	found, got := c.label(), c.temp()
	f := c.each(n, func(m *Machine, v value) signal {
		m.vars[got] = v
		return found
	})
	return func(m *Machine, in value) value {
		if s := f(m, in); s != found {
			return stopped(s)
		}
		return m.vars[got]
	}
}

func (c *compiler) last(n core.Node) eval {
	if c.card(n) != many {
		return c.eval(n)
	}
	got := c.temp()
	f := c.each(n, func(m *Machine, v value) signal {
		m.vars[got] = v
		return goOn
	})
	return func(m *Machine, in value) value {
		m.vars[got] = none
		if s := f(m, in); s != goOn {
			return stopped(s)
		}
		return m.vars[got]
	}
}

func (c *compiler) isEmpty(n core.Node) eval {
	f := c.first(n)
	return func(m *Machine, in value) value {
		v := f(m, in)
		if v.bad() {
			return v
		}
		return boolean(v.kind == isNone)
	}
}

// by sorts, groups or picks the elements of an array by what an expression gives of each. One that gives anything but one
// output is compared by all of them.
func (c *compiler) by(n *core.Call) eval {
	key := c.array(n.Args[0])
	if c.card(n.Args[0]) == one {
		key = c.eval(n.Args[0])
	}
	do := map[string]func(m *memory, elems, keys []value) value{
		"sort_by":   func(m *memory, elems, keys []value) value { return arrayOf(sortBy(m, elems, keys)) },
		"group_by":  groupBy,
		"unique_by": uniqueBy,
		"min_by":    func(_ *memory, elems, keys []value) value { return minBy(elems, keys) },
		"max_by":    func(_ *memory, elems, keys []value) value { return maxBy(elems, keys) },
	}[n.Name]
	return func(m *Machine, in value) value {
		if in.kind != isArray {
			return failed
		}
		elems := in.elems()
		keys := m.values(len(elems))
		for i, v := range elems {
			if !m.step() {
				return unknown
			}
			k := key(m, v)
			if k.gone() {
				return k
			}
			keys[i] = k
		}
		return do(&m.memory, elems, keys)
	}
}
