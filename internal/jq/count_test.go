package jq

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// outputs runs a definition, over sessions as mappings do.
func outputs(t *testing.T, m *Module, inputs []string) string {
	t.Helper()
	code, bad := m.Compile("f")
	if code == nil {
		t.Fatal(bad)
	}
	session := code.Session([]any{nil})
	var b strings.Builder
	for _, text := range inputs {
		v, err := Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		err = session.Run(context.Background(), code.timeout, v, func(v any) error {
			out, err := new(Encoder).AppendValue(nil, v)
			fmt.Fprintf(&b, "%s\n", out)
			return err
		})
		fmt.Fprintf(&b, "%v\n", err)
	}
	return b.String()
}

func TestCounted(t *testing.T) {
	for _, c := range []struct{ name, text, inputs, never string }{
		{"no branch", `{a, b: .c}`, `{}`, ""},
		{"both arms", `if .a then 1 else 2 end`, `{"a":true} {}`, ""},
		{"then", `if .a then 1 else 2 end`, `{}`, "12 then"},
		{"else", `if .a then 1 else 2 end`, `{"a":1}`, "19 else"},
		{"an else that is not written", `if .a then 1 end`, `{"a":1}`, "1 else that is not written"},
		{"elif", `if .a then 1 elif .b then 2 elif .c then 3 else 4 end`, `{"a":1} {"c":1}`, "27 elif 49 else"},
		{"an arm within an arm", `if .a then if .b then 1 else 2 end else 3 end`, `{"b":1}`, "12 then 23 then 30 else"},
		{"the right of //", `.a // .b`, `{"a":1}`, "7 right side of //"},
		{"the right of //, taken", `.a // .b // 3`, `{}`, ""},
		{"select", `.[] | select(.a)`, `[{"a":1}]`, "7 select that refuses"},
		{"select that never holds", `.[] | select(.a)`, `[{}]`, "7 select that holds"},
		{"a select that was not reached", `.[] | select(.a)`, `[]`, "7 select that holds 7 select that refuses"},
		{"several outputs of a condition", `select(.a, .b)`, `{"a":1}`, ""},
		{"catch", `try error("x") catch "y"`, `1`, ""},
		{"catch that catches nothing", `try .a catch "y"`, `{}`, "14 catch"},
		{"alternatives", `.[] as [$a] ?// {b: $a} ?// $a | [$a]`, `[[1]] [{"b":2}]`, "29 alternative 3 of ?//"},
		{"the last alternative", `.[] as [$a] ?// $a | $a`, `[[1]] [2]`, ""},
		{"an alternative that fails in its body", `.[] as [$a] ?// {b: $a} | $a | if . == 1 then error("no") else . end`, `[[1]] [{"b":3}]`, ""},
		{"a definition", `def g: if . then 1 else 2 end; .a | g`, `{"a":1}`, "25 else"},
		{"a closure", `def g(h): .a | h; g(. // 2)`, `{"a":1}`, "26 right side of //"},
		{"in an object, a list, a string, an index", `{a: (.x // 1), b: [.x // 2], c: "\(.x // 3)", d: .y[.x // "z"]}`, `{"x":"k","y":{}}`, "12 right side of // 26 right side of // 42 right side of // 59 right side of //"},
		{"in a reduce and a foreach", `[reduce .[] as $x (0; $x // 1), foreach .[] as $x (0; $x // 2)]`, `[3]`, "29 right side of // 61 right side of //"},
		{"the left of an assignment is a path", `(if .a then .b else .c end) |= 7`, `{"a":1,"b":2}`, ""},
		{"a path that is deleted", `del(.a // .b)`, `{"b":1,"c":2}`, ""},
		{"a definition that names a path", `def p: if .a then .b else .c end; def q: p; del(q)`, `{"a":1,"b":2}`, ""},
		{"the right of an assignment", `.a = (.b // 2)`, `{"b":1}`, "13 right side of //"},
		{"an error after a branch", `if .a then error("x") else 1 end`, `{"a":1} {}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := Source{File: "acme.jq", Text: "def f:\n" + c.text + ";"}
			m, bad := ParseModule(src, Options{Vars: []string{"$query"}})
			if m == nil {
				t.Fatal(bad)
			}
			counted, counts, err := m.Counted()
			if err != nil {
				t.Fatal(err)
			}
			inputs := strings.Fields(c.inputs)
			if got, want := outputs(t, counted, inputs), outputs(t, m, inputs); got != want {
				t.Errorf("counted it gives\n%snot\n%s", got, want)
			}
			var never []string
			for _, b := range counts.Branches() {
				if b.Taken == 0 {
					never = append(never, fmt.Sprintf("%d %s", b.Col, b.What))
				}
			}
			if got := strings.Join(never, " "); got != c.never {
				t.Errorf("never taken: %s, want %s", got, c.never)
			}
			if got, want := fmt.Sprint(refsOf(t, counted)), fmt.Sprint(refsOf(t, m)); got != want {
				t.Errorf("counted it reads %s, not %s", got, want)
			}
		})
	}
}

func refsOf(t *testing.T, m *Module) []Ref {
	t.Helper()
	code, bad := m.Compile("f")
	if code == nil {
		t.Fatal(bad)
	}
	return code.Refs()
}

func TestCountedDefinitions(t *testing.T) {
	m, bad := ParseModule(Source{File: "acme.jq", Text: "def g: .a;\ndef h: .b;\ndef f: g;"}, Options{Vars: []string{"$query"}})
	if m == nil {
		t.Fatal(bad)
	}
	counted, counts, err := m.Counted()
	if err != nil {
		t.Fatal(err)
	}
	outputs(t, counted, []string{"{}", "{}"})
	if got := fmt.Sprint(counts.Branches()); got != "[{1 5 def g 2} {2 5 def h 0} {3 5 def f 2}]" {
		t.Error(got)
	}
}
