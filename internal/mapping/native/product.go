package native

import "math"

// Products and quotients, and what jq has for them of texts and objects.

// times multiplies numbers, repeats a text, and merges objects at all depths.
func times(m *memory, l, r value) value {
	switch {
	case l.kind == isNumber && r.kind == isNumber:
		return numbers(l, r, multiply, func(a, b float64) value { return float(a * b) })
	case l.kind == isObject && r.kind == isObject:
		return deepMerge(m, l, r, 0)
	case l.kind == isText && r.kind == isNumber:
		return repeat(m, l, r.double())
	case l.kind == isNumber && r.kind == isText:
		return repeat(m, r, l.double())
	}
	return failed
}

func multiply(a, b int) value {
	switch {
	case b == -1 && a == math.MinInt:
		return unknown
	case b == 0 || b == -1:
		return integer(a * b)
	}
	if v := a * b; v/b == a {
		return integer(v)
	}
	return unknown
}

// maxRepeated bounds the text that is made of a text and a number here.
const maxRepeated = 1 << 20

// repeat is null for a negative number of times.
func repeat(m *memory, v value, n float64) value {
	if n < 0 || math.IsNaN(n) {
		return null
	}
	times := int(min(n, math.MaxInt32))
	if uint64(v.x)*uint64(times) > maxRepeated {
		return unknown
	}
	if v.x == 0 || times == 1 {
		return v
	}
	b := m.begin()
	for range times {
		b = append(b, v.str()...)
	}
	return m.end(b)
}

func deepMerge(m *memory, l, r value, depth int) value {
	if depth > maxNesting {
		return unknown
	}
	b := m.build(l)
	columns := r.columns()
	for i, k := range r.layout().keys {
		v := columns[i]
		if v.kind == isObject {
			if w, ok := m.get(l, k); ok && w.kind == isObject {
				v = deepMerge(m, w, v, depth+1)
			}
		}
		if v.kind == isBail {
			b.done()
			return v
		}
		b.set(k, v)
	}
	return b.done()
}

// over divides numbers, and splits a text.
func over(m *memory, l, r value) value {
	switch {
	case l.kind == isNumber && r.kind == isNumber:
		return numbers(l, r, func(a, b int) value {
			switch {
			case b == 0:
				return failed
			case b == -1:
				return multiply(a, b)
			case a%b == 0:
				return integer(a / b)
			}
			return float(float64(a) / float64(b))
		}, func(a, b float64) value {
			if b == 0 {
				return failed
			}
			return float(a / b)
		})
	case l.kind == isText && r.kind == isText:
		return split(m, l, r)
	}
	return failed
}

func modulo(l, r value) value {
	if l.kind != isNumber || r.kind != isNumber {
		return failed
	}
	remainder := func(a, b int) value {
		switch b {
		case 0:
			return failed
		case -1:
			return integer(0)
		}
		return integer(a % b)
	}
	return numbers(l, r, remainder, func(a, b float64) value {
		if math.IsNaN(a) || math.IsNaN(b) {
			return float(math.NaN())
		}
		if whole(b) == 0 {
			return failed
		}
		return integer(whole(a) % whole(b))
	})
}
