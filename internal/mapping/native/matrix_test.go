package native

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/jq/core"
	"github.com/meterbridge/meterbridge/internal/record"
)

// awkward are values that functions are tried on, as data brings them.
var awkward = []string{
	`null`, `false`, `true`, `0`, `1`, `-1`, `2`, `7`, `-0`, `-0.0`, `1.50`, `-2.5`, `0.1`, `1e3`, `1E-7`, `1e400`, `-1e400`, `9007199254740991`, `9007199254740993`,
	`-9223372036854775808`, `9223372036854775807`, `9223372036854775808`, `12345678901234567890.123456789`, `123.4567890123456789`, `1767225600`, `1767225600123`, `20454`, `20260131`,
	`""`, `" "`, `"a"`, `"abc"`, `"aXa,Xa"`, `"bananas, 2"`, `" x \t\n"`, `"\u00a0é\u2003"`, `"é𐀀日本"`, `"日本é日"`, `"\ud800x\u0000\u007f\u2028"`, `"<a href='x'>&\"\\\/</a>"`, `"\ufffd"`,
	`"1.50"`, `" 1.10 "`, `"007"`, `"-5"`, `"1e2"`, `"n/a"`, `"true"`, `"key"`, `","`, `"%41%zz+"`, `"aGVsbG8="`, `"/w=="`, `"{\"a\":[1.50,null]}"`, `"[1,"`,
	`"2026-01-31"`, `"2026-01"`, `"20260131"`, `"2026-01-31T23:59:59Z"`, `"2026-01-31T10:20:30.678+02:00"`, `"2026-01-31 10:20:30"`, `"2026-02-30"`, `"0000-01-01"`, `"9999-12-31T23:59:59Z"`,
	`"1/31/26"`, `"%Y-%m-%dT%H:%M:%SZ"`, `"%Y-%m-%d"`, `"%H.%M%%"`, `"csv"`, `"base64d"`,
	`[]`, `[null]`, `[1]`, `[1.50,-0,"1.5",null,""]`, `[3,1,2,1.0,1.5,1e400]`, `["b","a","é","b"]`, `["a","b"]`, `["Object Storage","2026-01-31",null,true,1.10,"a:b~"]`, `[[1,[2]],[3],[],[[["x"]]]]`,
	`[{"a":1,"b":2},{"b":3,"c":4},null,{"a":5}]`, `[{"b":1,"a":[2]},{"a":[2],"b":1}]`, `[{"key":"a","value":1},{"Key":"b","Value":null},{"name":"a","value":false},{"Name":"é"}]`,
	`[{"key":false,"name":"x"},{"key":null,"value":2,"Name":"y"}]`, `[{"key":1}]`, `[2026,0,31,10,20,30.5,6,30]`, `[2026,14,-3]`, `[2026]`, `[true,1]`, `["a",{}]`, `["a",0,"b"]`, `[0]`,
	`{}`, `{"a":1}`, `{"b":2,"a":1.0}`, `{"a":{"b":[1,2]},"é":null,"b":"x"}`, `{"b":[1],"a":[2,[3]]}`, `{"a":{"b":1,"c":{"d":2}},"z":1}`, `{"start":"2025-11-30","end":"2026-02-01"}`, `{"start":1,"end":null}`, `{"start":"2026-01-31"}`, `{"x":"a","y":"b"}`,
}

// made are values that no data brings, but programs.
var made = []any{
	math.NaN(), math.Inf(1), math.Inf(-1), 1.5, -2.0, math.Copysign(0, -1), 1e21, 5, -7, math.MinInt, math.MaxInt, new(big.Int).Lsh(big.NewInt(1), 70), big.NewInt(3), 1767225600.25, -1e18, 20260131.0,
	[]any{1, 2.0, json.Number("1.0")}, []any{math.NaN(), 1, math.NaN()}, map[string]any{"a": 1.25, "b": math.Inf(1)},
}

// sample is one value on both engines.
type sample struct {
	any any
	own value
}

func samples(t testing.TB, m *memory) (all []sample) {
	t.Helper()
	for _, s := range awkward {
		v, _, st := m.scan([]byte(s), 0, true)
		if st != record.Done {
			t.Fatal(s)
		}
		all = append(all, sample{jq.DecodeScanned([]byte(s)), v})
	}
	for _, x := range made {
		v, _ := m.fromAny(x)
		all = append(all, sample{x, v})
	}
	return all
}

