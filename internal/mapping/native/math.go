package native

import "math"

// onNumber is a function of doubles.
func onNumber(f func(float64) float64) func(*memory, value) value {
	return func(_ *memory, v value) value {
		if v.kind != isNumber {
			return failed
		}
		return float(f(v.double()))
	}
}

// onNumbers is a function of two doubles, neither of which is its input.
func onNumbers(f func(a, b float64) float64) func(*memory, value, value, value) value {
	return func(_ *memory, _, a, b value) value {
		if a.kind != isNumber || b.kind != isNumber {
			return failed
		}
		return float(f(a.double(), b.double()))
	}
}

// isDouble tests a number, and is no of anything else.
func isDouble(f func(float64) bool) func(*memory, value) value {
	return func(_ *memory, v value) value { return boolean(v.kind == isNumber && f(v.double())) }
}

func infinite(f float64) bool { return math.IsInf(f, 0) }

func finite(f float64) bool { return !math.IsInf(f, 0) }

func normal(f float64) bool {
	exponent := math.Float64bits(f) >> 52 & 0x7ff
	return 0 < exponent && exponent < 0x7ff
}

func exp10(f float64) float64 { return math.Pow(10, f) }

func significand(f float64) float64 {
	fraction, _ := math.Frexp(f)
	return fraction * 2
}

func ldexp(f, n float64) float64 { return math.Ldexp(f, int(n)) }

func fmax(a, b float64) float64 {
	switch {
	case math.IsNaN(a):
		return b
	case math.IsNaN(b):
		return a
	}
	return max(a, b)
}

func fmin(a, b float64) float64 {
	switch {
	case math.IsNaN(a):
		return b
	case math.IsNaN(b):
		return a
	}
	return min(a, b)
}

// pair is an array of two numbers.
func (m *memory) pair(a, b value) value {
	out := m.values(2)
	out[0], out[1] = a, b
	return arrayOf(out)
}

func frexp(m *memory, v value) value {
	if v.kind != isNumber {
		return failed
	}
	fraction, exponent := math.Frexp(v.double())
	return m.pair(float(fraction), integer(exponent))
}

func modf(m *memory, v value) value {
	if v.kind != isNumber {
		return failed
	}
	f := v.double()
	if math.IsInf(f, 0) {
		return m.pair(float(math.Copysign(0, f)), float(f))
	}
	whole, fraction := math.Modf(f)
	return m.pair(float(fraction), float(whole))
}

// abs takes what sorts before 0 the other way round, whatever it is.
func abs(m *memory, v value) value {
	if compare(v, integer(0)) < 0 {
		return negate(m, v)
	}
	return v
}
