package jq

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func must(t testing.TB, text string, opt Options) *Code {
	t.Helper()
	code, findings := Compile(Source{File: "t", Text: text}, opt)
	if code == nil {
		t.Fatalf("%s: %v", text, findings)
	}
	return code
}

// runner is Code.Run or Session.Run: both keep the same promises.
type runner func(ctx context.Context, input any, emit func(any) error) error

func runners(t testing.TB, text string, opt Options, vars ...any) map[string]runner {
	code := must(t, text, opt)
	s := code.Session(vars)
	return map[string]runner{
		"code": func(ctx context.Context, v any, emit func(any) error) error { return code.Run(ctx, v, vars, emit) },
		"session": func(ctx context.Context, v any, emit func(any) error) error {
			return s.Run(ctx, code.timeout, v, emit)
		},
	}
}

func count(n *int) func(any) error { return func(any) error { *n++; return nil } }

func TestOutputsAreBounded(t *testing.T) {
	for name, run := range runners(t, ".[]", Options{MaxOutputs: 3}) {
		n := 0
		if err := run(t.Context(), []any{1, 2, 3}, count(&n)); err != nil || n != 3 {
			t.Errorf("%s: at the limit: %d, %v", name, n, err)
		}
		n = 0
		if err := run(t.Context(), []any{1, 2, 3, 4}, count(&n)); !errors.Is(err, ErrBudget) || n != 3 {
			t.Errorf("%s: past the limit: %d, %v", name, n, err)
		}
		n = 0
		if err := run(t.Context(), []any{1}, count(&n)); err != nil || n != 1 {
			t.Errorf("%s: after a failure: %d, %v", name, n, err)
		}
	}
	many := make([]any, MaxOutputs+1)
	for name, run := range runners(t, ".[]", Options{Timeout: time.Minute}) {
		n := 0
		if err := run(t.Context(), many[1:], count(&n)); err != nil || n != MaxOutputs {
			t.Errorf("%s: by default at the limit: %d, %v", name, n, err)
		}
		if err := run(t.Context(), many, count(&n)); !errors.Is(err, ErrBudget) {
			t.Errorf("%s: by default past the limit: %v", name, err)
		}
	}
}

// endless has more steps than any budget: four nested loops over a thousand elements.
const endless = `[.[] as $a | .[] as $b | .[] as $c | .[] as $d | select($a == 1 and $b == $c and $c == $d)] | length`

func TestTimeIsBounded(t *testing.T) {
	items := make([]any, 1000)
	for name, run := range runners(t, endless, Options{Timeout: 20 * time.Millisecond}) {
		start := time.Now()
		err := run(t.Context(), items, func(any) error { return nil })
		if !errors.Is(err, ErrBudget) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%s: stopped after %v", name, d)
		}
		if err := run(t.Context(), []any{1}, func(any) error { return nil }); err != nil {
			t.Errorf("%s: the next input: %v", name, err)
		}
	}
}

func TestACancelledContextStopsARun(t *testing.T) {
	items := make([]any, 1000)
	for name, run := range runners(t, endless, Options{Timeout: time.Minute}) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := run(ctx, items, func(any) error { return nil }); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrBudget) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if err := run(ctx, items, func(any) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled before: %v", name, err)
		}
	}
}

func TestErrorsAndPanics(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name, program string
		input         any
		want          string
	}{
		{"an error of the program", `error("no \(.)")`, "x", "no x"},
		{"an error with a value", `error({a: 1})`, nil, `{"a":1}`},
		{"a type error", `.a`, "x", `expected an object but got: string ("x")`},
		{"a Go type that gojq does not know", `.a`, int64(1), "panic"},
		{"one inside of the input", `.[0] | tostring`, []any{[]string{"x"}}, "panic"},
		{"a huge message", `error(.)`, strings.Repeat("é", 1000), "é…"},
	} {
		for name, run := range runners(t, c.program, Options{}) {
			err := run(t.Context(), c.input, func(any) error { return nil })
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: %v", c.name, name, err)
			}
			if err != nil && len(err.Error()) > maxMessage+20 {
				t.Errorf("%s, %s: an error of %d bytes", c.name, name, len(err.Error()))
			}
		}
	}
	for name, run := range runners(t, ".[]", Options{}) {
		n := 0
		err := run(t.Context(), []any{1, 2}, func(any) error { n++; return boom })
		if !errors.Is(err, boom) || n != 1 {
			t.Errorf("%s: an error of the receiver: %v after %d", name, err, n)
		}
	}
}

