package native

import (
	"math"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// Arithmetic is gojq's: on integers where both are and the result is, else on doubles. What needs a big integer is
// gojq's own.

// arith is an operator on two values. A comparison never fails.
func arith(m *memory, op core.Op, l, r value) value {
	switch op {
	case core.Add:
		return plus(m, l, r)
	case core.Sub:
		return minus(m, l, r)
	case core.Mul:
		return times(m, l, r)
	case core.Div:
		return over(m, l, r)
	case core.Mod:
		return modulo(l, r)
	case core.Eq:
		return boolean(compare(l, r) == 0)
	case core.Ne:
		return boolean(compare(l, r) != 0)
	case core.Lt:
		return boolean(compare(l, r) < 0)
	case core.Le:
		return boolean(compare(l, r) <= 0)
	case core.Gt:
		return boolean(compare(l, r) > 0)
	case core.Ge:
		return boolean(compare(l, r) >= 0)
	}
	return unknown
}

// calculated is a value as an operator leaves it, which is not the literal that it was.
func calculated(v value) value {
	if v.kind == isNumber {
		return v.number()
	}
	return v
}

func plus(m *memory, l, r value) value {
	switch {
	case l.kind == isNull:
		return calculated(r)
	case r.kind == isNull:
		return calculated(l)
	case l.kind != r.kind:
		return failed
	}
	switch l.kind {
	case isNumber:
		return numbers(l, r, func(a, b int) value {
			if v := a + b; (v >= a) == (b >= 0) {
				return integer(v)
			}
			return unknown
		}, func(a, b float64) value { return float(a + b) })
	case isText:
		switch {
		case r.x == 0:
			return l
		case l.x == 0:
			return r
		}
		return m.end(append(append(m.begin(), l.str()...), r.str()...))
	case isArray:
		switch {
		case l.x == 0:
			return r
		case r.x == 0:
			return l
		}
		out := m.values(int(l.x + r.x))
		copy(out[copy(out, l.elems()):], r.elems())
		return arrayOf(out)
	case isObject:
		return m.merge(l, r)
	}
	return failed
}

// numbers applies one of two functions to two numbers.
func numbers(l, r value, ints func(a, b int) value, floats func(a, b float64) value) value {
	a, b := l.number(), r.number()
	switch {
	case a.form == asInt && b.form == asInt:
		return ints(a.int(), b.int())
	case a.form == asFloat || b.form == asFloat:
		return floats(a.double(), b.double())
	}
	return unknown
}

// minus subtracts numbers, and from an array the elements that another one has.
func minus(m *memory, l, r value) value {
	switch {
	case l.kind == isNumber && r.kind == isNumber:
		return numbers(l, r, func(a, b int) value {
			if v := a - b; (v <= a) == (b >= 0) {
				return integer(v)
			}
			return unknown
		}, func(a, b float64) value { return float(a - b) })
	case l.kind == isArray && r.kind == isArray:
		return without(m, l.elems(), r.elems())
	}
	return failed
}

// maxPairs bounds the comparisons of elements with elements, between which nothing looks at the clock.
const maxPairs = 1_000_000

func without(m *memory, l, r []value) value {
	if len(l)*len(r) > maxPairs {
		return unknown
	}
	out, n := m.values(len(l)), 0
next:
	for _, v := range l {
		for _, w := range r {
			if compare(v, w) == 0 {
				continue next
			}
		}
		out[n] = v
		n++
	}
	return arrayOf(out[:n])
}

// whole is a double without its fraction, as near as an integer comes to it.
func whole(f float64) int {
	switch {
	case math.MinInt <= f && f < math.MaxInt:
		return int(f)
	case f > 0:
		return math.MaxInt
	}
	return math.MinInt
}

// toInt is a number as gojq takes it for an index: without its fraction, as near as an integer comes to it.
func toInt(v value) int {
	switch v = v.number(); v.form {
	case asInt:
		return v.int()
	case asFloat:
		return whole(v.float())
	}
	switch n := v.big(); {
	case n.IsInt64():
		return int(n.Int64())
	case n.Sign() > 0:
		return math.MaxInt
	}
	return math.MinInt
}

// negate keeps the digits of a literal.
func negate(m *memory, v value) value {
	if v.kind != isNumber {
		return failed
	}
	switch v.form {
	case asText:
		if digits, negative := strings.CutPrefix(v.str(), "-"); negative {
			return literal(digits)
		}
		return digits(m.end(append(append(m.begin(), '-'), v.str()...)))
	case asInt:
		return multiply(v.int(), -1)
	case asFloat:
		return float(-v.float())
	}
	return unknown
}

// digits makes the literal of a text that is a number.
func digits(v value) value {
	v.kind, v.form = isNumber, asText
	return v
}
