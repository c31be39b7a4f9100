package native

import (
	"github.com/meterbridge/meterbridge/internal/jq/core"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Walks through values of any depth.

// recurse hands on a value and everything in it, the outer before the inner.
func recurse(next each) each {
	var down each
	inner := iterate(func(m *Machine, v value) signal { return down(m, v) })
	down = func(m *Machine, v value) signal {
		if s := next(m, v); s != goOn {
			return s
		}
		if v.kind != isArray && v.kind != isObject {
			return goOn
		}
		if m.frames++; m.frames > record.MaxDepth {
			return sigBail
		}
		s := inner(m, v)
		m.frames--
		return s
	}
	return down
}

// walk makes something of every value, the inner before the outer.
func (c *compiler) walk(n *core.Call) eval {
	f := c.eval(n.Args[0])
	if c.card(n.Args[0]) != one {
		c.fail(n, "a walk that has not one output for each value")
	}
	var down eval
	inner := patchAll(func(m *Machine, v value) value { return down(m, v) })
	down = func(m *Machine, v value) value {
		if v.kind == isArray || v.kind == isObject {
			if m.frames++; m.frames > record.MaxDepth {
				return unknown
			}
			v = inner(m, v)
			m.frames--
			if v.gone() {
				return v
			}
		}
		return f(m, v)
	}
	return down
}
