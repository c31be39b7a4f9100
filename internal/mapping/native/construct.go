package native

import (
	"maps"
	"math/big"
	"slices"
	"unsafe"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// What an expression builds.

// constant is a value that the text holds. It lives as long as the program.
func (c *compiler) constant(n *core.Const) eval {
	v, ok := constant(n.Value)
	if !ok {
		c.fail(n, "a constant of the type %T", n.Value)
	}
	return func(*Machine, value) value { return v }
}

func constant(x any) (value, bool) {
	switch x := x.(type) {
	case nil:
		return null, true
	case bool:
		return boolean(x), true
	case int:
		return integer(x), true
	case float64:
		return float(x), true
	case *big.Int:
		return bigInt(x), true
	case string:
		return keyText(x), true
	case []any:
		elems, ok := make([]value, len(x)), true
		for i, e := range x {
			if elems[i], ok = constant(e); !ok {
				return null, false
			}
		}
		return arrayOf(elems), true
	case map[string]any:
		l := &layout{keys: slices.Sorted(maps.Keys(x))}
		all := make([]value, len(x)+1)
		all[0] = value{p: unsafe.Pointer(l)}
		for i, k := range l.keys {
			l.values = append(l.values, keyText(k))
			v, ok := constant(x[k])
			if !ok {
				return null, false
			}
			all[i+1] = v
		}
		return value{p: unsafe.Pointer(&all[0]), x: uint64(len(x)), kind: isObject}, true
	}
	return null, false
}

// object builds an object of at most one output.
func (c *compiler) object(n *core.Object) eval {
	keys, at := c.names(n)
	if keys == nil {
		return c.dynamic(n)
	}
	var fixed []placed
	var members []computed
	for i, e := range n.Members {
		if v := c.literal(e.Value); !v.gone() {
			fixed = append(fixed, placed{at[i], v})
			continue
		}
		members = append(members, computed{at[i], c.eval(e.Value)})
	}
	if len(keys) < len(n.Members) { // a key repeats, and its last value counts
		fixed, members = nil, nil
		for i, e := range n.Members {
			members = append(members, computed{at[i], c.eval(e.Value)})
		}
	}
	shape := c.shape(keys)
	return func(m *Machine, in value) value {
		v, columns := m.object(shape(m))
		for i := range fixed {
			columns[fixed[i].column] = fixed[i].value
		}
		for i := range members {
			x := members[i].value(m, in)
			if x.gone() {
				return x
			}
			columns[members[i].column] = x
		}
		return v
	}
}

// placed is a member that is the same in all objects, and computed one that is not.
type placed struct {
	column int
	value  value
}

type computed struct {
	column int
	value  eval
}

// names are the keys of an object whose keys the text holds, and the column of each member; nil where it does not.
func (c *compiler) names(n *core.Object) (keys []string, at []int) {
	keys = []string{}
	column := map[string]int{}
	for _, e := range n.Members {
		k, ok := e.Key.(*core.Const)
		if !ok {
			return nil, nil
		}
		name, ok := k.Value.(string)
		if !ok {
			return nil, nil
		}
		i, met := column[name]
		if !met {
			i = len(keys)
			column[name] = i
			keys = append(keys, name)
		}
		at = append(at, i)
	}
	return keys, at
}

// shape is the layout of some keys, for as long as the machine keeps it.
func (c *compiler) shape(keys []string) func(m *Machine) *layout {
	var met *layout
	return func(m *Machine) *layout {
		if met == nil || met.tree != m.tree {
			met = m.layoutOf(keys)
		}
		return met
	}
}

// dynamic builds an object with keys that are not known before.
func (c *compiler) dynamic(n *core.Object) eval {
	var keys, members []eval
	for _, e := range n.Members {
		keys, members = append(keys, c.eval(e.Key)), append(members, c.eval(e.Value))
	}
	return func(m *Machine, in value) value {
		base := len(m.stack)
		for i := range keys {
			k := keys[i](m, in)
			if !k.gone() {
				m.stack = append(m.stack, k)
				k = members[i](m, in)
			}
			if k.gone() {
				m.stack = m.stack[:base]
				return k
			}
			m.stack = append(m.stack, k)
		}
		v := m.assemble(m.stack[base:])
		m.stack = m.stack[:base]
		return v
	}
}

// assemble makes an object of keys and values by turns.
func (m *Machine) assemble(pairs []value) value {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].kind != isText {
			return failed
		}
	}
	v := m.empty()
	for i := 0; i < len(pairs); i += 2 {
		v = m.with(v, pairs[i].str(), pairs[i+1])
	}
	return v
}

// objects builds an object for each combination of its members' outputs: the first one's vary the least.
func (c *compiler) objects(n *core.Object, next each) each {
	var parts []core.Node
	for i := len(n.Members) - 1; i >= 0; i-- {
		parts = append(parts, n.Members[i].Value, n.Members[i].Key)
	}
	return c.product(func(m *Machine, vs []value) value {
		base := len(m.stack)
		for i := len(vs) - 1; i >= 0; i-- {
			m.stack = append(m.stack, vs[i])
		}
		v := m.assemble(m.stack[base:])
		m.stack = m.stack[:base]
		return v
	}, next, parts...)
}

// array collects all outputs of an expression.
func (c *compiler) array(of core.Node) eval {
	if of == nil {
		return func(*Machine, value) value { return arrayOf(nil) }
	}
	if c.card(of) != many {
		f := c.eval(of)
		return func(m *Machine, in value) value {
			v := f(m, in)
			switch {
			case v.kind == isNone:
				return arrayOf(nil)
			case v.gone():
				return v
			}
			elems := m.values(1)
			elems[0] = v
			return arrayOf(elems)
		}
	}
	f := c.each(of, push)
	return func(m *Machine, in value) value {
		base := len(m.stack)
		if s := f(m, in); s != goOn {
			m.stack = m.stack[:base]
			return stopped(s)
		}
		return arrayOf(m.collected(base))
	}
}

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

// then is a function of what an expression gives.
func then(f, g eval) eval {
	return func(m *Machine, in value) value {
		v := f(m, in)
		if v.gone() {
			return v
		}
		return g(m, v)
	}
}
