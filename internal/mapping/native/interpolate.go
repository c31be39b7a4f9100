package native

import (
	"slices"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// text joins the parts of a text; one with a format has it applied to each value.
func (c *compiler) text(n *core.Text) eval {
	parts := make([]eval, len(n.Parts))
	for i, p := range n.Parts {
		parts[i] = c.part(n, p)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return func(m *Machine, in value) value {
		base := len(m.stack)
		for i := range parts { // the last one first, as gojq joins them
			v := parts[len(parts)-1-i](m, in)
			if v.gone() {
				m.stack = m.stack[:base]
				return v
			}
			m.stack = append(m.stack, v)
		}
		slices.Reverse(m.stack[base:])
		v := m.join(m.stack[base:])
		m.stack = m.stack[:base]
		return v
	}
}

// part is one part of a text as a text.
func (c *compiler) part(n *core.Text, p core.Node) eval {
	if _, literal := p.(*core.Const); literal {
		return c.eval(p)
	}
	if n.Format == "" {
		return then(c.eval(p), func(m *Machine, v value) value { return tostring(&m.memory, v) })
	}
	if !formatKnown(n.Format) {
		c.fail(n, "the format %s", n.Format)
	}
	return then(c.eval(p), func(m *Machine, v value) value { return format(&m.memory, n.Format, v) })
}

// join is texts as one.
func (m *Machine) join(parts []value) value {
	b := m.begin()
	for _, v := range parts {
		b = append(b, v.str()...)
	}
	return m.end(b)
}

func (c *compiler) textEach(n *core.Text, next each) each {
	parts := make([]core.Node, len(n.Parts))
	for i, p := range n.Parts {
		if parts[i] = p; c.card(p) == many {
			parts[i] = &core.Pipe{Pos: n.Pos, Left: p, Right: &core.Text{Pos: n.Pos, Format: n.Format, Parts: []core.Node{&core.Identity{Pos: n.Pos}}}}
			continue
		}
		parts[i] = &core.Text{Pos: n.Pos, Format: n.Format, Parts: []core.Node{p}}
	}
	return c.product((*Machine).join, next, parts...)
}
