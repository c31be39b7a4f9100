package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// test is an expression of which only the truth is asked for: isFalse, isTrue, or the kind of what is no value, which is
// then the machine's to remember.
type test func(m *Machine, in value) kind

func truth(b bool) kind {
	if b {
		return isTrue
	}
	return isFalse
}

// verdict is the truth of a value.
func (m *Machine) verdict(v value) kind {
	if v.gone() {
		m.missed = v
		return v.kind
	}
	return truth(v.truthy())
}

// test compiles an expression of at most one output. Most conditions compare with a constant, which makes no values.
func (c *compiler) test(n core.Node) test {
	switch n := n.(type) {
	case *core.Binary:
		if t := c.compares(n); t != nil {
			return t
		}
	case *core.Logic:
		left, right, short := c.test(n.Left), c.test(n.Right), truth(n.Or)
		return func(m *Machine, in value) kind {
			if k := left(m, in); k > isTrue || k == short {
				return k
			}
			return right(m, in)
		}
	case *core.Pipe:
		if not, ok := n.Right.(*core.Call); ok && signature(not) == "not/0" {
			of := c.test(n.Left)
			return func(m *Machine, in value) kind {
				switch k := of(m, in); k {
				case isTrue:
					return isFalse
				case isFalse:
					return isTrue
				default:
					return k
				}
			}
		}
	}
	f := c.eval(n)
	return func(m *Machine, in value) kind { return m.verdict(f(m, in)) }
}

// compares is a comparison for equality with a constant; nil where it is another one.
func (c *compiler) compares(n *core.Binary) test {
	if n.Op != core.Eq && n.Op != core.Ne {
		return nil
	}
	constant, other := c.literal(n.Right), n.Left
	if constant.gone() {
		constant, other = c.literal(n.Left), n.Right
	}
	f, same := c.eval(other), n.Op == core.Eq
	switch {
	case constant.gone():
		return nil
	case constant.kind == isNull:
		return func(m *Machine, in value) kind {
			v := f(m, in)
			if v.gone() {
				return m.verdict(v)
			}
			return truth((v.kind == isNull) == same)
		}
	case constant.kind == isText:
		text := constant.str()
		return func(m *Machine, in value) kind {
			v := f(m, in)
			if v.gone() {
				return m.verdict(v)
			}
			return truth((v.kind == isText && v.str() == text) == same)
		}
	}
	return func(m *Machine, in value) kind {
		v := f(m, in)
		if v.gone() {
			return m.verdict(v)
		}
		return truth(equal(v, constant) == same)
	}
}

// literal is the value of a constant, none of what is none.
func (c *compiler) literal(n core.Node) value {
	k, ok := n.(*core.Const)
	if !ok {
		return none
	}
	v, ok := constant(k.Value)
	if !ok {
		return none
	}
	return v
}

// decided is the truth of an expression as a value.
func decided(t test) eval {
	return func(m *Machine, in value) value {
		switch t(m, in) {
		case isTrue:
			return yes
		case isFalse:
			return no
		}
		return m.missed
	}
}
