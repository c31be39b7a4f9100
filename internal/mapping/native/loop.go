package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// Loops over the items of one value, which is what most arrays and conditions are made of: `map(f)`, `any(f)`. The items
// are at hand, and so nothing is called for what comes behind them.

// loop is `over[] | do`, where over has one output and do at most one.
type loop struct{ over, do core.Node }

// loop takes an expression apart; false where it is another one.
func (c *compiler) loop(n core.Node) (l loop, ok bool) {
	if p, is := n.(*core.Pipe); is {
		n, l.do = p.Left, p.Right
	}
	i, ok := n.(*core.Iterate)
	if !ok || c.card(i.Of) != one || c.card(l.do) == many {
		return l, false
	}
	l.over = i.Of
	return l, true
}

// mapped is `[over[] | do]`.
func (c *compiler) mapped(l loop) eval {
	over, do := c.eval(l.over), c.eval(l.do)
	return func(m *Machine, in value) value {
		v := over(m, in)
		if v.gone() {
			return v
		}
		elems, ok := items(&m.memory, v)
		if !ok {
			return failed
		}
		out, n := m.values(len(elems)), 0
		for _, e := range elems {
			if !m.step() {
				return unknown
			}
			e = do(m, e)
			if !e.gone() {
				out[n] = e
				n++
			} else if e.kind != isNone {
				return e
			}
		}
		return arrayOf(out[:n:n])
	}
}

// decides is any(over[]; do), or all(over[]; do): it ends at the first item that decides.
func (c *compiler) decides(l loop, any bool) eval {
	over, do, last := c.eval(l.over), c.test(l.do), truth(any)
	return func(m *Machine, in value) value {
		v := over(m, in)
		if v.gone() {
			return v
		}
		elems, ok := items(&m.memory, v)
		if !ok {
			return failed
		}
		for _, e := range elems {
			if !m.step() {
				return unknown
			}
			switch k := do(m, e); {
			case k == last:
				return boolean(any)
			case k > isTrue && k != isNone:
				return m.missed
			}
		}
		return boolean(!any)
	}
}

// quantify is any(g; y), or all(g; y): it ends at the first output of y that decides.
func (c *compiler) quantify(n *core.Call, any bool) eval {
	if l, ok := c.loop(&core.Pipe{Pos: n.Pos, Left: n.Args[0], Right: n.Args[1]}); ok {
		return c.decides(l, any)
	}
	found := c.label()
	f := c.each(n.Args[0], c.each(n.Args[1], func(_ *Machine, v value) signal {
		if v.truthy() == any {
			return found
		}
		return goOn
	}))
	return func(m *Machine, in value) value {
		switch s := f(m, in); s {
		case goOn:
			return boolean(!any)
		case found:
			return boolean(any)
		default:
			return stopped(s)
		}
	}
}
