package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// Paths of assignments, step by step from the outside in.

// patch is what a leaf makes of the values at a path, in its input; make says that what is not there is made.
func (c *compiler) patch(path core.Node, leaf eval, make bool) eval {
	switch p := path.(type) {
	case nil, *core.Identity:
		return leaf
	case *core.Field:
		return c.patch(p.Of, patchMember(p.Name, leaf, make), make)
	case *core.Index:
		return c.patchIndex(p, leaf, make)
	case *core.Iterate:
		return c.patch(p.Of, patchAll(leaf), make)
	case *core.Pipe:
		return c.patch(p.Left, c.patch(p.Right, leaf, make), make)
	case *core.Comma:
		if !apart(firstNames(path)) {
			break
		}
		left, right := c.patch(p.Left, leaf, make), c.patch(p.Right, leaf, make)
		return then(left, right)
	case *core.If:
		if c.card(p.Cond) == many {
			break
		}
		cond, yes, no := c.eval(p.Cond), c.patch(p.Then, leaf, make), c.patch(p.Else, leaf, make)
		return func(m *Machine, in value) value {
			v := cond(m, in)
			switch {
			case v.kind == isNone:
				return in
			case v.gone():
				return v
			case v.truthy():
				return yes(m, in)
			}
			return no(m, in)
		}
	case *core.Try:
		if step, ok := c.patchOptional(p, leaf, make); ok {
			return step
		}
	case *core.Invoke:
		return c.patch(p.Func.Body, leaf, make)
	case *core.Call:
		if p.Name == "empty" {
			return identity
		}
		if s := c.sugar(p); s != nil {
			return c.patch(s, leaf, make)
		}
	}
	c.fail(path, "an assignment to such a path")
	return identity
}

// patchOptional is a step that may not fit: what it does not fit stays as it is.
func (c *compiler) patchOptional(p *core.Try, leaf eval, make bool) (eval, bool) {
	fits, ok := (func(kind) bool)(nil), false
	switch s := p.Body.(type) {
	case *core.Field:
		ok = s.Of == nil
		fits = func(k kind) bool { return k == isObject || k == isNull }
	case *core.Iterate:
		ok = s.Of == nil
		fits = func(k kind) bool { return k == isObject || k == isArray }
	}
	if !ok || p.Catch != nil {
		return nil, false
	}
	step := c.patch(p.Body, leaf, make)
	return func(m *Machine, in value) value {
		if !fits(in.kind) {
			return in
		}
		return step(m, in)
	}, true
}

// firstNames are the members that the alternatives of a path begin with, "" for one that begins otherwise.
func firstNames(path core.Node) []string {
	switch p := path.(type) {
	case *core.Comma:
		return append(firstNames(p.Left), firstNames(p.Right)...)
	case *core.Pipe:
		return firstNames(p.Left)
	case *core.Field:
		if _, whole := p.Of.(*core.Identity); p.Of == nil || whole {
			return []string{p.Name}
		}
		return firstNames(p.Of)
	}
	return []string{""}
}

// apart says that alternatives never meet: what one does, the others don't see.
func apart(names []string) bool {
	met := map[string]bool{"": true}
	for _, n := range names {
		if met[n] {
			return false
		}
		met[n] = true
	}
	return true
}

func patchMember(name string, leaf eval, make bool) eval {
	get := &reader{name: name}
	return func(m *Machine, in value) value {
		v := get.of(in)
		if v.gone() {
			return v
		}
		missing := in.kind == isNull || in.layout().column(name) < 0
		if missing && !make {
			return in
		}
		touched := m.touched
		m.touched = false
		v = leaf(m, v)
		if missing && (v.kind == isNone || !m.touched && !v.bad()) { // where nothing is, nothing is deleted
			m.touched = touched
			return in
		}
		m.touched = touched || m.touched
		switch {
		case v.kind == isNone:
			return m.without(in, name)
		case v.gone():
			return v
		case in.kind == isNull:
			in = m.empty()
		}
		return m.with(in, name, v)
	}
}

// without is an object less one of its members.
func (m *Machine) without(o value, name string) value {
	l := o.layout()
	at := l.column(name)
	if at < 0 {
		return o
	}
	b := m.build(m.empty())
	for i, v := range o.columns() {
		if i != at {
			b.set(l.keys[i], v)
		}
	}
	return b.done()
}

// patchIndex takes a computed key: a name, or the place of an element that is there.
func (c *compiler) patchIndex(p *core.Index, leaf eval, make bool) eval {
	if c.card(p.Key) == many {
		c.fail(p, "an assignment to several elements at once")
		return identity
	}
	key, slot := c.eval(p.Key), c.temp()
	update := c.patch(p.Of, func(m *Machine, in value) value {
		switch k := m.vars[slot]; {
		case k.kind == isText && in.kind <= isObject && (in.kind == isObject || in.kind == isNull):
			return patchMember(k.str(), leaf, make)(m, in)
		case k.kind == isNumber && k.form == asInt && in.kind == isArray:
			return m.patchElement(in, k.int(), leaf)
		}
		return unknown
	}, make)
	return func(m *Machine, in value) value {
		k := key(m, in)
		switch {
		case k.kind == isNone: // a path to nothing
			return in
		case k.gone():
			return k
		}
		m.vars[slot] = k
		return update(m, in)
	}
}

func (m *Machine) patchElement(in value, i int, leaf eval) value {
	elems := in.elems()
	if i < 0 {
		i += len(elems)
	}
	if i < 0 || i >= len(elems) {
		return unknown
	}
	v := leaf(m, elems[i])
	if v.kind == isNone {
		return unknown
	}
	if v.gone() {
		return v
	}
	out := m.values(len(elems))
	copy(out, elems)
	out[i] = v
	return arrayOf(out)
}

// patchAll is for the elements of an array, or the members of an object in the order of their names.
func patchAll(leaf eval) eval {
	return func(m *Machine, in value) value {
		switch in.kind {
		case isArray:
			out := m.values(len(in.elems()))[:0]
			for _, v := range in.elems() {
				if !m.step() {
					return unknown
				}
				switch v = leaf(m, v); {
				case v.kind == isNone:
				case v.gone():
					return v
				default:
					out = append(out, v)
				}
			}
			return arrayOf(out)
		case isObject:
			return m.patchMembers(in, leaf)
		}
		return failed
	}
}

func (m *Machine) patchMembers(in value, leaf eval) value {
	l := in.layout()
	v, columns := m.object(l)
	deleted := false
	for _, i := range sorted(l) {
		if !m.step() {
			return unknown
		}
		x := leaf(m, in.columns()[i])
		if x.bad() {
			return x
		}
		deleted = deleted || x.kind == isNone
		columns[i] = x
	}
	if !deleted {
		return v
	}
	b := m.build(m.empty())
	for i, x := range columns {
		if x.kind != isNone {
			b.set(l.keys[i], x)
		}
	}
	return b.done()
}
