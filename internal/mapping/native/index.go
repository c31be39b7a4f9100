package native

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Places in values: .[key], .[from:to], and where something is found.

// index is .[key].
func index(m *memory, v, key value) value {
	switch key.kind {
	case isText:
		switch v.kind {
		case isObject:
			member, _ := m.get(v, key.str())
			return member
		case isNull:
			return null
		}
	case isNumber:
		switch v.kind {
		case isArray:
			if i := clamp(toInt(key), -1, v.int()); 0 <= i && i < v.int() {
				return v.elems()[i]
			}
			return null
		case isText:
			return character(v, toInt(key))
		case isNull:
			return null
		}
	case isArray:
		switch v.kind {
		case isArray:
			return indices(m, v, key)
		case isNull:
			return null
		}
	case isObject:
		if v.kind == isNull {
			return null
		}
		from, ok1 := m.get(key, "start")
		to, ok2 := m.get(key, "end")
		if ok1 && ok2 {
			return slice(m, v, from, to)
		}
	}
	return failed
}

// clamp counts a negative index from the end, and holds it to the bounds.
func clamp(i, low, high int) int {
	if i < 0 {
		i += high
	}
	return min(max(i, low), high)
}

func character(v value, i int) value {
	n := v.runes()
	if i = clamp(i, -1, n); i < 0 || i >= n {
		return null
	}
	if !v.valid() {
		return unknown
	}
	return v.part(v.offset(i), v.offset(i+1))
}

// offset is the byte at which the ith character of a text begins.
func (v value) offset(i int) int {
	if v.plain() {
		return i
	}
	s := v.str()
	for at := range s {
		if i--; i < 0 {
			return at
		}
	}
	return len(s)
}

// slice is .[from:to]; null is an end that is not given.
func slice(_ *memory, v, from, to value) value {
	var n int
	switch v.kind {
	case isNull:
		return null
	case isArray:
		n = v.int()
	case isText:
		n = v.runes()
	default:
		return failed
	}
	i, ok := bound(from, 0, 0, n, math.Floor)
	if !ok {
		return failed
	}
	j, ok := bound(to, n, i, n, ceil)
	if !ok {
		return failed
	}
	if v.kind == isArray {
		return arrayOf(v.elems()[i:j:j])
	}
	return v.part(v.offset(i), v.offset(j))
}

// bound is one end of a slice.
func bound(v value, absent, low, high int, round func(float64) float64) (int, bool) {
	switch v.kind {
	case isNull:
		return absent, true
	case isNumber:
		if v = v.number(); v.form == asFloat {
			v = float(round(v.float()))
		}
		return clamp(toInt(v), low, high), true
	}
	return 0, false
}

// ceil takes what is less than one before the end, and NaN, for the end.
func ceil(f float64) float64 {
	if -1 < f && f < 0 || math.IsNaN(f) {
		return math.Inf(1)
	}
	return math.Ceil(f)
}

func getpath(m *memory, v, path value) value {
	if path.kind != isArray {
		return failed
	}
	for _, key := range path.elems() {
		if v = index(m, v, key); v.bad() {
			return v
		}
	}
	return v
}

// indices are the places at which b stands in a: in a text those of its characters.
func indices(m *memory, a, b value) value {
	if a.kind == isNull {
		return null
	}
	b, last, no := sought(m, a, b)
	if no.bad() {
		return no
	}
	n := 0
	for at := 0; at <= last; at++ {
		if stands(a, b, at) {
			n++
		}
	}
	out, runes, counted := m.values(n)[:0], 0, 0
	for at := 0; at <= last && len(out) < n; at++ {
		if stands(a, b, at) {
			if a.kind == isText {
				runes += utf8.RuneCountInString(a.str()[counted:at])
				counted = at
			} else {
				runes = at
			}
			out = append(out, integer(runes))
		}
	}
	return arrayOf(out)
}

// nearest is the first or the last of the places.
func nearest(back bool) func(*memory, value, value) value {
	return func(m *memory, a, b value) value {
		if a.kind == isNull {
			return null
		}
		b, last, no := sought(m, a, b)
		if no.bad() {
			return no
		}
		for k := 0; k <= last; k++ {
			at := k
			if back {
				at = last - k
			}
			if stands(a, b, at) {
				if a.kind == isText {
					at = utf8.RuneCountInString(a.str()[:at])
				}
				return integer(at)
			}
		}
		return null
	}
}

// sought is what to look for as an array in an array, or as a text in a text, and the last place that it can stand at.
func sought(m *memory, a, b value) (_ value, last int, no value) {
	switch {
	case a.kind == isArray && b.kind != isArray:
		one := m.values(1)
		one[0] = b
		b = arrayOf(one)
	case a.kind == isArray:
	case a.kind != isText || b.kind != isText:
		return b, -1, failed
	case !a.valid() || !b.valid():
		return b, -1, unknown
	}
	if last = int(a.x) - int(b.x); b.x == 0 {
		last = -1
	}
	if (last+1)*int(b.x) > maxPairs {
		return b, -1, unknown
	}
	return b, last, null
}

// stands says that b stands in a at a place.
func stands(a, b value, at int) bool {
	if a.kind == isText {
		return strings.HasPrefix(a.str()[at:], b.str())
	}
	for i, v := range b.elems() {
		if compare(a.elems()[at+i], v) != 0 {
			return false
		}
	}
	return true
}
