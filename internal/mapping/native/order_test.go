package native

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// ordering asks gojq for the order of a pair.
func ordering(t testing.TB) func(pair any) any {
	t.Helper()
	code, findings := jq.Compile(jq.Source{File: "order.jq", Text: `if .[0] < .[1] then -1 elif .[0] == .[1] then 0 else 1 end`}, jq.Options{})
	if code == nil {
		t.Fatal(findings)
	}
	return func(pair any) any {
		v, err := code.One(context.Background(), pair)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func checkOrder(t *testing.T, want any, a, b value) {
	t.Helper()
	if got := compare(a, b); got != want {
		t.Fatalf("comparing %v with %v gives %d, want %v", toAny(a), toAny(b), got, want)
	}
	if got := equal(a, b); got != (want == 0) {
		t.Fatalf("%v equals %v: %v", toAny(a), toAny(b), got)
	}
}

var ordered = []string{
	`null`, `false`, `true`, `-1e400`, `-12345678901234567890`, `-9223372036854775808`, `-1`, `-0.0`, `0`, `-0`, `1E-400`, `0.1`, `1`, `1.0`, `10e-1`, `2`, `9007199254740992`, `9007199254740993`, `9007199254740993.0`,
	`123456789012345678`, `1234567890123456789`, `9223372036854775807`, `9223372036854775808`, `1e400`, `""`, `"a"`, `"a\u0000"`, `"ab"`, `"é"`, `"𐀀"`, `"\uffff"`, `[]`, `[1]`, `[1.0]`, `[1,2]`, `[2]`, `[[]]`,
	`{}`, `{"a":1}`, `{"a":1.0}`, `{"a":2}`, `{"b":1,"a":1}`, `{"a":1,"b":1}`, `{"a":1,"b":2}`, `{"b":0}`, `{"b":{"y":1,"x":2}}`, `{"b":{"x":2,"y":1}}`, `{"a":1,"c":0}`,
}

func TestCompare(t *testing.T) {
	m := newMemory()
	gojq := ordering(t)
	values := []any{math.NaN(), math.Inf(1), math.Inf(-1), 1, -1, 1.5, math.Copysign(0, -1), math.MinInt, math.MaxInt, new(big.Int).Lsh(big.NewInt(1), 70), big.NewInt(1), math.Ldexp(1, 70)}
	for _, s := range ordered {
		values = append(values, jq.DecodeScanned([]byte(s)))
	}
	for _, a := range values {
		for _, b := range values {
			x, _ := m.fromAny(a)
			y, _ := m.fromAny(b)
			checkOrder(t, gojq([]any{a, b}), x, y)
		}
	}
}

func FuzzCompare(f *testing.F) {
	for i, a := range ordered {
		for _, b := range ordered[:i+1] {
			f.Add("[" + a + "," + b + "]")
		}
	}
	m := newMemory()
	gojq := ordering(f)
	f.Fuzz(func(t *testing.T, doc string) {
		m.reset()
		v, _, st := m.scan([]byte(doc), 0, true)
		if st != record.Done || v.kind != isArray || v.x != 2 {
			return
		}
		checkOrder(t, gojq(jq.DecodeScanned([]byte(strings.TrimLeft(doc, " \t\r\n")))), v.elems()[0], v.elems()[1])
	})
}

// nested is an array in an array, so many deep.
func nested(m *memory, deep int) value {
	v := null
	for range deep {
		elems := m.values(1)
		elems[0] = v
		v = arrayOf(elems)
	}
	return v
}

func TestNestingLimit(t *testing.T) {
	m := newMemory()
	panics := func(f func()) (did bool) {
		defer func() { did = recover() == tooDeep{} }()
		f()
		return false
	}
	for n, want := range map[int]bool{maxNesting: false, maxNesting + 1: true} {
		v := nested(m, n)
		if got := panics(func() { compare(v, v) }); got != want {
			t.Errorf("comparing %d deep: %v", n, got)
		}
		if got := panics(func() { toAny(v) }); got != want {
			t.Errorf("converting %d deep: %v", n, got)
		}
	}
	for n, want := range map[int]bool{record.MaxDepth: true, record.MaxDepth + 1: false} {
		if _, ok := appendJSON(nil, nested(m, n), 0); ok != want {
			t.Errorf("writing %d deep: %v", n, ok)
		}
	}
	for n, want := range map[int]bool{maxConverted: true, maxConverted + 1: false} {
		if _, ok := m.fromAny(toAny(nested(m, n))); ok != want {
			t.Errorf("converting back %d deep: %v", n, ok)
		}
	}
	if _, ok := m.fromAny(fmt.Errorf("no value")); ok {
		t.Error("what gojq has no type for is converted")
	}
}

func TestNumbersAreWrittenAsTheyAre(t *testing.T) {
	m := newMemory()
	for _, x := range []any{1, -1, 1.5, 1e21, 1e-7, -1e-9, 100.0, math.NaN(), math.Inf(1), math.MaxFloat64, new(big.Int).Lsh(big.NewInt(1), 70)} {
		want, err := jq.AppendNumber(nil, x)
		v, _ := m.fromAny(x)
		if got, ok := appendNumber(nil, v); ok != (err == nil) || ok && string(got) != string(want) {
			t.Errorf("%v is written as %s, %v; want %s", x, got, ok, want)
		}
	}
}
