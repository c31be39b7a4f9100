package native
import "github.com/meterbridge/meterbridge/internal/jq/core"
type function struct { name string; arity int
  f0 func(m *memory, in value) value; f1 func(m *memory, in, a value) value; f2 func(m *memory, in, a, b value) value }
func builtin(name string, arity int) (function, bool) {return function{}, false}
func arith(m *memory, op core.Op, l, r value) value {return unknown}
func negate(m *memory, v value) value {return unknown}
func tostring(m *memory, v value) value {return unknown}
func format(m *memory, name string, v value) value {return unknown}
func formatKnown(n string) bool {return false}
func slice(m *memory, v, from, to value) value {return unknown}
func index(m *memory, v, key value) value {return unknown}
func sortBy(m *memory, elems, keys []value) value {return unknown}
func groupBy(m *memory, elems, keys []value) value {return unknown}
func uniqueBy(m *memory, elems, keys []value) value {return unknown}
func minBy(m *memory, elems, keys []value) value {return unknown}
func maxBy(m *memory, elems, keys []value) value {return unknown}
