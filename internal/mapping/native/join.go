package native

// Items put together to one value.

// add joins items of one kind, and skips nulls.
func add(m *memory, v value) value {
	vs, ok := items(m, v)
	if !ok {
		return failed
	}
	sum, n, size := null, 0, 0 // n are the items that are no nulls
	for _, e := range vs {
		if e.kind == isNull {
			continue
		}
		if n++; n == 1 {
			sum, size = calculated(e), int(e.x)
			continue
		}
		switch {
		case e.kind != sum.kind || e.kind < isNumber:
			return failed
		case e.kind == isNumber:
			if sum = plus(m, sum, e); sum.bad() {
				return sum
			}
		default:
			size += int(e.x)
		}
	}
	switch {
	case n < 2:
		return sum
	case sum.kind == isText:
		return addTexts(m, vs)
	case sum.kind == isArray:
		out, at := m.values(size), 0
		for _, e := range vs {
			if e.kind == isArray {
				at += copy(out[at:], e.elems())
			}
		}
		return arrayOf(out)
	case sum.kind == isObject:
		return addObjects(m, vs, n)
	}
	return sum
}

func addTexts(m *memory, vs []value) value {
	b := m.begin()
	for _, e := range vs {
		if e.kind == isText {
			b = append(b, e.str()...)
		}
	}
	return m.end(b)
}

func addObjects(m *memory, vs []value, n int) value {
	var b *builder
	var first value
	for _, e := range vs {
		switch {
		case e.kind == isNull:
		case first.kind == isNull:
			first = e
		case n == 2:
			return m.merge(first, e)
		default:
			if b == nil {
				b = m.build(first)
			}
			for i, k := range e.layout().keys {
				b.set(k, e.columns()[i])
			}
		}
	}
	return b.done()
}

// join writes the items with a text between each two. Nulls are empty, and numbers and booleans their JSON.
func join(m *memory, v, by value) value {
	vs, ok := items(m, v)
	switch {
	case !ok:
		return failed
	case len(vs) == 0:
		return plainText("")
	case len(vs) > 1 && by.kind != isText && by.kind != isNull:
		return failed
	case len(vs) == 1:
		by = null
	}
	b := m.begin()
	for i, e := range vs {
		if i > 0 && by.kind == isText {
			b = append(b, by.str()...)
		}
		switch e.kind {
		case isNull:
		case isText:
			b = append(b, e.str()...)
		case isFalse, isTrue, isNumber:
			b, ok = appendJQ(b, e, 0)
		default:
			m.end(b[:0])
			return failed
		}
		if !ok || len(b) > maxMemory {
			m.end(b[:0])
			return unknown
		}
	}
	return m.end(b)
}
