package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// Variables, and the loops that have one.
//
// A definition with several outputs has closures for each of its calls, and all of them have its variables in the same
// places. So what hands on gives a place back as it found it: what comes behind may be the same definition once more.

func (c *compiler) let(n *core.Let) eval {
	val, slot := c.eval(n.Value), c.slot(n.Binding)
	body := c.eval(n.Body)
	return func(m *Machine, in value) value {
		v := val(m, in)
		if v.gone() {
			return v
		}
		m.vars[slot] = v
		return body(m, in)
	}
}

func (c *compiler) letEach(n *core.Let, next each) each { return c.bind(n, c.each(n.Body, next)) }

// bind runs a body that is compiled for each value of the variable.
func (c *compiler) bind(n *core.Let, body each) each {
	slot := c.slot(n.Binding)
	if c.card(n.Value) != many {
		val := c.eval(n.Value)
		return func(m *Machine, in value) signal {
			v := val(m, in)
			if v.gone() {
				return signalOf(v)
			}
			was := m.vars[slot]
			m.vars[slot] = v
			s := body(m, in)
			m.vars[slot] = was
			return s
		}
	}
	kept := c.temp()
	return c.keeping(kept, c.each(n.Value, func(m *Machine, v value) signal {
		was := m.vars[slot]
		m.vars[slot] = v
		s := body(m, m.vars[kept])
		m.vars[slot] = was
		return s
	}))
}

// reduce keeps the last output of each update; where there is none the value stays. As an expression of several starts it
// is given each as its input, and the input that it had in a place of its own.
func (c *compiler) reduce(n *core.Reduce) eval {
	slot, sum := c.slot(n.Binding), c.temp()
	update := c.each(n.Update, func(m *Machine, v value) signal {
		m.vars[sum] = v
		return goOn
	})
	over := c.each(n.Over, func(m *Machine, v value) signal {
		was := m.vars[slot]
		m.vars[slot] = v
		s := update(m, m.vars[sum])
		m.vars[slot] = was
		return s
	})
	if c.card(n.Start) == many {
		c.fail(n, "a reduce with several starts")
		return identity
	}
	start := c.eval(n.Start)
	return func(m *Machine, in value) value {
		v := start(m, in)
		if v.gone() {
			return v
		}
		m.vars[sum] = v
		if s := over(m, in); s != goOn {
			return stopped(s)
		}
		return m.vars[sum]
	}
}

func (c *compiler) foreach(n *core.Foreach, next each) each {
	slot, state := c.slot(n.Binding), c.temp()
	extract := c.each(n.Extract, next)
	update := c.each(n.Update, func(m *Machine, v value) signal {
		m.vars[state] = v
		return extract(m, v)
	})
	over := c.each(n.Over, func(m *Machine, v value) signal {
		was := m.vars[slot]
		m.vars[slot] = v
		s := update(m, m.vars[state])
		m.vars[slot] = was
		return s
	})
	kept := c.temp()
	return c.keeping(kept, c.each(n.Start, func(m *Machine, v value) signal {
		m.vars[state] = v
		return over(m, m.vars[kept])
	}))
}

// invoke is the body of a definition, compiled once however often it is called.
func (c *compiler) invoke(n *core.Invoke) eval {
	if f, ok := c.funcs[n.Func]; ok {
		return f
	}
	f := c.eval(n.Func.Body)
	c.funcs[n.Func] = f
	return f
}
