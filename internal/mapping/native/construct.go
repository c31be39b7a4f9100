package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// Objects and arrays that an expression builds.

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
		members = append(members, computed{at[i], c.eval(e.Value), ownMember(e.Value)})
	}
	if len(keys) < len(n.Members) { // a key repeats, and its last value counts
		fixed, members = nil, nil
		for i, e := range n.Members {
			members = append(members, computed{column: at[i], value: c.eval(e.Value)})
		}
	}
	var met *layout
	return func(m *Machine, in value) value {
		if met == nil || met.tree != m.tree { // the machine has begun its layouts anew
			met = m.layoutOf(keys)
		}
		v, columns := m.object(met)
		for i := range fixed {
			columns[fixed[i].column] = fixed[i].value
		}
		for i := range members {
			e := &members[i]
			var x value
			if e.read != nil {
				x = e.read.of(in)
			} else {
				x = e.value(m, in)
			}
			if x.gone() {
				return x
			}
			columns[e.column] = x
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
	read   *reader // of a member that is one of the input's
}

// ownMember reads an expression that is a member of the input, nil where it is another one.
func ownMember(n core.Node) *reader {
	f, ok := n.(*core.Field)
	if !ok {
		return nil
	}
	if _, whole := f.Of.(*core.Identity); f.Of != nil && !whole {
		return nil
	}
	return &reader{name: f.Name}
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
	if l, ok := c.loop(of); ok {
		return c.mapped(l)
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
