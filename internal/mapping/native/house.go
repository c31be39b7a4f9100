package native

import (
	"math"

	"github.com/meterbridge/meterbridge/internal/house"
	"github.com/meterbridge/meterbridge/internal/money"
)

// The functions of the house on decimals, and on texts.

// amount is a value as an exact number; null and the empty text are none. Anything else is an error.
func amount(m *memory, v value) (house.Amount, bool) {
	var a house.Amount
	var err error
	switch {
	case v.kind == isNull:
		return a, true
	case v.kind == isText:
		a, err = house.ParseAmount(v.str())
		return a, err == nil
	case v.kind != isNumber:
		return a, false
	case v.form == asInt:
		return house.Amount{Dec: money.Int(int64(v.int())), Known: true}, true
	case v.form == asText:
		a.Dec, err = money.Parse(v.str())
	case v.form == asFloat && (math.IsNaN(v.float()) || math.IsInf(v.float(), 0)):
		return a, false
	default:
		b, _ := appendNumber(m.begin(), v)
		a.Dec, err = money.Parse(m.end(b).str())
	}
	a.Known = err == nil
	return a, a.Known
}

// number is an amount as a value.
func (m *memory) number(a house.Amount) value {
	if !a.Known {
		return null
	}
	b, err := a.Append(m.begin())
	if err != nil {
		m.end(b[:0])
		return failed
	}
	return digits(m.end(b))
}

// dec keeps the digits that a number came with.
func dec(m *memory, v value) value {
	exact := null
	switch {
	case v.kind == isNumber && v.form == asInt:
		return v
	case v.kind == isNumber && v.form == asText:
		exact = v
	case v.kind == isText:
		if s, ok := house.Exact(v.str()); ok {
			exact = digits(v.within(s))
		}
	}
	if exact.kind == isNumber && house.Short(exact.str()) {
		return exact
	}
	a, ok := amount(m, v)
	switch {
	case !ok:
		return failed
	case exact.kind == isNumber:
		return exact
	}
	return m.number(a)
}

func dsum(m *memory, v value) value {
	switch v.kind {
	case isNull:
		return null
	case isArray:
		if v.x == 1 && settled(*slot(v.p, 0)) {
			return *slot(v.p, 0)
		}
		var sum house.Amount
		for _, e := range v.elems() {
			a, ok := amount(m, e)
			if !ok {
				return failed
			}
			sum = sum.Add(a)
		}
		return m.number(sum)
	}
	return failed
}

// settled says of a number that arithmetic which changes nothing would write it as it stands.
func settled(v value) bool {
	if !v.digits() || v.x > shortAmount {
		return false
	}
	zero, s := true, v.str()
	for i := range len(s) {
		switch c := s[i]; {
		case c-'1' <= 8:
			zero = false
		case c == 'e' || c == 'E':
			return false
		}
	}
	return !zero
}

// shortAmount is the length of a number that is looked at byte by byte before it is read.
const shortAmount = 32

func dneg(m *memory, v value) value {
	if settled(v) {
		return negate(m, v)
	}
	a, ok := amount(m, v)
	if !ok {
		return failed
	}
	return m.number(a.Neg())
}

func ofAmounts(f func(a, b house.Amount) house.Amount) func(*memory, value, value) value {
	return func(m *memory, v, w value) value {
		a, ok1 := amount(m, v)
		b, ok2 := amount(m, w)
		if !ok1 || !ok2 {
			return failed
		}
		return m.number(f(a, b))
	}
}

func dcmp(m *memory, v, w value) value {
	a, ok1 := amount(m, v)
	b, ok2 := amount(m, w)
	if !ok1 || !ok2 {
		return failed
	}
	n, ok := a.Cmp(b)
	if !ok {
		return null
	}
	return integer(n)
}

func dshift(m *memory, v, places value) value {
	n, ok := integral(places)
	a, isAmount := amount(m, v)
	if !ok || n < -money.MaxExponent || n > money.MaxExponent || !isAmount {
		return failed
	}
	return m.number(a.Shift(n))
}

// integral is a number without a fraction. A literal has none to be seen.
func integral(v value) (int, bool) {
	if v.kind != isNumber {
		return 0, false
	}
	literal := v.form == asText
	switch v = v.number(); v.form {
	case asInt:
		return v.int(), true
	case asFloat:
		n := int(v.float())
		return n, !literal && float64(n) == v.float()
	}
	return 0, false
}

// stableID joins parts with ":".
func stableID(m *memory, v value) value {
	if v.kind != isArray || v.x == 0 {
		return failed
	}
	b := m.begin()
	for i, p := range v.elems() {
		if i > 0 {
			b = append(b, ':')
		}
		ok := true
		switch {
		case p.kind == isNull:
			b = append(b, house.NoPart)
		case p.kind == isText:
			b = house.AppendPart(b, p.str())
		case p.kind == isFalse || p.kind == isTrue:
			b, _ = appendJQ(b, p, 0)
		case p.kind == isNumber && p.form == asText:
			b = house.AppendPart(b, p.str())
		case p.kind == isNumber:
			var room [64]byte
			var n []byte
			if n, ok = appendNumber(room[:0], p); ok {
				b = house.AppendPart(b, string(n))
			}
		default:
			ok = false
		}
		if !ok {
			m.end(b[:0])
			return failed
		}
	}
	return m.end(b)
}

func slug(m *memory, v value) value {
	switch v.kind {
	case isNull:
		return null
	case isText:
		return m.end(house.AppendSlug(m.begin(), v.str()))
	}
	return failed
}

func replaceAll(m *memory, v, from, to value) value {
	switch {
	case v.kind == isNull:
		return null
	case v.kind != isText || from.kind != isText || to.kind != isText:
		return failed
	}
	b, err := house.AppendReplaced(m.begin(), v.str(), from.str(), to.str())
	if err != nil {
		m.end(b[:0])
		return failed
	}
	return m.end(b)
}
