package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// Objects and lists that are built only to be written are written while they are built: no value is made of them, and
// what is known of them before stands with their keys.
//
// What is being written is cut back where anything in it turns out to be an error, and so the item bails. That is why
// nothing that may catch an error or leave a label is looked into: there a value is made.

// put appends what an expression gives, at a place of the model.
type put func(m *Machine, b []byte, in value) ([]byte, outcome)

// place is one of the model's.
type place struct {
	kind   fieldKind
	inside *shape // of objects and lists
	plan   *Plan  // of the record itself
}

// append appends a value.
func (at place) append(m *Machine, b []byte, v value) ([]byte, outcome) {
	var how outcome
	switch {
	case at.plan != nil:
		b, m.beside[0], m.beside[1], how = at.plan.append(b, v)
		return b, how
	case v.kind == isNull:
		return b, isEmpty
	}
	return at.kind.append(b, v, at.inside)
}

// putting is a definition at a place, which is compiled once however often it is called.
type putting struct {
	of *core.Func
	at place
}

// put compiles an expression of one output.
func (c *compiler) put(n core.Node, at place) put {
	if c.full(n) {
		return at.append
	}
	if !path(n) && at.plan == nil && c.fixed(n) {
		return writtenOnce(c.puts(n, at))
	}
	return c.puts(n, at)
}

// puts compiles an expression as what it is.
func (c *compiler) puts(n core.Node, at place) put {
	switch n := n.(type) {
	case *core.Invoke:
		key := putting{n.Func, at}
		if _, ok := c.putFuncs[key]; !ok {
			c.putFuncs[key] = c.put(n.Func.Body, at)
		}
		return c.putFuncs[key]
	case *core.Pipe:
		left, right := c.eval(n.Left), c.put(n.Right, at)
		return func(m *Machine, b []byte, in value) ([]byte, outcome) {
			v := left(m, in)
			if v.gone() {
				return b, isRefused
			}
			return right(m, b, v)
		}
	case *core.Let:
		val, slot, body := c.eval(n.Value), c.slot(n.Binding), c.put(n.Body, at)
		return func(m *Machine, b []byte, in value) ([]byte, outcome) {
			v := val(m, in)
			if v.gone() {
				return b, isRefused
			}
			m.vars[slot] = v
			return body(m, b, in)
		}
	case *core.If:
		cond, then, other := c.test(n.Cond), c.put(n.Then, at), c.put(n.Else, at)
		return func(m *Machine, b []byte, in value) ([]byte, outcome) {
			switch cond(m, in) {
			case isTrue:
				return then(m, b, in)
			case isFalse:
				return other(m, b, in)
			}
			return b, isRefused
		}
	case *core.Call:
		if s := c.sugar(n); s != nil {
			return c.put(s, at)
		}
	case *core.Array:
		if at.kind == ofList && n.Of != nil {
			return c.list(n.Of, at.inside)
		}
	case *core.Object, *core.Binary:
		if at.kind == ofObject {
			if o := c.built(n, at); o != nil {
				return o.put
			}
		}
	}
	f := c.eval(n)
	return func(m *Machine, b []byte, in value) ([]byte, outcome) { return at.append(m, b, f(m, in)) }
}

// writtenOnce keeps what is written of a fixed expression until a root is bound anew.
func writtenOnce(p put) put {
	var kept []byte
	var how outcome
	var since uint64
	return func(m *Machine, b []byte, in value) ([]byte, outcome) {
		if since != m.bindings {
			kept, how = p(m, kept[:0], in)
			since = m.bindings
		}
		return append(b, kept...), how
	}
}
