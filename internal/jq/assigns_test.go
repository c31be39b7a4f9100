package jq

import (
	"fmt"
	"strings"
	"testing"
)

func TestAssigns(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", `empty`, ""},
		{"an object", `{a: .x, "b": 1, "c\(.k)": 2}`, "a b ..."},
		{"an object within", `{a: {b: .x, c: {d: 1}}}`, "a.b a.c.d"},
		{"objects of a list", `{a: [{b: 1}, {c: .x}], d: [.e[] | {f: .g}], h: []}`, "a.b a.c d.f"},
		{"what is computed is one field", `{a: (.x | tostring), b: ($base.b + [1])}`, "a b"},
		{"shorthand", `.x as $y | {$y, z}`, "y z"},
		{"a computed key", `{(.k): 1}`, "..."},
		{"a null", `{a: null, b: {c: null}}`, ""},
		{"branches", `if .x then {a: 1} elif .y then {b: 1} else empty end`, "a b"},
		{"no else gives the input", `if .x then {a: 1} end`, "a ..."},
		{"selected", `select(.x) | {a: 1}`, "a"},
		{"a sum", `{a: 1} + {b: 2}`, "a b"},
		{"alternatives and several", `({a: 1} // {b: 2}), {c: 3}`, "a b c"},
		{"base as it is", `$base`, ""},
		{"base changed", `$base | .a.b = 1 | .c |= tostring | del(.d)`, "a.b c"},
		{"base with more", `$base + {a: 1}`, "a"},
		{"an element of base", `$base | .a[0].b = 1`, "a"},
		{"the item", `.`, "..."},
		{"definitions", `def f: {a: 1}; def g: f + {b: 2}; g`, "a b"},
		{"a definition with parameters", `def f(x): {a: x}; f(1)`, "..."},
		{"tried", `try {a: 1}`, "a"},
		{"a loop", `reduce .[] as $x ({}; . + $x)`, "..."},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, findings := Compile(Source{Text: c.text}, Options{Vars: []string{"$base"}, Each: "$base"})
			if code == nil {
				t.Fatal(findings)
			}
			var got []string
			for _, f := range code.Assigns().Fields {
				got = append(got, strings.Join(f.Path, "."))
			}
			if code.Assigns().Open {
				got = append(got, "...")
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func TestAssignsKnowTheirPlace(t *testing.T) {
	code, _ := Compile(Source{Text: "def f: {a: {b: 1},\n  c: 2};\nf + ($base | .d.e = 1)"}, Options{Vars: []string{"$base"}, Each: "$base"})
	var got []string
	for _, f := range code.Assigns().Fields {
		got = append(got, fmt.Sprintf("%s:%d:%d", strings.Join(f.Path, "."), f.Line, f.Col))
	}
	if s := strings.Join(got, " "); s != "a.b:1:13 c:2:3 d.e:3:14" {
		t.Error(s)
	}
	if code, _ = Compile(Source{Text: "{a: 1}"}, Options{}); !code.Assigns().Open {
		t.Error("nobody asked, and still it was told")
	}
}
