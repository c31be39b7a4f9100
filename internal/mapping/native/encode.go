package native

import (
	"math"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// What tojson and tostring write is gojq's JSON and not the house's: NaN is null, infinities are the largest doubles, and
// other characters are escaped.

func tojson(m *memory, v value) value {
	b, ok := appendJQ(m.begin(), v, 0)
	if !ok {
		m.end(b[:0])
		return unknown
	}
	return m.end(b)
}

// tostring leaves a text as it is. Interpolation does the same.
func tostring(m *memory, v value) value {
	switch {
	case v.kind == isText:
		return v
	case v.kind == isNumber && v.form == asText:
		v.kind, v.form = isText, asPlain
		return v
	}
	return tojson(m, v)
}

func appendJQ(b []byte, v value, depth int) ([]byte, bool) {
	ok := depth <= maxNesting && len(b) <= maxMemory
	if !ok {
		return b, false
	}
	switch v.kind {
	case isNull:
		return append(b, "null"...), true
	case isFalse:
		return append(b, "false"...), true
	case isTrue:
		return append(b, "true"...), true
	case isNumber:
		return appendJQNumber(b, v)
	case isText:
		return appendJQText(b, v), true
	case isArray:
		b = append(b, '[')
		for i, e := range v.elems() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, ok = appendJQ(b, e, depth+1); !ok {
				return b, false
			}
		}
		return append(b, ']'), true
	case isObject:
		l, columns := v.layout(), v.columns()
		b = append(b, '{')
		for n, i := range sorted(l) {
			if n > 0 {
				b = append(b, ',')
			}
			b = append(appendJQText(b, l.values[i]), ':')
			if b, ok = appendJQ(b, columns[i], depth+1); !ok {
				return b, false
			}
		}
		return append(b, '}'), true
	}
	return b, false
}

func appendJQNumber(b []byte, v value) ([]byte, bool) {
	if v.form == asFloat {
		f := v.float()
		if math.IsNaN(f) {
			return append(b, "null"...), true
		}
		v = float(min(max(f, -math.MaxFloat64), math.MaxFloat64))
	}
	return appendNumber(b, v)
}

func appendJQText(b []byte, v value) []byte {
	s := v.str()
	b = append(b, '"')
	if v.plain() {
		return append(append(b, s...), '"')
	}
	for start, i := 0, 0; ; {
		for i < len(s) && plainByte(s[i]) {
			i++
		}
		b = append(b, s[start:i]...)
		if i == len(s) {
			return append(b, '"')
		}
		if c := s[i]; c < utf8.RuneSelf {
			b = jq.AppendEscape(b, c)
			i++
		} else if r, size := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
			b = append(b, `\ufffd`...)
			i++
		} else {
			b = append(b, s[i:i+size]...)
			i += size
		}
		start = i
	}
}
