package native

import (
	"time"

	"github.com/meterbridge/meterbridge/internal/house"
	"github.com/meterbridge/meterbridge/internal/jq"
)

// fieldKind is a type of the model.
type fieldKind uint8

const (
	ofNoKind fieldKind = iota // each value of a type that is not known is an error
	ofID
	ofString
	ofDate
	ofCurrency
	ofNumber
	ofBoolean
	ofObject
	ofList
	ofMap
)

var fieldKinds = map[string]fieldKind{
	"id": ofID, "string": ofString, "number": ofNumber, "boolean": ofBoolean, "date": ofDate, "currency": ofCurrency, "object": ofObject,
	"list": ofList, "map": ofMap,
}

// takes reports that a plain text stands in quotes as it is.
func (k fieldKind) takes(v *value) bool {
	switch k {
	case ofString:
		return true
	case ofID:
		return v.x > 0
	case ofDate:
		return v.form == asDate || house.Canonical(v.str())
	case ofCurrency:
		return IsCurrency(v.str())
	}
	return false
}

// append appends a value that is not null. It reports full false where it counts as null, and ok false where the type
// does not take it.
func (k fieldKind) append(b []byte, v *value, inside *shape) (out []byte, full, ok bool) {
	switch k {
	case ofID:
		return appendID(b, v)
	case ofString:
		if v.kind != isText {
			return b, false, false
		}
		return appendText(b, *v), true, true
	case ofNumber:
		if v.kind != isNumber {
			return b, false, false
		}
		b, ok = appendNumber(b, *v)
		return b, ok, ok
	case ofBoolean:
		if v.kind != isTrue && v.kind != isFalse {
			return b, false, false
		}
		b, ok = appendJSON(b, *v, 0)
		return b, ok, ok
	case ofDate:
		return appendDate(b, v)
	case ofCurrency:
		if v.kind != isText || !IsCurrency(v.str()) {
			return b, false, false
		}
		return appendText(b, *v), true, true
	case ofObject:
		if v.kind != isObject {
			return b, false, false
		}
		return inside.writing(v.layout()).append(b, *v)
	case ofList:
		return appendList(b, v, inside)
	case ofMap:
		return appendMap(b, v)
	}
	return b, false, false
}

func appendID(b []byte, v *value) ([]byte, bool, bool) {
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

func appendDate(b []byte, v *value) ([]byte, bool, bool) {
	if v.kind != isText {
		return b, false, false
	}
	t, err := time.Parse(time.RFC3339Nano, v.str())
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return b, false, false
	}
	return append(t.AppendFormat(append(b, '"'), house.RFC3339), '"'), true, true
}

// MaxCurrency bounds the name of a provider's own unit.
const MaxCurrency = 32

// IsCurrency reports that a text is a currency of the model's: in upper case, perhaps with digits and underscores behind.
func IsCurrency(s string) bool {
	if len(s) < 2 || len(s) > MaxCurrency {
		return false
	}
	for i, c := range []byte(s) {
		if (c < 'A' || c > 'Z') && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

// appendList appends an array of objects, without those that count as null. The first comma becomes the bracket.
func appendList(b []byte, v *value, inside *shape) ([]byte, bool, bool) {
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

// appendMap appends a flat object, keys by name, without its nulls. What is not flat becomes its JSON text.
func appendMap(b []byte, v *value) ([]byte, bool, bool) {
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