// shown is a value with the types of its numbers.
func shown(v any) string {
	switch v := v.(type) {
	case json.Number:
		return "literal " + string(v)
	case int:
		return "int " + strconv.Itoa(v)
	case float64:
		return "float " + strconv.FormatFloat(v, 'g', -1, 64)
	case *big.Int:
		return "big " + v.String()
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, shown(e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		var all []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			all = append(all, fmt.Sprintf("%q: %s", k, shown(v[k])))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	return fmt.Sprintf("%#v", v)
}

func (s sample) number() float64 {
	if s.own.kind != isNumber {
		return 0
	}
	return s.own.double()
}

// matrix holds functions of the engine to gojq's.
type matrix struct {
	t       *testing.T
	m       *memory
	all     []sample
	unknown map[string]int // of what gojq has a value, by function
}

// oracle runs a program on [$in, $a, $b].
type oracle func(in, a, b any) (any, error)

func programOf(t testing.TB, text string) oracle {
	t.Helper()
	text = `. as [$in, $a, $b] | ` + text
	if code, findings := jq.Compile(jq.Source{File: "t", Text: text}, jq.Options{Timeout: time.Hour}); code != nil {
		return func(in, a, b any) (any, error) { return code.One(context.Background(), []any{in, a, b}) }
	} else if q, err := gojq.Parse(text); err != nil {
		t.Fatal(findings, err)
	} else if code, err := gojq.Compile(q); err != nil { // what the lint refuses is not the house's
		t.Fatal(findings, err)
	} else {
		return func(in, a, b any) (any, error) {
			v, _ := code.Run([]any{in, a, b}).Next()
			err, _ := v.(error)
			return v, err
		}
	}
	return nil
}

// check compares what both engines make of one input.
func (x *matrix) check(name string, want oracle, in, a, b sample, got value) {
	x.t.Helper()
	v, err := want(in.any, a.any, b.any)
	switch {
	case err != nil:
		if !got.bad() {
			x.t.Errorf("%s of %s, %s, %s is %s, and not %v", name, shown(in.any), shown(a.any), shown(b.any), shown(toAny(got)), err)
		}
	case got.kind == isBail:
		x.unknown[name]++
		if testing.Verbose() {
			x.t.Logf("%s of %s, %s, %s is not known", name, shown(in.any), shown(a.any), shown(b.any))
		}
	case got.kind == isError:
		x.t.Errorf("%s of %s, %s, %s fails, and should be %s", name, shown(in.any), shown(a.any), shown(b.any), shown(v))
	default:
		checkPlain(x.t, got)
		if is, wanted := shown(toAny(got)), shown(v); is != wanted {
			x.t.Errorf("%s of %s, %s, %s is\n %s, want\n %s", name, shown(in.any), shown(a.any), shown(b.any), is, wanted)
		}
	}
}

// each tries a function on all values, with all first arguments where it has one, and some second ones.
func (x *matrix) each(name, program string, arity int, f func(m *memory, in, a, b value) value) {
	want := programOf(x.t, program)
	some := map[int][]sample{0: {{}}, 1: x.all, 2: x.all[4:44]}[arity]
	last := map[int][]sample{0: {{}}, 1: {{}}, 2: {x.all[11], x.all[28], x.all[30], x.all[len(x.all)-19]}}[arity]
	for _, in := range x.all {
		for _, a := range some {
			if name == "*" && in.own.kind+a.own.kind == isNumber+isText && max(in.number(), a.number()) > 1000 {
				continue // gigabytes
			}
			for _, b := range last {
				x.check(name, want, in, a, b, f(x.m, in.own, a.own, b.own))
			}
		}
		if x.t.Failed() {
			return
		}
	}
}

func newMatrix(t *testing.T) *matrix {
	m := newMemory()
	m.limit = math.MaxInt
	return &matrix{t: t, m: m, all: samples(t, m), unknown: map[string]int{}}
}

// count holds the values that are not known here to a list.
func (x *matrix) count(want map[string]int) {
	x.t.Helper()
	if !x.t.Failed() && !maps.Equal(x.unknown, want) {
		x.t.Errorf("not known here are %v, want %v", x.unknown, want)
	}
}

func TestBuiltinsAreGojqs(t *testing.T) {
	x := newMatrix(t)
	for _, name := range slices.Sorted(maps.Keys(functions0)) {
		x.each(name, "$in | "+name, 0, func(m *memory, in, _, _ value) value { return functions0[name](m, in) })
	}
	for _, name := range slices.Sorted(maps.Keys(functions1)) {
		x.each(name, "$in | "+name+"($a)", 1, func(m *memory, in, a, _ value) value { return functions1[name](m, in, a) })
	}
	for _, name := range slices.Sorted(maps.Keys(functions2)) {
		x.each(name, "$in | "+name+"($a; $b)", 2, functions2[name])
	}
	x.count(map[string]int{
		"abs": 1, "length": 3, // big integers
		"tonumber": 1,                                   // leading zeros
		"format":   24,                                  // decoded bytes that are no characters
		"strftime": 47, "todate": 6, "todateiso8601": 6, // years of more digits, and other conversions
	})
}

func TestOperatorsAreGojqs(t *testing.T) {
	x := newMatrix(t)
	for op, sign := range map[core.Op]string{
		core.Add: "+", core.Sub: "-", core.Mul: "*", core.Div: "/", core.Mod: "%",
		core.Eq: "==", core.Ne: "!=", core.Lt: "<", core.Le: "<=", core.Gt: ">", core.Ge: ">=",
	} {
		x.each(sign, "$in "+sign+" $a", 1, func(m *memory, in, a, _ value) value { return arith(m, op, in, a) })
	}
	x.each("negation", "-$in", 0, func(m *memory, in, _, _ value) value { return negate(m, in) })
	x.each("interpolation", `"\($in)"`, 0, func(m *memory, in, _, _ value) value { return tostring(m, in) })
	x.each("index", "$in[$a]", 1, func(m *memory, in, a, _ value) value { return index(m, in, a) })
	x.each("slice", "$in[$a:]", 1, func(m *memory, in, a, _ value) value { return slice(m, in, a, null) })
	x.each("slice", "$in[$a:$b]", 2, func(m *memory, in, a, b value) value { return slice(m, in, a, b) })
	for name := range formats {
		x.each(name, "$in | "+name, 0, func(m *memory, in, _, _ value) value { return format(m, name, in) })
	}
	x.count(map[string]int{
		"+": 173, "-": 175, "*": 242, "/": 113, "%": 111, "negation": 3, // big integers
		"@base64d": 24, // decoded bytes that are no characters
	})
}

func TestKernelsAreGojqs(t *testing.T) {
	x := newMatrix(t)
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 100 {
		var pairs []any
		var elems, keys []value
		for i := range n {
			s := x.all[random.IntN(len(x.all))]
			switch n % 4 {
			case 0: // more that are equal
				s = x.all[random.IntN(12)]
			case 1: // NaN, which is less than itself
				s = x.all[len(x.all)-len(made)+[]int{0, 3, 3, 4, 17}[random.IntN(5)]]
			case 2: // sorted, or nearly
				s = x.all[min(i/3+random.IntN(2), 18)]
			}
			pairs = append(pairs, map[string]any{"k": s.any, "v": i})
			elems, keys = append(elems, integer(i)), append(keys, s.own)
		}
		in := sample{any: pairs}
		for _, c := range []struct {
			program string
			got     value
		}{
			{"sort_by(.k) | map(.v)", arrayOf(sortBy(x.m, elems, keys))},
			{"group_by(.k) | map(map(.v))", groupBy(x.m, elems, keys)},
			{"unique_by(.k) | map(.v)", uniqueBy(x.m, elems, keys)},
			{"min_by(.k) | .v", minBy(elems, keys)},
			{"max_by(.k) | .v", maxBy(elems, keys)},
			{"map(.k) | sort", arrayOf(sortBy(x.m, keys, keys))},
			{"map(.k) | unique", uniqueBy(x.m, keys, keys)},
		} {
			x.check(c.program, programOf(t, "$in | "+c.program), in, sample{}, sample{}, c.got)
		}
	}
	x.count(map[string]int{})
}
