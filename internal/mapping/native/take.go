package native

import (
	"time"

	"github.com/meterbridge/meterbridge/internal/house"
	"github.com/meterbridge/meterbridge/internal/jq"
)

// take appends a value that is not null as a type of the model has it. It reports full false where it counts as null,
// and ok false where the type does not take it.
type take func(b []byte, v *value, inside *shape) (out []byte, full, ok bool)

// takers are the model's types.
var takers = map[string]take{
	"id": takeID, "string": takeString, "number": takeNumber, "boolean": takeBoolean, "date": takeDate,
	"currency": takeCurrency, "object": takeObject, "list": takeList, "map": takeMap,
}

func takeID(b []byte, v *value, _ *shape) ([]byte, bool, bool) {
	switch v.kind {
	case isText:
		if v.x == 0 {
			return b, false, true
		}
		return appendText(b, *v), true, true
	case isNumber:
		b, ok := appendNumber(append(b, '"'), *v)
		return append(b, '"'), ok, ok
	}
	return b, false, false
}

func takeString(b []byte, v *value, _ *shape) ([]byte, bool, bool) {
	if v.kind != isText {
		return b, false, false
	}
	return appendText(b, *v), true, true
}

func takeNumber(b []byte, v *value, _ *shape) ([]byte, bool, bool) {
	if v.kind != isNumber {
		return b, false, false
	}
	b, ok := appendNumber(b, *v)
	return b, ok, ok
}

func takeBoolean(b []byte, v *value, _ *shape) ([]byte, bool, bool) {
	switch v.kind {
	case isTrue:
		return append(b, "true"...), true, true
	case isFalse:
		return append(b, "false"...), true, true
	}
	return b, false, false
}

func takeDate(b []byte, v *value, _ *shape) ([]byte, bool, bool) {
	if v.kind != isText {
		return b, false, false
	}
	s := v.str()
	if len(s) == len("2006-01-02T15:04:05Z") && s[19] == 'Z' { // the canonical form already, nearly always
		if _, ok := house.ParseDate(s); ok {
			return appendText(b, *v), true, true
		}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return b, false, false
	}
	return append(t.AppendFormat(append(b, '"'), house.RFC3339), '"'), true, true
}

// maxCurrency bounds the name of a provider's own unit, as in package mapping.
const maxCurrency = 32

func takeCurrency(b []byte, v *value, _ *shape) ([]byte, bool, bool) {
	if v.kind != isText || v.x < 2 || v.x > maxCurrency {
		return b, false, false
	}
	for i, c := range []byte(v.str()) {
		if (c < 'A' || c > 'Z') && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return b, false, false
		}
	}
	return appendText(b, *v), true, true
}

func takeObject(b []byte, v *value, inside *shape) ([]byte, bool, bool) {
	if v.kind != isObject {
		return b, false, false
	}
	return inside.writing(v.layout()).append(b, *v)
}

// takeList appends an array of objects, without those that count as null. The first comma becomes the bracket.
func takeList(b []byte, v *value, inside *shape) ([]byte, bool, bool) {
	if v.kind != isArray {
		return b, false, false
	}
	start := len(b)
	for _, e := range v.elems() {
		switch e.kind {
		case isNull:
			continue
		case isObject:
		default:
			return b, false, false
		}
		mark := len(b)
		out, full, ok := inside.writing(e.layout()).append(append(b, ','), e)
		if !ok {
			return b, false, false
		}
		if b = out; !full {
			b = b[:mark]
		}
	}
	if len(b) == start {
		return b, false, true
	}
	b[start] = '['
	return append(b, ']'), true, true
}

// takeMap appends a flat object, keys by name, without its nulls. What is not flat becomes its JSON text.
func takeMap(b []byte, v *value, _ *shape) ([]byte, bool, bool) {
	if v.kind != isObject {
		return b, false, false
	}
	l, columns, start := v.layout(), v.columns(), len(b)
	for _, i := range sorted(l) {
		v := columns[i]
		if v.kind == isNull {
			continue
		}
		b = append(appendText(append(b, ','), l.values[i]), ':')
		ok := true
		switch v.kind {
		case isArray, isObject:
			b, ok = appendQuotedJSON(b, v)
		default:
			b, ok = appendJSON(b, v, 0)
		}
		if !ok {
			return b, false, false
		}
	}
	if len(b) == start {
		return b, false, true
	}
	b[start] = '{'
	return append(b, '}'), true, true
}

// appendQuotedJSON appends a value's JSON as a text.
func appendQuotedJSON(b []byte, v value) ([]byte, bool) {
	start := len(b)
	b, ok := appendJSON(b, v, 0)
	if !ok {
		return b, false
	}
	end := len(b)
	b = jq.AppendString(b, view(b[start:]))
	return b[:start+copy(b[start:], b[end:])], true
}
