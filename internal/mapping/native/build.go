package native

// builder makes an object of many keys, each of which may come again: the last value counts.
type builder struct {
	m       *memory
	layout  *layout // of the keys so far; nil once they are no path in the tree
	columns []value
	keys    []string       // where there is no layout
	places  map[string]int // of the keys, where there are many
}

// build begins with the members of an object.
func (m *memory) build(base value) *builder {
	var b *builder
	if n := len(m.resting); n > 0 {
		b, m.resting = m.resting[n-1], m.resting[:n-1]
	} else {
		b = &builder{m: m}
	}
	l := base.layout()
	switch {
	case len(l.keys) == 0:
		l = m.tree.root
	case l.lasting: // it is worth a path
		if path := m.tree.layoutOf(l.keys); path != nil {
			l = path
		}
	}
	b.layout = l
	b.columns = append(b.columns[:0], base.columns()...)
	if l.tree == nil {
		b.leave(l)
	}
	return b
}

// set sets a member.
func (b *builder) set(key string, v value) {
	if b.layout != nil {
		if s := b.m.tree.step(b.layout, key); s != nil {
			if s.column < len(b.columns) {
				b.columns[s.column] = v
			} else {
				b.columns = append(b.columns, v)
			}
			b.layout = s.to
			return
		}
		b.leave(b.layout)
	}
	if i := b.place(key); i >= 0 {
		b.columns[i] = v
		return
	}
	if len(b.places) > 0 {
		b.places[key] = len(b.keys)
	}
	b.keys, b.columns = append(b.keys, key), append(b.columns, v)
}

// leave goes on outside the tree.
func (b *builder) leave(l *layout) {
	b.layout, b.keys = nil, append(b.keys[:0], l.keys...)
}

func (b *builder) place(key string) int {
	if len(b.keys) <= fewKeys {
		for i, k := range b.keys {
			if k == key {
				return i
			}
		}
		return -1
	}
	if len(b.places) == 0 {
		if b.places == nil {
			b.places = make(map[string]int)
		}
		for i, k := range b.keys {
			b.places[k] = i
		}
	}
	if i, ok := b.places[key]; ok {
		return i
	}
	return -1
}

// done is the object. The builder must not be used again.
func (b *builder) done() value {
	l := b.layout
	if l == nil {
		l = b.m.own(append(b.m.names(len(b.keys)), b.keys...))
	}
	v, columns := b.m.object(l)
	copy(columns, b.columns)
	b.m.resting = append(b.m.resting, b)
	clear(b.places)
	if len(b.columns) > maxKeys {
		b.columns, b.keys, b.places = nil, nil, nil
	}
	return v
}

// with is an object with a member set.
func (m *memory) with(o value, key string, v value) value {
	l := o.layout()
	if len(l.keys) == 0 {
		l = m.tree.root
	}
	s := m.tree.step(l, key)
	if s == nil {
		b := m.build(o)
		b.set(key, v)
		return b.done()
	}
	to, columns := m.object(s.to)
	copy(columns, o.columns())
	columns[s.column] = v
	return to
}

// get is a member of an object.
func (m *memory) get(o value, key string) (value, bool) {
	i := o.layout().column(key)
	if i < 0 {
		return null, false
	}
	return o.columns()[i], true
}

// merger is how objects of one layout are laid over objects of another.
type merger struct {
	over, to *layout
	columns  []int // of the result, for each of those that lie above
}

// maxMemos bounds what a layout remembers of others, and of places of the model.
const maxMemos = 16

// lives says that a layout may be met again.
func (l *layout) lives() bool { return l.tree != nil || l.lasting }

// remembers says that a layout has room for one more of what it was merged with. What was of another tree is forgotten.
func (l *layout) remembers(t *tree) bool {
	if len(l.merges) > 0 && l.merges[0].to.tree != t {
		l.merges = nil
	}
	return len(l.merges) < maxMemos
}

// merge is object + object: the members of both, those of b where both have one.
func (m *memory) merge(a, b value) value {
	la, lb := a.layout(), b.layout()
	switch {
	case len(lb.keys) == 0:
		return a
	case len(la.keys) == 0:
		return b
	}
	for _, g := range la.merges {
		if g.over == lb {
			to, columns := m.object(g.to)
			copy(columns, a.columns())
			for i, v := range b.columns() {
				columns[g.columns[i]] = v
			}
			return to
		}
	}
	build := m.build(a)
	for i, v := range b.columns() {
		build.set(lb.keys[i], v)
	}
	v := build.done()
	if l := v.layout(); la.lives() && lb.lives() && l.tree != nil && la.remembers(m.tree) {
		g := &merger{over: lb, to: l}
		for _, k := range lb.keys {
			g.columns = append(g.columns, l.column(k))
		}
		la.merges = append(la.merges, g)
	}
	return v
}
