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
func (k fieldKind) takes(v value) bool {
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

// append appends a value that is not null.
func (k fieldKind) append(b []byte, v value, inside *shape) ([]byte, outcome) {
	ok := false
	switch k {
	case ofID:
		return appendID(b, v)
	case ofString:
		if ok = v.kind == isText; ok {
			b = appendText(b, v)
		}
	case ofNumber:
		if v.kind == isNumber {
			b, ok = appendNumber(b, v)
		}
	case ofBoolean:
		if v.kind == isTrue || v.kind == isFalse {
			b, ok = appendJSON(b, v, 0)
		}
	case ofDate:
		b, ok = appendDate(b, v)
	case ofCurrency:
		if ok = v.kind == isText && IsCurrency(v.str()); ok {
			b = appendText(b, v)
		}
	case ofObject:
		if v.kind == isObject {
			return inside.writing(v.layout()).append(b, v)
		}
	case ofList:
		return appendList(b, v, inside)
	case ofMap:
		return appendMap(b, v)
	}
	return b, taken(ok)
}

// taken is the outcome of a value that the model takes, or does not.
func taken(ok bool) outcome {
	if ok {
		return isFull
	}
	return isRefused
}

func appendID(b []byte, v value) ([]byte, outcome) {
	switch {
	case v.kind == isText && v.x == 0:
		return b, isEmpty
	case v.kind == isText:
		return appendText(b, v), isFull
	case v.kind == isNumber:
		b, ok := appendNumber(append(b, '"'), v)
		return append(b, '"'), taken(ok)
	}
	return b, isRefused
}

func appendDate(b []byte, v value) ([]byte, bool) {
	if v.kind != isText {
		return b, false
	}
	t, err := time.Parse(time.RFC3339Nano, v.str())
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return b, false
	}
	return append(t.AppendFormat(append(b, '"'), house.RFC3339), '"'), true
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

// appendList appends an array of objects, without those that count as null.
func appendList(b []byte, v value, inside *shape) ([]byte, outcome) {
	if v.kind != isArray {
		return b, isRefused
	}
	start := len(b)
	for _, e := range v.elems() {
		var how outcome
		if b, how = appendElement(b, e, inside); how == isRefused {
			return b, isRefused
		}
	}
	return closeList(b, start)
}

// appendElement appends an object of a list with the comma before it, or nothing where it counts as null.
func appendElement(b []byte, e value, inside *shape) ([]byte, outcome) {
	switch e.kind {
	case isNull:
		return b, isEmpty
	case isObject:
	default:
		return b, isRefused
	}
	mark := len(b)
	out, how := inside.writing(e.layout()).append(append(b, ','), e)
	return element(out, mark, how)
}

// element is an object of a list behind its end, or the list without it, up to a mark.
func element(b []byte, mark int, how outcome) ([]byte, outcome) {
	if how == isEmpty {
		b = b[:mark]
	}
	return b, how
}

// closeList ends a list. The first comma becomes the bracket.
func closeList(b []byte, start int) ([]byte, outcome) {
	if len(b) == start {
		return b, isEmpty
	}
	b[start] = '['
	return append(b, ']'), isFull
}

// appendMap appends a flat object, keys by name, without its nulls. What is not flat becomes its JSON text.
func appendMap(b []byte, v value) ([]byte, outcome) {
	if v.kind != isObject {
		return b, isRefused
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
			return b, isRefused
		}
	}
	if len(b) == start {
		return b, isEmpty
	}
	b[start] = '{'
	return append(b, '}'), isFull
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
