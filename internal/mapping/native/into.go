package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// sink takes the outputs of an expression, each at the same place of the model: it is a list that is being written, or
// the batch of records. What is being written stands in the machine, for it goes on from one output to the next.
type sink struct {
	place
	take func(p put) each
}

// into compiles an expression of any number of outputs that all go to a sink.
func (c *compiler) into(n core.Node, to sink) each {
	if n == nil || c.full(n) {
		return to.take(to.append)
	}
	switch n := n.(type) {
	case *core.Pipe:
		return c.each(n.Left, c.into(n.Right, to))
	case *core.Comma:
		return both(c.into(n.Left, to), c.into(n.Right, to))
	case *core.If:
		if c.card(n.Cond) != many {
			return c.either(n.Cond, c.into(n.Then, to), c.into(n.Else, to))
		}
	case *core.Let:
		return c.bind(n, c.into(n.Body, to))
	case *core.Invoke:
		return c.into(n.Func.Body, to)
	case *core.Call:
		if s := c.sugar(n); s != nil {
			return c.into(s, to)
		}
	}
	if c.card(n) == one {
		return to.take(c.put(n, to.place))
	}
	return c.each(n, to.take(to.append))
}

// list writes all outputs of an expression as a list of objects.
func (c *compiler) list(of core.Node, inside *shape) put {
	f := c.into(of, sink{place{kind: ofObject, inside: inside}, listed})
	return func(m *Machine, b []byte, in value) ([]byte, outcome) {
		start := len(b)
		m.buf = b
		if f(m, in) != goOn {
			return b, isRefused
		}
		return closeList(m.buf, start)
	}
}

// listed writes an element.
func listed(p put) each {
	return func(m *Machine, in value) signal {
		mark := len(m.buf)
		if mark > m.most {
			return sigBail
		}
		b, how := p(m, append(m.buf, ','), in)
		if how == isRefused {
			return sigBail
		}
		m.buf, _ = element(b, mark, how)
		return goOn
	}
}

// recorded writes a record, and hands it on with what stands beside it.
func recorded(p put) each {
	return func(m *Machine, in value) signal {
		m.beside = [2]value{}
		b, how := p(m, m.buf, in)
		if m.outs++; how != isFull || m.outs > maxOutputs {
			return sigBail
		}
		ok := false
		if m.buf, ok = m.take(b, Output{m.beside[0]}, Output{m.beside[1]}); !ok {
			return sigBail
		}
		return goOn
	}
}
