package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// Errors that are swallowed, and labels.

// ignoresInput says whether an expression never reads its input, which for a catch is the error's text that nobody knows.
func ignoresInput(n core.Node) bool {
	switch n := n.(type) {
	case *core.Const, *core.Var, *core.Root, *core.Break:
		return true
	case *core.Pipe:
		return ignoresInput(n.Left)
	case *core.Array:
		return n.Of == nil || ignoresInput(n.Of)
	case *core.Object:
		for _, m := range n.Members {
			if !ignoresInput(m.Key) || !ignoresInput(m.Value) {
				return false
			}
		}
		return true
	case *core.Call:
		return n.Name == "empty" && len(n.Args) == 0
	}
	return false
}

// catch is what a try does with an error: nothing, or something that needs its text and bails.
func (c *compiler) catch(n *core.Try) core.Node {
	switch {
	case n.Catch == nil:
		return &core.Call{Pos: n.Pos, Name: "empty"}
	case ignoresInput(n.Catch):
		return n.Catch
	}
	return nil
}

func (c *compiler) try(n *core.Try) eval {
	body, catch := c.eval(n.Body), c.catch(n)
	if catch == nil {
		return func(m *Machine, in value) value {
			v := body(m, in)
			if v.kind == isError {
				return unknown
			}
			return v
		}
	}
	caught := c.eval(catch)
	return func(m *Machine, in value) value {
		v := body(m, in)
		if v.kind == isError {
			return caught(m, null)
		}
		return v
	}
}

// tryEach swallows an error of the body, and none of what comes behind it: that one passes under a signal of its own.
func (c *compiler) tryEach(n *core.Try, next each) each {
	passing := c.label()
	body := c.each(n.Body, func(m *Machine, v value) signal {
		s := next(m, v)
		if s == sigFailed {
			return passing
		}
		return s
	})
	caught := each(func(*Machine, value) signal { return sigBail })
	if catch := c.catch(n); catch != nil {
		caught = c.each(catch, next)
	}
	return func(m *Machine, in value) signal {
		switch s := body(m, in); s {
		case sigFailed:
			return caught(m, null)
		case passing:
			return sigFailed
		default:
			return s
		}
	}
}

// target is the signal of the label that a break leaves.
func (c *compiler) target(n *core.Break) signal {
	s, ok := c.labels[n.Binding]
	if !ok {
		s = c.label()
		c.labels[n.Binding] = s
	}
	return s
}

func (c *compiler) labelled(n *core.Label) eval {
	left := c.target(&core.Break{Pos: n.Pos, Binding: n.Binding})
	body := c.eval(n.Body)
	return func(m *Machine, in value) value {
		v := body(m, in)
		if v.kind == isBreak && signal(v.x) == left {
			return none
		}
		return v
	}
}

func (c *compiler) labelledEach(n *core.Label, next each) each {
	left := c.target(&core.Break{Pos: n.Pos, Binding: n.Binding})
	return leaving(left, c.each(n.Body, next))
}

// leaving ends an expression at a signal.
func leaving(left signal, f each) each {
	return func(m *Machine, in value) signal {
		if s := f(m, in); s != left {
			return s
		}
		return goOn
	}
}