func TestSessionGivesWhatFreshRunsGive(t *testing.T) {
	const program = `def f: .x | select(. != null); .[] | {a: f, b: $v, c: [limit(2; .y[]?)], d: (try error("e") catch .), e: first(.y[]?)}`
	inputs := []string{`[]`, `[{"x":1,"y":[1,2,3]}]`, `[{"x":null},{"x":2}]`, `[1]`, `[{"x":3},{"x":4,"y":[5]}]`, `null`, `[{"x":5}]`}
	code := must(t, program, Options{Vars: []string{"$v"}})
	s := code.Session([]any{json.Number("1.10")})
	for range 3 {
		for _, in := range inputs {
			v, _ := Decode([]byte(in))
			run := func(run func(emit func(any) error) error) string {
				out := ""
				err := run(func(v any) error { out += encode(Encoder{}, v) + "\n"; return nil })
				if err != nil {
					out += "error: " + err.Error()
				}
				return out
			}
			fresh := run(func(emit func(any) error) error { return code.Run(t.Context(), v, []any{json.Number("1.10")}, emit) })
			kept := run(func(emit func(any) error) error { return s.Run(t.Context(), DefaultTimeout, v, emit) })
			if fresh != kept {
				t.Errorf("%s: fresh\n%s, in a session\n%s", in, fresh, kept)
			}
		}
	}
}

func TestMessagesAreCutAtACharacter(t *testing.T) {
	for in, want := range map[string]string{"abcd": "abcd", "abcde": "abcd…", "abcé": "abc…", "": ""} {
		if got := cut(in, 4); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestOne(t *testing.T) {
	for program, want := range map[string]string{".a": "1", "empty": "null", ".a, 2": "1", "error(\"x\")": "error: error: x"} {
		v, err := must(t, program, Options{}).One(t.Context(), map[string]any{"a": 1})
		got := encode(Encoder{}, v)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", program, got, want)
		}
	}
}

// FuzzCompileRun looks for programs that crash, hang or outgrow their budget. The inputs are small: a large one gives
// a fuzzer nothing but time.
func FuzzCompileRun(f *testing.F) {
	input := `{"a":[1,2.50,"x",null,{"b":"2026-01-31"}],"s":"hello world","n":-0}`
	for _, p := range []string{".", ".a[]?", `"\(.s) \(.a[0])"`, "[.a[] | select(. != null)] | dsum?", ".a[4].b | rfc3339", "def f(g): g | g; f(.a)", `.s | test("h.*o")`,
		"reduce .a[] as $x (0; . + 1)", "..", "to_entries | map(.key) | join(\",\")", ".a[1:2]", "{a: 1} * {b: 2}", "label $out | 1, break $out", "@base64", ". as [$a] ?// $a | $a"} {
		f.Add(p, input)
	}
	f.Fuzz(func(t *testing.T, program, doc string) {
		if len(program) > 256 || len(doc) > 1024 {
			return
		}
		code, findings := Compile(Source{File: "f", Text: program}, Options{Kind: Mapping, Timeout: 50 * time.Millisecond, MaxOutputs: 100})
		if (code == nil) != Failed(findings) {
			t.Fatalf("%q: code %v with %v", program, code != nil, findings)
		}
		for _, f := range findings {
			if f.Rule == "compile" {
				t.Fatalf("%q: the lint knows less than gojq: %v", program, f)
			}
			if f.Line < 1 || f.Col < 1 || f.Line > 1+strings.Count(program, "\n") {
				t.Fatalf("%q: a finding outside of the text: %v", program, f)
			}
		}
		if code == nil {
			return
		}
		v, err := Decode([]byte(doc))
		if err != nil {
			return
		}
		start := time.Now()
		_ = code.Run(context.Background(), v, nil, func(v any) error {
			_, err := (&Encoder{MaxBytes: 1 << 20}).AppendValue(nil, v)
			return err
		})
		if d := time.Since(start); d > 2*time.Second {
			t.Fatalf("%q on %q ran %v", program, doc, d)
		}
	})
}

// TestEachRunBringsItsVariable: the same machine, another value of the variable each time, also within definitions.
func TestEachRunBringsItsVariable(t *testing.T) {
	code, findings := Compile(Source{Text: `def f: $base.n; [$q, f, .]`}, Options{Vars: []string{"$q", "$base"}, Each: "$base"})
	if code == nil {
		t.Fatal(findings)
	}
	s := code.Session([]any{"q", nil})
	for i := range 3 {
		var got []any
		err := s.RunEach(t.Context(), time.Second, i, map[string]any{"n": i * 10}, func(v any) error { got = append(got, v); return nil })
		if want := []any{[]any{"q", i * 10, i}}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	if err := s.RunEach(t.Context(), time.Second, 1, 5, func(any) error { return nil }); err == nil {
		t.Error("a number has no .n")
	}
	if err := s.RunEach(t.Context(), time.Second, 1, nil, func(any) error { return nil }); err != nil {
		t.Errorf("after an error: %v", err)
	}
}
