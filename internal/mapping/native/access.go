package native

import (
	"unsafe"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// Reading of members and elements.

// field reads members one within the other, each of which remembers the layout that it met the last time.
func (c *compiler) field(n *core.Field) eval {
	of, names := n.Of, []string{n.Name}
	for {
		f, ok := of.(*core.Field)
		if !ok {
			break
		}
		of, names = f.Of, append(names, f.Name)
	}
	steps := make([]reader, len(names))
	for i, name := range names {
		steps[len(names)-1-i].name = name
	}
	from := c.eval(of)
	switch _, whole := of.(*core.Identity); {
	case (of == nil || whole) && len(steps) == 1:
		return func(_ *Machine, v value) value { return steps[0].of(v) }
	case of == nil || whole:
		return func(_ *Machine, v value) value { return follow(steps, v) }
	}
	return func(m *Machine, in value) value { return follow(steps, from(m, in)) }
}

func follow(steps []reader, v value) value {
	for i := range steps {
		v = steps[i].of(v)
	}
	return v
}

// reader reads a member by its name.
type reader struct {
	name  string
	met   *layout // that has it
	at    int     // bytes from the object's head to the member in it
	lacks *layout // that was met and does not
}

// of is the member; what is no value passes. It is small, to stand where it is called.
func (r *reader) of(v value) value {
	if v.kind == isObject && *(**layout)(v.p) == r.met {
		return *(*value)(unsafe.Add(v.p, r.at))
	}
	return r.find(v)
}

// find looks where the member is.
func (r *reader) find(v value) value {
	if v.kind != isObject {
		if v.kind == isNull || v.gone() {
			return v
		}
		return failed
	}
	l := v.layout()
	if l == r.lacks {
		return null
	}
	i := l.column(r.name)
	if i < 0 {
		r.lacks = l
		return null
	}
	r.met, r.at = l, (i+1)*sizeOfValue
	return *v.column(i)
}

// index evaluates the key first, on the input of the whole.
func (c *compiler) index(n *core.Index) eval {
	of, key, list := c.eval(n.Of), c.eval(n.Key), n.List
	return func(m *Machine, in value) value {
		k := key(m, in)
		if k.gone() {
			return k
		}
		v := of(m, in)
		if v.gone() {
			return v
		}
		if list && v.kind != isArray && v.kind != isNull {
			return failed
		}
		return index(&m.memory, v, k)
	}
}

func (c *compiler) indexEach(n *core.Index, next each) each {
	return c.product(func(m *Machine, vs []value) value {
		if n.List && vs[0].kind != isArray && vs[0].kind != isNull {
			return failed
		}
		return index(&m.memory, vs[0], vs[1])
	}, next, n.Of, n.Key)
}

func (c *compiler) slice(n *core.Slice) eval {
	of, from, to := c.eval(n.Of), c.bound(n.From), c.bound(n.To)
	return func(m *Machine, in value) value {
		lo := from(m, in)
		if lo.gone() {
			return lo
		}
		hi := to(m, in)
		if hi.gone() {
			return hi
		}
		v := of(m, in)
		if v.gone() {
			return v
		}
		return slice(&m.memory, v, lo, hi)
	}
}

func (c *compiler) sliceEach(n *core.Slice, next each) each {
	from, to := n.From, n.To
	if from == nil {
		from = &core.Const{Pos: n.Pos}
	}
	if to == nil {
		to = &core.Const{Pos: n.Pos}
	}
	return c.product(func(m *Machine, vs []value) value { return slice(&m.memory, vs[0], vs[2], vs[1]) }, next, n.Of, to, from)
}

// bound is an end of a slice, null where there is none.
func (c *compiler) bound(n core.Node) eval {
	if n == nil {
		return func(*Machine, value) value { return null }
	}
	return c.eval(n)
}

// iterate hands on the elements of an array, or the values of an object in the order of their names.
func iterate(next each) each {
	return func(m *Machine, in value) signal {
		switch in.kind {
		case isArray:
			for _, v := range in.elems() {
				if !m.step() {
					return sigBail
				}
				if s := next(m, v); s != goOn {
					return s
				}
			}
			return goOn
		case isObject:
			columns := in.columns()
			for _, i := range sorted(in.layout()) {
				if !m.step() {
					return sigBail
				}
				if s := next(m, columns[i]); s != goOn {
					return s
				}
			}
			return goOn
		}
		return sigFailed
	}
}
