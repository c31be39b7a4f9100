package native

import (
	"errors"
	"slices"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// An island is an expression that gojq runs in the middle of a compiled program, because it has no compiled form: its
// input and its variables are made gojq's values, and what it gives is made ours.

// maxIslands bounds the expressions of a program that are tried as islands: where there are more, gojq runs all of it.
const maxIslands = 100

// island is the expression at work for one machine.
type island struct {
	session *jq.Session
	vars    []int // slots
	roots   []int
}

// island takes an expression out of the program. It is nil where that can't be.
func (c *compiler) island(n core.Node) *island {
	if c.tried++; c.tried > maxIslands {
		return nil
	}
	part, ok := core.PartOf(n)
	if !ok {
		return nil
	}
	code, err := jq.CompilePart(part)
	if err != nil {
		return nil
	}
	i := &island{session: code.Session(nil)}
	for _, b := range part.Vars {
		i.vars = append(i.vars, c.slot(b))
	}
	for _, r := range part.Roots {
		i.roots = append(i.roots, r.Index)
	}
	return i
}

// outside gives an expression that does not compile to gojq, if anything of it did not and it is not the whole program.
// before are the reasons that there were ahead of it; whose place it takes are notes from then on.
func (c *compiler) outside(n core.Node, before int) *island {
	if len(c.reasons) == before || c.isWhole(n) {
		return nil
	}
	i := c.island(n)
	if i != nil {
		for _, r := range c.reasons[before:] {
			if !slices.Contains(c.notes, r) { // as it is where a definition is compiled for each of its calls
				c.notes = append(c.notes, r)
			}
		}
		c.reasons = c.reasons[:before]
	}
	return i
}

// isWhole says whether an expression is the program, for which gojq would be no help.
func (c *compiler) isWhole(n core.Node) bool {
	p := c.program
	for p != n {
		call, is := p.(*core.Invoke)
		if !is {
			return false
		}
		p = call.Func.Body
	}
	return true
}

// run puts the outputs to those that are being collected. It gives failed where jq has an error behind them.
func (i *island) run(m *Machine, in value) value {
	input := make([]any, 0, 1+len(i.vars)+len(i.roots))
	input = append(input, toAny(in))
	for _, slot := range i.vars {
		input = append(input, toAny(m.vars[slot]))
	}
	for _, root := range i.roots {
		input = append(input, toAny(m.roots[root]))
	}
	err := i.session.Run(m.ctx, m.budget, input, func(x any) error {
		v, ok := m.fromAny(x)
		if !ok {
			return errUnknown
		}
		m.stack = append(m.stack, v)
		return nil
	})
	switch {
	case err == nil:
		return none
	case errors.Is(err, errUnknown), errors.Is(err, jq.ErrBudget), m.ctx.Err() != nil:
		return unknown
	}
	return failed
}

var errUnknown = errors.New("a value of another kind")

// eval is for an expression of at most one output.
func (i *island) eval(m *Machine, in value) value {
	base := len(m.stack)
	end := i.run(m, in)
	outs := m.stack[base:]
	m.stack = m.stack[:base]
	switch {
	case len(outs) == 0 || end.kind == isBail:
		return end
	case len(outs) > 1 || end.kind == isError:
		return unknown
	}
	return outs[0]
}

// each hands on the outputs when all are there, and then the error, if there was one.
func (i *island) each(next each) each {
	return func(m *Machine, in value) signal {
		base := len(m.stack)
		end := i.run(m, in)
		outs := m.collected(base)
		if end.kind == isBail {
			return sigBail
		}
		for _, v := range outs {
			if s := next(m, v); s != goOn {
				return s
			}
		}
		return signalOf(end)
	}
}
