package house

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/money"
)

// numbers are texts that hold a number, nothing or something else.
var numbers = []string{
	"", " ", "0", "-0", "-0.00", "1", "1.50", " 1.10 ", "+7", "007", ".5", "5.", "1e3", "1E-7", "-12e+0", "123.4567890123456789", "9223372036854775807",
	"-9223372036854775808", "99999999999999999999.9", "1e1000", "1e1001", "n/a", "1,234", "0x1", "1_0", "01.5", "-", "1.2.3", "1e", "NaN",
}

// text is what an amount is as a value.
func text(a Amount) string {
	if !a.Known {
		return "null"
	}
	b, err := a.Append(nil)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// old is what the arithmetic says of two numbers, case by case.
func old(t *testing.T, op string, x, y string) string {
	d := func(s string) (money.Dec, bool) {
		if s = strings.TrimSpace(s); s == "" {
			return money.Dec{}, false
		}
		n, err := money.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return n, true
	}
	a, okA := d(x)
	b, okB := d(y)
	switch {
	case okA && okB:
		switch op {
		case "add":
			return text(Amount{a.Add(b), true})
		case "sub":
			return text(Amount{a.Sub(b), true})
		}
		return text(Amount{a.Mul(b), true})
	case op == "mul":
		return "null"
	case okA:
		return a.String()
	case okB && op == "add":
		return b.String()
	}
	return "null"
}

func checkAmounts(t *testing.T, x, y string) {
	if s, exact := Exact(x); exact != (json.Valid([]byte(s)) && strings.IndexByte("-0123456789", (s + "x")[0]) >= 0) {
		t.Fatalf("%q is exact: %v", x, exact)
	}
	a, errA := ParseAmount(x)
	if s, exact := Exact(x); exact && Short(s) && !a.Known {
		t.Fatalf("%q is short, and %v", x, errA)
	}
	b, errB := ParseAmount(y)
	if _, err := money.Parse(strings.TrimSpace(x)); (err == nil) != a.Known || (errA == nil) != (a.Known || strings.TrimSpace(x) == "") {
		t.Fatalf("%q is %v, %v", x, a, errA)
	}
	if errA != nil || errB != nil {
		return
	}
	for op, got := range map[string]string{"add": text(a.Add(b)), "sub": text(a.Sub(b)), "mul": text(a.Mul(b))} {
		if want := old(t, op, x, y); got != want {
			t.Fatalf("%q %s %q is %s, want %s", x, op, y, got, want)
		}
	}
	if n, ok := a.Cmp(b); ok != (a.Known && b.Known) || ok && n != a.Dec.Sub(b.Dec).Sign() {
		t.Fatalf("%q and %q compare as %d, %v", x, y, n, ok)
	}
}

func TestAmounts(t *testing.T) {
	for _, x := range numbers {
		for _, y := range numbers {
			checkAmounts(t, x, y)
		}
	}
}

func FuzzAmounts(f *testing.F) {
	for i, x := range numbers {
		f.Add(x, numbers[(i*7)%len(numbers)])
	}
	f.Fuzz(checkAmounts)
}

func TestAmountsAtTheLimit(t *testing.T) {
	one := Amount{money.Int(1), true}
	if b, err := one.Shift(MaxNumber - 1).Append(nil); err != nil || len(b) != MaxNumber {
		t.Errorf("%d characters, %v", len(b), err)
	}
	if b, err := one.Shift(MaxNumber).Append([]byte("x")); err != ErrSize || string(b) != "x" {
		t.Errorf("one past the limit: %d characters, %v", len(b), err)
	}
	if _, err := one.Shift(3 * money.MaxScale).Append(nil); err != money.ErrRange {
		t.Errorf("out of range: %v", err)
	}
}

func TestShortAtTheLimit(t *testing.T) {
	long := strings.Repeat("1", money.MaxDigits)
	if _, err := ParseAmount(long); err != nil || !Short(long) {
		t.Errorf("at the limit: %v", err)
	}
	if Short(long+"1") || Short("1e2") {
		t.Error("one past the limit, or an exponent, is short")
	}
}

func TestStableIDOfTexts(t *testing.T) {
	if got := StableID("D", "", "A b:c~é"); got != "D:~:A~20b~3Ac~7E~C3~A9" {
		t.Error(got)
	}
}

func TestReplacingAtTheLimit(t *testing.T) {
	half := strings.Repeat("a", MaxText/2)
	if b, err := AppendReplaced([]byte("x"), half, "a", "bb"); err != nil || string(b) != "x"+strings.Repeat("b", MaxText) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, err := AppendReplaced(nil, half+"a", "a", "bb"); err != ErrText {
		t.Errorf("one past the limit: %v", err)
	}
	if _, err := AppendReplaced(nil, "a", "", "b"); err != ErrNothing {
		t.Errorf("nothing to replace: %v", err)
	}
}
