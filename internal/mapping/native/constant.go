package native

import (
	"maps"
	"slices"
	"unsafe"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// constant is a value that the text holds. It lives as long as the program.
func (c *compiler) constant(n *core.Const) eval {
	v, ok := constant(n.Value)
	if !ok {
		c.fail(n, "a constant of the type %T", n.Value)
	}
	return func(*Machine, value) value { return v }
}

func constant(x any) (value, bool) {
	switch x := x.(type) {
	case []any:
		elems, ok := make([]value, len(x)), true
		for i, e := range x {
			if elems[i], ok = constant(e); !ok {
				return null, false
			}
		}
		return arrayOf(elems), true
	case map[string]any:
		l := &layout{keys: slices.Sorted(maps.Keys(x)), lasting: true}
		all := make([]value, len(x)+1)
		all[0] = value{p: unsafe.Pointer(l)}
		for i, k := range l.keys {
			l.values = append(l.values, keyText(k))
			v, ok := constant(x[k])
			if !ok {
				return null, false
			}
			all[i+1] = v
		}
		return value{p: unsafe.Pointer(&all[0]), x: uint64(len(x)), kind: isObject}, true
	}
	return scalar(x)
}
