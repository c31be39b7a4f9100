package money

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

func dec(t *testing.T, s string) Dec {
	t.Helper()
	d, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParseString(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"0", "0"},
		{"-0", "0"},
		{"-0.00", "0.00"},
		{"0e5", "0"},
		{"1.50", "1.50"},
		{"123.4567890123456789", "123.4567890123456789"},
		{"0.1", "0.1"},
		{".5", "0.5"},
		{"5.", "5"},
		{"+7", "7"},
		{"007.10", "7.10"},
		{"1e3", "1000"},
		{"1.5E2", "150"},
		{"1.25e1", "12.5"},
		{"-1e-3", "-0.001"},
		{"12e+0", "12"},
		{"9223372036854775807", "9223372036854775807"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"9223372036854775808.0", "9223372036854775808.0"},
		{"0.00000000000000000000000000001", "0.00000000000000000000000000001"},
	} {
		if got := dec(t, c.in).String(); got != c.want {
			t.Errorf("Parse(%q) is %s, want %s", c.in, got, c.want)
		}
	}
}

func TestFloor(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		fits bool
	}{
		{"0", 0, true}, {"-0.5", -1, true}, {"0.5", 0, true}, {"-1.0", -1, true}, {"1.99", 1, true}, {"12e2", 1200, true}, {"0e900", 0, true},
		{"-1e-900", -1, true}, {"1e-30", 0, true}, {"-12345678901234567890.5e-3", -12345678901234568, true},
		{"9223372036854775807.9", 9223372036854775807, true}, {"9223372036854775808", 0, false}, {"-9223372036854775808.1", 0, false}, {"1e19", 0, false},
	} {
		if n, ok := dec(t, c.in).Floor(); ok != c.fits || ok && n != c.want {
			t.Errorf("the floor of %s is %d, %v, want %d, %v", c.in, n, ok, c.want, c.fits)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{"", "-", ".", "+-1", "1,234", " 1", "1 ", "$1", "0x10", "NaN", "Infinity", "1e", "1e+", "1e1.5", "1_000", "1.2.3", "e5", "1e5e5", "١"} {
		if d, err := Parse(in); err == nil {
			t.Errorf("Parse(%q) is %s, want an error", in, d)
		}
	}
}

func TestParseBounds(t *testing.T) {
	for _, c := range []struct {
		name, in string
		ok       bool
	}{
		{"digits at the limit", strings.Repeat("9", MaxDigits), true},
		{"digits one past", strings.Repeat("9", MaxDigits+1), false},
		{"digits on both sides at the limit", strings.Repeat("9", MaxDigits/2) + "." + strings.Repeat("9", MaxDigits/2), true},
		{"leading zeros count", strings.Repeat("0", MaxDigits+1), false},
		{"exponent at the limit", "1e1000", true},
		{"exponent one past", "1e1001", false},
		{"negative exponent at the limit", "1e-1000", true},
		{"negative exponent one past", "1e-1001", false},
		{"exponent that would overflow", "1e" + strings.Repeat("9", 100), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d, err := Parse(c.in); (err == nil) != c.ok {
				t.Fatalf("got %v, %v", d.Err(), err)
			}
		})
	}
	if _, err := Parse(strings.Repeat("x", 1e6)); len(err.Error()) > 100 {
		t.Errorf("the message quotes %d bytes of its input", len(err.Error()))
	}
}

