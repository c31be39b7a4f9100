package native

import (
	"math"
	"slices"
)

// Functions of arrays, and of the values of objects in the order of their names.

// items are the elements of an array, or the values of an object; false of anything else.
func items(m *memory, v value) ([]value, bool) {
	switch v.kind {
	case isArray:
		return v.elems(), true
	case isObject:
		columns := v.columns()
		out := m.values(len(columns))
		for n, i := range sorted(v.layout()) {
			out[n] = columns[i]
		}
		return out, true
	}
	return nil, false
}

func length(m *memory, v value) value {
	switch v.kind {
	case isNull:
		return integer(0)
	case isNumber:
		switch {
		case v.form == asFloat:
			return float(math.Abs(v.float()))
		case v.form == asBig:
			return unknown
		case v.form == asText && v.str()[0] != '-' || v.form == asInt && v.int() >= 0:
			return v
		}
		return negate(m, v)
	case isText:
		return integer(v.runes())
	case isArray, isObject:
		return integer(v.int())
	}
	return failed
}

func keys(m *memory, v value) value {
	switch v.kind {
	case isArray:
		out := m.values(v.int())
		for i := range out {
			out[i] = integer(i)
		}
		return arrayOf(out)
	case isObject:
		l, out := v.layout(), m.values(v.int())
		for n, i := range sorted(l) {
			out[n] = l.values[i]
		}
		return arrayOf(out)
	}
	return failed
}

func has(m *memory, v, key value) value {
	switch {
	case v.kind == isNull:
		return no
	case v.kind == isObject && key.kind == isText:
		_, ok := m.get(v, key.str())
		return boolean(ok)
	case v.kind == isArray && key.kind == isNumber:
		i := toInt(key)
		return boolean(0 <= i && i < v.int())
	}
	return failed
}

// anyTrue and allTrue look at the items, as any and all do.
func anyTrue(m *memory, v value) value {
	vs, ok := items(m, v)
	if !ok {
		return failed
	}
	return boolean(slices.ContainsFunc(vs, value.truthy))
}

func allTrue(m *memory, v value) value {
	vs, ok := items(m, v)
	if !ok {
		return failed
	}
	return boolean(!slices.ContainsFunc(vs, func(v value) bool { return !v.truthy() }))
}

func flatten(m *memory, v value) value { return flattened(m, v, -1) }

func flattenTo(m *memory, v, depth value) value {
	if depth.kind != isNumber {
		return failed
	}
	to := depth.double()
	if to < 0 || math.IsNaN(to) {
		return failed
	}
	return flattened(m, v, to)
}

func flattened(m *memory, v value, depth float64) value {
	vs, ok := items(m, v)
	if !ok {
		return failed
	}
	n, ok := leaves(vs, depth, 0)
	if !ok {
		return unknown
	}
	out := m.values(n)
	fill(out, vs, depth)
	return arrayOf(out)
}

// leaves is how many elements arrays within arrays have.
func leaves(vs []value, depth float64, nested int) (n int, ok bool) {
	if nested > maxNesting {
		return 0, false
	}
	for _, v := range vs {
		if v.kind != isArray || depth == 0 {
			n++
			continue
		}
		k, ok := leaves(v.elems(), depth-1, nested+1)
		if n += k; !ok || n > maxMemory/sizeOfValue {
			return 0, false
		}
	}
	return n, true
}

func fill(out, vs []value, depth float64) []value {
	for _, v := range vs {
		if v.kind == isArray && depth != 0 {
			out = fill(out, v.elems(), depth-1)
			continue
		}
		out[0] = v
		out = out[1:]
	}
	return out
}

func reverse(m *memory, v value) value {
	if v.kind != isArray {
		return failed
	}
	out := m.values(v.int())
	copy(out, v.elems())
	slices.Reverse(out)
	return arrayOf(out)
}
