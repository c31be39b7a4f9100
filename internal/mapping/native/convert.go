package native

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/record"
)

// toAny is a value as gojq has it. It shares no memory with the item.
func toAny(v value) any { return anyOf(v, 0) }

func anyOf(v value, depth int) any {
	if depth > maxNesting {
		panic(tooDeep{})
	}
	switch v.kind {
	case isFalse:
		return false
	case isTrue:
		return true
	case isNumber:
		return numberToAny(v)
	case isText:
		return strings.Clone(v.str())
	case isArray:
		out := make([]any, len(v.elems()))
		for i, e := range v.elems() {
			out[i] = anyOf(e, depth+1)
		}
		return out
	case isObject:
		out := make(map[string]any, v.x)
		for i, k := range v.layout().keys {
			out[strings.Clone(k)] = anyOf(v.columns()[i], depth+1)
		}
		return out
	}
	return nil
}

func numberToAny(v value) any {
	switch v.form {
	case asInt:
		return int(v.x)
	case asFloat:
		return v.float()
	case asBig:
		return v.big()
	}
	return json.Number(strings.Clone(v.str()))
}

// fromAny is a value of gojq's, whose texts it shares. It is false where gojq has no such type, or where it nests deeper
// than any document.
func (m *memory) fromAny(x any) (value, bool) { return m.from(x, 0) }

func (m *memory) from(x any, depth int) (value, bool) {
	switch x := x.(type) {
	case []any:
		return m.fromArray(x, depth)
	case map[string]any:
		return m.fromObject(x, depth)
	}
	return scalar(x)
}

// scalar is a value of gojq's that has no others in it, whose text it shares.
func scalar(x any) (value, bool) {
	switch x := x.(type) {
	case nil:
		return null, true
	case bool:
		return boolean(x), true
	case int:
		return integer(x), true
	case float64:
		return float(x), true
	case *big.Int:
		return bigInt(x), true
	case json.Number:
		return literal(string(x)), true
	case string:
		return keyText(x), true
	}
	return unknown, false
}

func (m *memory) fromArray(x []any, depth int) (value, bool) {
	if depth == maxConverted {
		return unknown, false
	}
	out := m.values(len(x))
	for i, e := range x {
		var ok bool
		if out[i], ok = m.from(e, depth+1); !ok {
			return unknown, false
		}
	}
	return arrayOf(out), true
}

func (m *memory) fromObject(x map[string]any, depth int) (value, bool) {
	if depth == maxConverted {
		return unknown, false
	}
	b := m.build(m.empty())
	for _, k := range slices.Sorted(maps.Keys(x)) { // in one order, so that they have one layout
		v, ok := m.from(x[k], depth+1)
		if !ok {
			return unknown, false
		}
		b.set(k, v)
	}
	return b.done(), true
}

// maxConverted bounds the nesting of what is converted: programs build what is deeper than their input.
const maxConverted = 4 * record.MaxDepth

// decode is the value of a whole document, which lives as long as somebody points to it, and not as an item does. The
// document must not change.
func (m *memory) decode(doc []byte) (value, bool) {
	own := &memory{tree: m.tree, limit: maxMemory, lent: -1}
	v, end, st := own.scan(doc, 0, true)
	if st != record.Done || record.SkipSpace(doc, end) != len(doc) {
		return unknown, false
	}
	return v, v.kind != isBail
}
