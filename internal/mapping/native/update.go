package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// Assignments: a path is a way to values, and what is found there is replaced by what a leaf makes of it. A leaf without
// an output deletes.

// assign compiles an assignment. The right side is evaluated on the whole input, but for `|=`.
func (c *compiler) assign(n *core.Assign) eval {
	if n.Kind == core.Modify {
		return wholly(c.patch(n.Path, touching(c.first(n.Value)), true))
	}
	slot := c.temp()
	right, update := c.eval(n.Value), c.update(n, slot)
	return func(m *Machine, in value) value {
		v := right(m, in)
		if v.gone() {
			return v
		}
		m.vars[slot] = v
		return update(m, in)
	}
}

func (c *compiler) assignEach(n *core.Assign, next each) each {
	slot, kept := c.temp(), c.temp()
	update := c.then(c.update(n, slot), next)
	return c.keeping(kept, c.each(n.Value, func(m *Machine, v value) signal {
		m.vars[slot] = v
		return update(m, m.vars[kept])
	}))
}

// update is the assignment of a value that stands in a place.
func (c *compiler) update(n *core.Assign, slot int) eval {
	var leaf eval
	switch n.Kind {
	case core.Set:
		leaf = func(m *Machine, _ value) value { return m.vars[slot] }
	case core.Alt:
		leaf = func(m *Machine, v value) value {
			if v.truthy() {
				return v
			}
			return m.vars[slot]
		}
	default:
		do := c.operator(n.Op)
		leaf = func(m *Machine, v value) value { return do(m, v, m.vars[slot]) }
	}
	return c.patch(n.Path, touching(leaf), true)
}

// touching notes that a path has led to a value: what is not there is made only then.
func touching(leaf eval) eval {
	return func(m *Machine, v value) value {
		m.touched = true
		return leaf(m, v)
	}
}

func (c *compiler) del(n *core.Call) eval {
	return wholly(c.patch(n.Args[0], func(*Machine, value) value { return none }, false))
}

// wholly is an assignment that may delete all that there is: then null is left.
func wholly(f eval) eval {
	return func(m *Machine, in value) value {
		v := f(m, in)
		if v.kind == isNone {
			return null
		}
		return v
	}
}
