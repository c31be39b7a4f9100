package native

import (
	"math"
	"math/big"
	"unsafe"
)

// kind is the type of a value, in jq's order of types.
type kind uint8

const (
	isNull kind = iota
	isFalse
	isTrue
	isNumber
	isText
	isArray
	isObject
	// isNone is no value: there is no output.
	isNone
	// isError is no value: jq has an error here, whose text nobody knows yet. `?` and `//` may swallow it; at the top it
	// makes the item bail.
	isError
	// isBail is no value: what jq has here is not known. Nothing swallows it, and gojq runs the item.
	isBail
	// isBreak is no value: a label is left, whose signal x is.
	isBreak
)

// form says how a number is held, or what is known of a text.
type form uint8

const (
	asText  form = iota // a literal of the data, with its digits
	asInt               // x is an int64
	asFloat             // x is the bits of a float64
	asBig               // p is a *big.Int
)

const (
	asRead  form = iota // a text that may have what JSON escapes
	asPlain             // one that stands between quotes as it is: ASCII without quotes, backslashes and control characters
	asDate              // a plain one that is a date in the form of the house, YYYY-MM-DDTHH:MM:SSZ
)

// value is one jq value in three words. It has four fields, for Go keeps no struct of more in registers. It owns nothing: it points into the item's bytes, the
// program's constants or the machine's memory, and dies with the item.
//
//	text    p → its first byte, decoded; x its length
//	number  see form; a literal has p and x as a text has
//	array   p → its first element; x their number
//	object  p → a head that has its layout, and behind it one value a column
type value struct {
	p    unsafe.Pointer
	x    uint64
	kind kind
	form form
}

var (
	null    = value{}
	none    = value{kind: isNone}
	yes     = value{kind: isTrue}
	no      = value{kind: isFalse}
	failed  = value{kind: isError}
	unknown = value{kind: isBail}
)

// bad reports that v is no value, and not the absence of one either.
func (v value) bad() bool { return v.kind >= isError }

// gone reports that v is no value.
func (v value) gone() bool { return v.kind > isObject }

// plain reports a text that may stand between quotes as it is.
func (v value) plain() bool { return v.kind == isText && v.form != asRead }

// digits reports a number that stands in JSON as it is.
func (v value) digits() bool { return v.kind == isNumber && v.form == asText }

func plainness(plain bool) form {
	if plain {
		return asPlain
	}
	return asRead
}

// truthy is jq's idea of true: all but false and null.
func (v value) truthy() bool { return v.kind > isFalse }

func boolean(b bool) value {
	if b {
		return yes
	}
	return no
}

func integer(n int) value { return value{x: uint64(n), kind: isNumber, form: asInt} }

func float(f float64) value { return value{x: math.Float64bits(f), kind: isNumber, form: asFloat} }

func bigInt(n *big.Int) value {
	return value{p: unsafe.Pointer(n), kind: isNumber, form: asBig}
}

// textOf is a text that is yet to be looked at for what JSON would escape.
func textOf(s string) value {
	return value{p: unsafe.Pointer(unsafe.StringData(s)), x: uint64(len(s)), kind: isText}
}

// plainText is a text of ASCII without quotes, backslashes and control characters.
func plainText(s string) value {
	v := textOf(s)
	v.form = asPlain
	return v
}

// literal is a number as its digits, which are JSON.
func literal(s string) value {
	return value{p: unsafe.Pointer(unsafe.StringData(s)), x: uint64(len(s)), kind: isNumber, form: asText}
}

// arrayOf is an array of elements that live as long as it.
func arrayOf(elems []value) value {
	return value{p: unsafe.Pointer(unsafe.SliceData(elems)), x: uint64(len(elems)), kind: isArray}
}

// str is the text of a text, or the digits of a literal.
func (v value) str() string { return unsafe.String((*byte)(v.p), int(v.x)) }

func (v value) int() int { return int(v.x) }

func (v value) float() float64 { return math.Float64frombits(v.x) }

func (v value) big() *big.Int { return (*big.Int)(v.p) }

// elems are the elements of an array.
func (v value) elems() []value { return unsafe.Slice((*value)(v.p), int(v.x)) }

// layout is an object's: the keys of its columns.
func (v value) layout() *layout { return (*layout)((*value)(v.p).p) }

// columns are an object's values, in the order of its layout.
func (v value) columns() []value { return unsafe.Slice((*value)(v.p), int(v.x)+1)[1:] }

// column is one of an object's values.
func (v value) column(i int) *value { return slot(v.p, i+1) }

// slot is the value that lies i values behind the first.
func slot(first unsafe.Pointer, i int) *value {
	return (*value)(unsafe.Add(first, i*sizeOfValue))
}

// keyText is a text, plain where it is.
func keyText(key string) value {
	v := textOf(key)
	v.form = plainness(isPlain(unsafe.Slice((*byte)(v.p), len(key))))
	return v
}
