package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// Pipes, branches, alternatives and operators.

func (c *compiler) pipe(n *core.Pipe) eval {
	left, right := c.eval(n.Left), c.eval(n.Right)
	return func(m *Machine, in value) value {
		v := left(m, in)
		if v.gone() {
			return v
		}
		return right(m, v)
	}
}

func (c *compiler) comma(n *core.Comma, next each) each {
	return both(c.each(n.Left, next), c.each(n.Right, next))
}

// both runs one expression behind another.
func both(left, right each) each {
	return func(m *Machine, in value) signal {
		if s := left(m, in); s != goOn {
			return s
		}
		return right(m, in)
	}
}

func (c *compiler) branch(n *core.If) eval {
	cond, then, other := c.test(n.Cond), c.eval(n.Then), c.eval(n.Else)
	return func(m *Machine, in value) value {
		switch cond(m, in) {
		case isTrue:
			return then(m, in)
		case isFalse:
			return other(m, in)
		}
		return m.missed
	}
}

// branchEach keeps the input, since the condition hands on its own output.
func (c *compiler) branchEach(n *core.If, next each) each {
	then, other := c.each(n.Then, next), c.each(n.Else, next)
	if c.card(n.Cond) != many {
		return c.either(n.Cond, then, other)
	}
	kept := c.temp()
	cond := c.each(n.Cond, func(m *Machine, v value) signal {
		if v.truthy() {
			return then(m, m.vars[kept])
		}
		return other(m, m.vars[kept])
	})
	return c.keeping(kept, cond)
}

// either decides between two expressions.
func (c *compiler) either(n core.Node, then, other each) each {
	cond := c.test(n)
	return func(m *Machine, in value) signal {
		switch cond(m, in) {
		case isTrue:
			return then(m, in)
		case isFalse:
			return other(m, in)
		}
		return signalOf(m.missed)
	}
}

// keeping runs an expression with its input in a place of its own.
func (c *compiler) keeping(slot int, f each) each {
	return func(m *Machine, in value) signal {
		m.vars[slot] = in
		return f(m, in)
	}
}

func (c *compiler) logic(n *core.Logic) eval { return decided(c.test(n)) }

// logicEach is the same as branches do it.
func (c *compiler) logicEach(n *core.Logic, next each) each {
	short := &core.Const{Pos: n.Pos, Value: n.Or}
	long := &core.If{Pos: n.Pos, Cond: n.Right, Then: &core.Const{Pos: n.Pos, Value: true}, Else: &core.Const{Pos: n.Pos, Value: false}}
	if n.Or {
		return c.branchEach(&core.If{Pos: n.Pos, Cond: n.Left, Then: short, Else: long}, next)
	}
	return c.branchEach(&core.If{Pos: n.Pos, Cond: n.Left, Then: long, Else: short}, next)
}

// alternative is `//`, which gojq does not let swallow errors.
func (c *compiler) alternative(n *core.Alternative) eval {
	left, right := c.eval(n.Left), c.eval(n.Right)
	return func(m *Machine, in value) value {
		if v := left(m, in); v.bad() || !v.gone() && v.truthy() {
			return v
		}
		return right(m, in)
	}
}

func (c *compiler) alternativeEach(n *core.Alternative, next each) each {
	right := c.each(n.Right, next)
	if c.card(n.Left) != many {
		left := c.eval(n.Left)
		return func(m *Machine, in value) signal {
			v := left(m, in)
			switch {
			case v.bad():
				return signalOf(v)
			case !v.gone() && v.truthy():
				return next(m, v)
			}
			return right(m, in)
		}
	}
	found := c.temp()
	left := c.each(n.Left, func(m *Machine, v value) signal {
		if !v.truthy() {
			return goOn
		}
		s := next(m, v)
		m.vars[found] = yes
		return s
	})
	return func(m *Machine, in value) signal {
		m.vars[found] = no
		if s := left(m, in); s != goOn {
			return s
		}
		if m.vars[found].truthy() {
			return goOn
		}
		return right(m, in)
	}
}

// binary evaluates the right operand first, as gojq does.
func (c *compiler) binary(n *core.Binary) eval {
	if t := c.compares(n); t != nil {
		return decided(t)
	}
	left, right := c.eval(n.Left), c.eval(n.Right)
	do := c.operator(n.Op)
	return func(m *Machine, in value) value {
		r := right(m, in)
		if r.gone() {
			return r
		}
		l := left(m, in)
		if l.gone() {
			return l
		}
		return do(m, l, r)
	}
}

func (c *compiler) binaryEach(n *core.Binary, next each) each {
	do := c.operator(n.Op)
	return c.product(func(m *Machine, vs []value) value { return do(m, vs[0], vs[1]) }, next, n.Left, n.Right)
}

func (c *compiler) operator(op core.Op) func(m *Machine, l, r value) value {
	switch op {
	case core.Eq:
		return func(_ *Machine, l, r value) value { return boolean(equal(l, r)) }
	case core.Ne:
		return func(_ *Machine, l, r value) value { return boolean(!equal(l, r)) }
	case core.Lt:
		return func(_ *Machine, l, r value) value { return boolean(compare(l, r) < 0) }
	case core.Le:
		return func(_ *Machine, l, r value) value { return boolean(compare(l, r) <= 0) }
	case core.Gt:
		return func(_ *Machine, l, r value) value { return boolean(compare(l, r) > 0) }
	case core.Ge:
		return func(_ *Machine, l, r value) value { return boolean(compare(l, r) >= 0) }
	}
	return func(m *Machine, l, r value) value { return arith(&m.memory, op, l, r) }
}

// product runs do on each combination of the outputs of several expressions: the last one's vary the least.
func (c *compiler) product(do func(m *Machine, vs []value) value, next each, ns ...core.Node) each {
	base := len(c.m.vars)
	for range ns {
		c.temp()
	}
	in := c.temp()
	f := each(func(m *Machine, _ value) signal {
		v := do(m, m.vars[base:base+len(ns)])
		if v.gone() {
			return signalOf(v)
		}
		return next(m, v)
	})
	for i, n := range ns {
		behind, slot := f, base+i
		f = c.each(n, func(m *Machine, v value) signal {
			m.vars[slot] = v
			return behind(m, m.vars[in])
		})
	}
	return c.keeping(in, f)
}