func TestArithmeticKeepsTrailingZeros(t *testing.T) {
	for _, c := range []struct {
		name string
		got  Dec
		want string
	}{
		{"sum", dec(t, "1.10").Add(dec(t, "2.20")), "3.30"},
		{"sum of scales", dec(t, "1").Add(dec(t, "0.000")), "1.000"},
		{"sum with an exponent", dec(t, "1e3").Add(dec(t, "0.10")), "1000.10"},
		{"binary fractions", dec(t, "0.1").Add(dec(t, "0.2")), "0.3"},
		{"difference", dec(t, "3.30").Sub(dec(t, "3.3")), "0.00"},
		{"product", dec(t, "1.10").Mul(dec(t, "2.0")), "2.200"},
		{"cents", dec(t, "1999").Shift(-2), "19.99"},
		{"thousands", dec(t, "1.5").Shift(3), "1500"},
		{"sum past an int64", dec(t, "9223372036854775807").Add(Int(1)), "9223372036854775808"},
		{"back into an int64", dec(t, "9223372036854775808").Sub(Int(1)), "9223372036854775807"},
		{"least int64", Int(math.MinInt64).Neg(), "9223372036854775808"},
		{"product past an int64", dec(t, "-4294967296").Mul(dec(t, "4294967296.0")), "-18446744073709551616.0"},
	} {
		if got := c.got.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestOutOfRangeIsSticky(t *testing.T) {
	atLimit := Int(1).Shift(MaxScale)
	if err := atLimit.Err(); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if err := Int(1).Shift(-MaxScale).Err(); err != nil {
		t.Errorf("at the lower limit: %v", err)
	}
	widest := dec(t, strings.Repeat("9", MaxDigits)+"e1000")
	if err := widest.Mul(widest).Err(); err != nil {
		t.Errorf("a product of two parsed numbers: %v", err)
	}
	for name, d := range map[string]Dec{
		"shift one past":         Int(1).Shift(MaxScale + 1),
		"shift one past below":   Int(1).Shift(-MaxScale - 1),
		"shift by the least int": Int(1).Shift(math.MinInt),
		"shift by the most":      Int(1).Shift(math.MaxInt),
		"scale of a product":     atLimit.Mul(Int(1).Shift(1)),
		"bits of a product":      square(widest, 4),
	} {
		for _, e := range []Dec{d, d.Neg(), d.Add(Int(1)), Int(1).Add(d), Int(1).Sub(d), d.Mul(Int(0)), Int(1).Mul(d), d.Shift(0)} {
			if !errors.Is(e.Err(), ErrRange) {
				t.Errorf("%s: %s is not out of range", name, e)
			}
		}
		if d.IsZero() || json.Valid([]byte(d.String())) {
			t.Errorf("%s: passes for the number %s", name, d)
		}
	}
}

func TestBitsAtTheLimit(t *testing.T) {
	half := Int(2)
	for range 14 { // 2^16384
		half = half.Mul(half)
	}
	at := half.Mul(half)                    // 2^32768
	for range MaxBits - 1 - (1 << 15) - 1 { // up to a bit length of MaxBits-1
		at = at.Add(at)
	}
	if at = at.Add(at); at.Err() != nil || at.big.BitLen() != MaxBits {
		t.Fatalf("at the limit: %v", at.Err())
	}
	if at.Add(at).Err() == nil {
		t.Fatal("one bit past the limit is taken")
	}
}

func square(d Dec, n int) Dec {
	for range n {
		d = d.Mul(d)
	}
	return d
}

func TestFastPathDoesNotAllocate(t *testing.T) {
	a, b := dec(t, "1234.5678"), dec(t, "0.25")
	buf := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		c := a.Add(b).Sub(b).Mul(b).Shift(-2).Neg()
		if c.Cmp(a) >= 0 {
			t.Fail()
		}
		buf = c.Append(buf[:0])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSum(b *testing.B) {
	x, _ := Parse("1234.567800")
	y, _ := Parse("0.25")
	b.ReportAllocs()
	for b.Loop() {
		_ = x.Add(y).Add(x).Add(y).Add(x)
	}
}

func TestSizeIsThatOfTheDigitsBeyondAnInt64(t *testing.T) {
	for in, want := range map[string]int{"0": 0, "-9223372036854775807": 0, "9223372036854775808": 8, "1e100": 42} {
		d, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Add(Int(0)).Size(); got != want {
			t.Errorf("%s takes %d bytes, not %d", in, got, want)
		}
	}
}
