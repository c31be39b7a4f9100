package native

import (
	"unsafe"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// Reading of members and elements.

// field remembers the layout that it met the last time, and the column of its name in it.
func (c *compiler) field(n *core.Field) eval {
	if n.Of == nil {
		return member(n.Name)
	}
	of, get := c.eval(n.Of), member(n.Name)
	return func(m *Machine, in value) value { return get(m, of(m, in)) }
}

func member(name string) eval {
	var met *layout
	at := -1
	return func(_ *Machine, v value) value {
		switch {
		case v.kind == isObject:
			if l := v.layout(); l != met {
				met, at = l, l.column(name)
			}
			if at < 0 {
				return null
			}
			return *(*value)(unsafe.Add(v.p, uintptr(at+1)*unsafe.Sizeof(v)))
		case v.kind == isNull || v.gone():
			return v
		}
		return failed
	}
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
