package jq

import (
	"reflect"
	"testing"
)

// TestStraightProgramsGiveWhatGojqGives runs each program both ways, on values that each of its steps may meet.
func TestStraightProgramsGiveWhatGojqGives(t *testing.T) {
	inputs := []any{
		nil, true, 3, "2026-03-31", []any{"a"}, map[string]any{},
		map[string]any{"a": nil}, map[string]any{"a": "day", "b": false}, map[string]any{"a": 7}, map[string]any{"a": []any{1}},
		map[string]any{"a": "2026-03-31T23:59:59Z"}, map[string]any{"a": "9999-12-31"}, map[string]any{"a": map[string]any{"b": "2026-01-31"}},
	}
	for _, c := range []struct {
		program  string
		straight bool
	}{
		{`.`, true},
		{`.a`, true},
		{`.a.b`, true},
		{`.a | .b`, true},
		{` .a | date `, true},
		{`.a.b | date`, true},
		{`.a | day_start | add_days(-1) | unix_ms`, true},
		{`.a | add_months(1) | month`, true},
		{`.a | add_days(1000001)`, true},
		{`.a == "day"`, true},
		{`.a | date == "2026-03-31"`, true},
		{`date`, true},
		{`.a?`, false},
		{`.a[0]`, false},
		{`.a[]`, false},
		{`.["a"]`, false},
		{`.a | length`, false},
		{`.a | add_days(.b)`, false},
		{`.a | add_days(1.5)`, false},
		{`.a == 7`, false},
		{`"x" == .a`, false},
		{`.a == "\(.b)"`, false},
		{`.a != "day"`, false},
		{`def date: 1; .a | date`, false},
		{`.a as $x | $x`, false},
		{`[.a, .b]`, false},
	} {
		code, finds := Compile(Source{Text: c.program}, Options{})
		if code == nil {
			t.Fatalf("%s: %v", c.program, finds)
		}
		if got := code.steps != nil; got != c.straight {
			t.Errorf("%s: straight is %v", c.program, got)
		}
		slow := &Code{code: code.code, timeout: code.timeout, outputs: code.outputs}
		for _, in := range inputs {
			got, gotErr := outputsOf(t, code, in)
			want, wantErr := outputsOf(t, slow, in)
			if !reflect.DeepEqual(got, want) || gotErr != wantErr {
				t.Errorf("%s on %v: %v %q, gojq says %v %q", c.program, in, got, gotErr, want, wantErr)
			}
		}
	}
}

// lazily is an Object that has its members already.
type lazily map[string]any

func (l lazily) All() map[string]any { return l }

func (l lazily) Member(name string) any {
	if m, ok := l[name].(map[string]any); ok {
		return lazily(m)
	}
	return l[name]
}

// TestAnObjectIsWhatItsMembersAre runs programs, straight ones and others, on an Object and on the map that it stands for.
func TestAnObjectIsWhatItsMembersAre(t *testing.T) {
	in := map[string]any{"now": "2026-03-31T10:00:00Z", "window": map[string]any{"start": "2026-01-01", "end": "2026-03-01"}}
	for _, program := range []string{
		`.`, `.now`, `.window`, `.none`, `.none.none`, `.now.start`, `.window.start | date`, `.window | months`, `.window == "x"`, `.window | date`,
		`.window.start | add_days(1)`, `.window | keys`, `[.window.start, .now]`, `.window.start + "T"`, `.now == "2026-03-31T10:00:00Z"`,
	} {
		code, finds := Compile(Source{Text: program}, Options{})
		if code == nil {
			t.Fatalf("%s: %v", program, finds)
		}
		got, gotErr := outputsOf(t, code, lazily(in))
		want, wantErr := outputsOf(t, code, in)
		if !reflect.DeepEqual(got, want) || gotErr != wantErr {
			t.Errorf("%s: %v %q, of the map %v %q", program, got, gotErr, want, wantErr)
		}
	}
}

func outputsOf(t *testing.T, c *Code, in any) (out []any, fault string) {
	if err := c.Run(t.Context(), in, nil, func(v any) error { out = append(out, v); return nil }); err != nil {
		fault = err.Error()
	}
	return out, fault
}

func BenchmarkSlot(b *testing.B) {
	code, _ := Compile(Source{Text: `.window.start | date`}, Options{})
	in := map[string]any{"window": map[string]any{"start": "2026-03-31T00:00:00Z"}}
	b.ReportAllocs()
	for b.Loop() {
		if err := code.Run(b.Context(), in, nil, func(any) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
