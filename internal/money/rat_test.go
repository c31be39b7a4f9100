package money

import (
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// literal draws numbers as providers write them, with a bias to the edge between int64 and big.Int.
var literal = rapid.OneOf(
	rapid.StringMatching(`-?[0-9]{1,6}(\.[0-9]{1,4})?`),
	rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][-+]?[0-9]{1,2})?`),
	rapid.StringMatching(`-?92233720368547758(0[5-9]|10)(\.0|e[0-3])?`),
	rapid.StringMatching(`-?429496729[5-7]\.?0{0,3}`),
)

func draw(t *rapid.T, label string) (Dec, *big.Rat) {
	s := literal.Draw(t, label)
	d, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("big.Rat refuses %q", s)
	}
	same(t, "parsed "+s, d, r)
	return d, r
}

// same holds d to r by its text, by its value and by a round trip.
func same(t *rapid.T, what string, d Dec, r *big.Rat) {
	s := d.String()
	got, ok := new(big.Rat).SetString(s)
	if !ok || got.Cmp(r) != 0 {
		t.Fatalf("%s: %s, want %s", what, s, r.RatString())
	}
	if !json.Valid([]byte(s)) {
		t.Fatalf("%s: %s is not a JSON number", what, s)
	}
	back, err := Parse(s)
	if err != nil || back.Cmp(d) != 0 || back.String() != s {
		t.Fatalf("%s: %s reads back as %s, %v", what, s, back, err)
	}
	if d.Sign() != r.Sign() || d.IsZero() != (r.Sign() == 0) || d.Err() != nil {
		t.Fatalf("%s: %s has the sign %d, err %v", what, s, d.Sign(), d.Err())
	}
	if d.big != nil && d.big.IsInt64() && d.big.Int64() == int64(int32(d.big.Int64())) {
		t.Fatalf("%s: %s stayed wide", what, s)
	}
}

func TestArithmeticAgreesWithRat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, ra := draw(t, "a")
		b, rb := draw(t, "b")
		same(t, "a+b", a.Add(b), new(big.Rat).Add(ra, rb))
		same(t, "a-b", a.Sub(b), new(big.Rat).Sub(ra, rb))
		same(t, "a×b", a.Mul(b), new(big.Rat).Mul(ra, rb))
		same(t, "-a", a.Neg(), new(big.Rat).Neg(ra))
		if got, want := a.Cmp(b), ra.Cmp(rb); got != want {
			t.Fatalf("Cmp(%s, %s) = %d, want %d", a, b, got, want)
		}
		n := rapid.IntRange(-40, 40).Draw(t, "n")
		p := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil))
		if n < 0 {
			p.Inv(p)
		}
		same(t, "shift", a.Shift(n), p.Mul(p, ra))
		same(t, "a is not written to", a, ra)
		same(t, "b is not written to", b, rb)
	})
}

func TestSumsDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(literal, 1, 20).Draw(t, "amounts")
		var forth, back Dec
		for i := range in {
			d, _ := Parse(in[i])
			e, _ := Parse(in[len(in)-1-i])
			forth, back = forth.Add(d), back.Add(e)
		}
		if forth.String() != back.String() {
			t.Fatalf("%s forwards, %s backwards", forth, back)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", "-0.10", "1e3", "9223372036854775808", ".5", "1,234", "1e-1000", "0x1p-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		var n json.Number // whatever JSON calls a number is one here, within the bounds
		if json.Unmarshal([]byte(s), &n) == nil && n.String() == s && s != "" && err != nil && !errors.Is(err, errExp) && !errors.Is(err, errDigits) {
			t.Fatalf("%q is a JSON number and is refused: %v", s, err)
		}
		if err != nil {
			return
		}
		out := d.String()
		if e, err := Parse(out); len(out) < MaxDigits && (err != nil || e.Cmp(d) != 0) {
			t.Fatalf("%q reads back as %s, %v", s, e, err)
		}
		if d.Err() != nil || !json.Valid([]byte(out)) {
			t.Fatalf("%q gives %q", s, out)
		}
	})
}
