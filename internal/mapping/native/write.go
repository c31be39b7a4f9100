package native

import (
	"strconv"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// appendJSON appends a value as jq.Encoder does, keys by name. It reports false where that has an error, and for what
// comes near its bounds.
func appendJSON(b []byte, v value, depth int) ([]byte, bool) {
	w := writer{limit: len(b) + jq.MaxEncoded}
	return w.value(b, v, depth)
}

type writer struct{ limit int }

func (w *writer) value(b []byte, v value, depth int) ([]byte, bool) {
	ok := true
	switch v.kind {
	case isNull:
		b = append(b, "null"...)
	case isFalse:
		b = append(b, "false"...)
	case isTrue:
		b = append(b, "true"...)
	case isNumber:
		b, ok = appendNumber(b, v)
	case isText:
		b = appendText(b, v)
	case isArray:
		b, ok = w.array(b, v, depth)
	case isObject:
		b, ok = w.object(b, v, depth)
	default:
		return b, false
	}
	return b, ok && len(b) <= w.limit
}

func (w *writer) array(b []byte, v value, depth int) ([]byte, bool) {
	if depth >= record.MaxDepth {
		return b, false
	}
	b = append(b, '[')
	for i, e := range v.elems() {
		if i > 0 {
			b = append(b, ',')
		}
		var ok bool
		if b, ok = w.value(b, e, depth+1); !ok {
			return b, false
		}
	}
	return append(b, ']'), true
}

func (w *writer) object(b []byte, v value, depth int) ([]byte, bool) {
	if depth >= record.MaxDepth {
		return b, false
	}
	l := v.layout()
	if l.tree == nil || v.x == 0 { // nothing is kept of a layout that dies
		return w.loose(b, v, depth)
	}
	keys := l.spelled()
	for i := range keys {
		k := &keys[i]
		x := *v.column(k.column)
		if (x.plain() || x.digits()) && k.before.fits(b, x) {
			b = k.before.join(b, x)
			continue
		}
		var ok bool
		if b, ok = w.value(k.before.bare(b), x, depth+1); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

// loose appends an object whose layout remembers nothing.
func (w *writer) loose(b []byte, v value, depth int) ([]byte, bool) {
	l := v.layout()
	b = append(b, '{')
	for n, i := range sorted(l) {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, l.values[i]), ':')
		var ok bool
		if b, ok = w.value(b, *v.column(i), depth+1); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

// spelling is a key as it stands before its value in JSON.
type spelling struct {
	before head
	column int
}

// spelled are the keys of a layout in the order of their names.
func (l *layout) spelled() []spelling {
	if l.spellings == nil {
		mark := byte('{')
		for _, i := range sorted(l) {
			l.spellings = append(l.spellings, spelling{headOf(string(appendText([]byte{mark}, l.values[i])) + `:"`), i})
			mark = ','
		}
	}
	return l.spellings
}

// appendText appends a text in quotes, as jq.AppendString does.
func appendText(b []byte, v value) []byte {
	if !v.plain() {
		return jq.AppendString(b, v.str())
	}
	return append(append(append(b, '"'), v.str()...), '"')
}

// appendNumber appends a number as jq.AppendNumber does. It reports false where it is not finite.
func appendNumber(b []byte, v value) ([]byte, bool) {
	switch v.form {
	case asInt:
		return strconv.AppendInt(b, int64(v.x), 10), true
	case asFloat:
		out, err := jq.AppendFloat(b, v.float())
		if err != nil {
			return b, false
		}
		return out, true
	case asBig:
		return v.big().Append(b, 10), true
	}
	return append(b, v.str()...), true
}
