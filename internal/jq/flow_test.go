package jq

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// outline writes a flow down: {members}, [elements], "literals", .places that it was made of, ?places that decided
// about it, !operations; a member with ~ is missing from some outputs.
func outline(f *Flow) string {
	if f == nil {
		return "none"
	}
	var parts []string
	if f.fields != nil {
		var members []string
		for _, k := range slices.Sorted(maps.Keys(f.fields)) {
			name := k
			if f.some[k] {
				name += "~"
			}
			members = append(members, name+": "+outline(f.fields[k]))
		}
		parts = append(parts, "{"+strings.Join(members, ", ")+"}")
	}
	if f.list {
		parts = append(parts, "["+outline(f.elem)+"]")
	}
	if f.rest != nil {
		parts = append(parts, "{*: "+outline(f.rest)+"}")
	}
	if f.spread != nil {
		parts = append(parts, "…"+outline(f.spread))
	}
	parts = append(parts, f.texts...)
	for _, s := range []struct {
		sign   string
		tracks []track
	}{{"", f.tracks}, {"=", f.reads}, {"?", f.minds}} {
		for _, t := range s.tracks {
			parts = append(parts, s.sign+strings.TrimPrefix(t.root+"."+strings.Join(t.path, "."), "."))
		}
	}
	if f.null {
		parts = append(parts, "null")
	}
	if f.top {
		parts = append(parts, "any")
	}
	for _, o := range f.ops {
		parts = append(parts, fmt.Sprintf("!%s@%d:%d", o.Name, o.Line, o.Col))
	}
	return strings.Join(parts, " ")
}

func TestFlow(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"the input", `.`, "."},
		{"a path", `.a.b`, ".a.b"},
		{"an object", `{a, b: .c, "d": "x", e: 1}`, `{a: .a, b: .c, d: "x", e: 1}`},
		{"a variable", `.a as $x | {$x}`, "{x: .a}"},
		{"a root", `{a: $query.from}`, "{a: $query.from}"},
		{"patterns", `. as {$a, b: [$c], "d": $e} | [$a, $c, $e]`, "[.a .b.[] .d]"},
		{"a list", `[.a[] | {b}]`, "[{b: .a.[].b}]"},
		{"a member of what was built", `{a: {b: .c}} | .a.b`, ".c"},
		{"a member that is not there", `{a: 1} | .b`, "null"},
		{"an element of what was built", `[.a, .b][0]`, ".a .b"},
		{"a condition decides", `if .a then "x" else "y" end`, `"x" "y" ?.a`},
		{"a condition decides about an object, not about its members", `if .a then {b} else null end | .b`, ".b null"},
		{"an arm without else", `{a: (if .b then 1 end)}`, "{a: 1 . ?.b}"},
		{"members of some outputs", `if .a then {b, c} else {b} end`, "{b: .b, c~: .c} ?.a"},
		{"no object in the other arm", `if .a then {b} else null end`, "{b: .b} ?.a null"},
		{"an alternative is never null", `{a: (null // .b)}`, "{a: .b}"},
		{"members laid over", `{a: .x, b: .x} + {b: .y}`, "{a: .x, b: .y}"},
		{"members laid over the input", `. + {b: .y} | {b, c}`, "{b: .y, c: .c}"},
		{"members of the input over built ones", `{b: .y} + .z | .b`, ".y .z.b"},
		{"lists together", `[.a] + [.b]`, "[.a .b]"},
		{"texts together", `"a" + .b`, "=.b"},
		{"an interpolation", `"\(.a)-\(.b)"`, "=.a =.b"},
		{"a computed key", `{(.k): .v}`, "{} {*: .v}"},
		{"a table of literals", `{us: 1, eu: 2}[.region]`, "2 1"},
		{"a definition", `def f($x): {a: $x, b}; f(.c)`, "{a: .c, b: .b}"},
		{"a closure", `def f(g): .a | g; f(.b)`, ".a.b"},
		{"select", `.a | select(.b) | {c}`, "{c: .a.c}"},
		{"what was selected", `select(.a)`, ". ?.a"},
		{"nothing", `empty | {a}`, "none"},
		{"an object with an empty member", `{a: empty}`, "none"},
		{"map", `.a | map({b})`, "[{b: .a.[].b}]"},
		{"group_by", `.a | group_by(.k)[] | {k: .[0].k, n: length}`, "{k: .a.[].k, n: =.a.[]}"},
		{"max_by", `.a | max_by(.k) | .v`, ".a.[].v"},
		{"first of several", `first(.a[]? | .b)`, ".a.[].b"},
		{"to_entries", `{a: .x} | to_entries[] | {k: .key, v: .value}`, "{k: , v: .x}"},
		{"entries of the input", `.a | to_entries[] | {k: .key, v: .value}`, "{k: =.a, v: .a.[]}"},
		{"entries of a list that was built", `[.a[]] | to_entries[] | .key`, ""},
		{"from_entries", `[{key: .k, value: .v}] | from_entries | .x`, ".v null"},
		{"with_entries that keeps names", `{a: .x, b: .y} | with_entries(select(.value != null))`, "{a~: .x, b~: .y}"},
		{"with_entries that changes them", `{a: .x} | with_entries(.key |= ascii_upcase)`, "{} {*: =.x any}"},
		{"reduce", `reduce .a[] as $x (null; [$x.n, .] | dsum)`, "=.a.[].n null"},
		{"a computed value", `.a | rfc3339`, "=.a"},
		{"a computed literal", `["a", "b"] | join("-")`, ""},
		{"null or not is about the value alone", `{a: .x} as $o | if $o != null then 1 else 2 end`, "1 2"},
		{"a comparison", `if .a == .b then 1 else 2 end`, "1 2 ?.a ?.b"},
		{"any", `if (.a | any(.[]; .b)) then 1 else 2 end`, "1 2 ?.a.[].b"},
		{"a whole value", `{a: tojson}`, "{a: =.}"},
		{"a path that is assigned", `.a = 1`, "=. any"},
		{"plus of two unknown values", `.a + .b`, ".a .b =.a =.b !+@1:4"},
		{"plus whose members are read is of objects", `(.a + .b).c`, "=.a =.b .a.c .b.c"},
		{"times", `.a * 2`, "=.a !*@1:4"},
		{"a negated value", `-.a`, "=.a !-@1:1"},
		{"a negated literal", `-1`, ""},
		{"tonumber", `.a | tonumber`, "=.a !tonumber@1:6"},
		{"add", `[.a[].b] | add`, ".a.[].b =.a.[].b !add@1:12"},
		{"add of objects", `[.a[] | {b}] | add`, "{b: .a.[].b}"},
		{"dsum is exact", `[.a[].b] | dsum`, "=.a.[].b"},
		{"an operation before an exact one", `.a / 100 | dec`, "=.a !/@1:4"},
		{"an operation in a condition", `if .a - 1 > 0 then .b else 0 end`, "0 .b ?.a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, bad := ParseModule(Source{Text: "def f: " + c.text + ";"}, Options{Vars: []string{"$query"}})
			if m == nil {
				t.Fatal(bad)
			}
			w := &follower{file: m.file}
			got := outline(w.program(m.call("f")))
			for col := range 40 { // columns are of the text, without what stands before it
				got = strings.ReplaceAll(got, fmt.Sprintf("@1:%d", col+8), fmt.Sprintf("@1:%d", col+1))
			}
			if norm(got) != norm(c.want) {
				t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
			}
		})
	}
}

// norm sorts the words of an outline, which come in the order in which the alternatives were met.
func norm(s string) string {
	words := strings.Fields(s)
	slices.Sort(words)
	return strings.Join(words, " ")
}

func TestFlowView(t *testing.T) {
	m, bad := ParseModule(Source{Text: "def usage:\n select(.on) | {id, name: null, parts: [{n: .p}],\n cost: (if .x then .a * 2 else .b end), remote_data: .whole};"}, Options{})
	if m == nil {
		t.Fatal(bad)
	}
	f := m.Flow("usage")
	if f.Member("name") != nil || f.Member("other") != nil || m.Flow("other") != nil {
		t.Error("what is always null, or not there, has a flow")
	}
	if !f.Always("id") || f.Always("name") {
		t.Errorf("id %v, name %v", f.Always("id"), f.Always("name"))
	}
	if f.Member("parts").Elem().Member("n") == nil || f.Member("parts").Elem().Member("o") != nil {
		t.Error("elements are not followed")
	}
	if ops := f.Member("cost").Operations(); len(ops) != 1 || ops[0] != (Operation{"*", "", 3, 23}) {
		t.Errorf("%v", ops)
	}
	var reads []string
	for _, r := range f.Refs("remote_data") {
		reads = append(reads, r.Root+strings.Join(r.Path, "."))
	}
	if slices.Sort(reads); strings.Join(reads, " ") != ".a .b .id .on .p .x" {
		t.Errorf("%v", reads)
	}
}

// TestFlowIsBounded: definitions that call each other twice double at each level.
func TestFlowIsBounded(t *testing.T) {
	text := "def f0: {a: .x};"
	for i := 1; i < 40; i++ {
		text += fmt.Sprintf("def f%d: f%d, f%d;", i, i-1, i-1)
	}
	m, bad := ParseModule(Source{Text: text}, Options{})
	if m == nil {
		t.Fatal(bad)
	}
	w := &follower{file: m.file}
	if w.program(m.call("f39")) == nil || w.steps <= maxFollowed {
		t.Errorf("%d steps", w.steps)
	}
	for steps, top := range map[int]bool{maxFollowed - 1: false, maxFollowed: true} {
		w := &follower{file: m.file, steps: steps}
		if got := w.query(m.file.query.FuncDefs[0].Body, &Flow{tracks: []track{{root: "."}}}, nil); got.top != top {
			t.Errorf("after %d steps: %s", steps, outline(got))
		}
	}
}

func TestLiteralsAreBounded(t *testing.T) {
	for _, n := range []int{maxTexts, maxTexts + 1} {
		var all *Flow
		for i := range n {
			all = either(all, textOf(fmt.Sprint(i)))
		}
		if len(all.Texts()) != maxTexts {
			t.Errorf("of %d, %d are told apart", n, len(all.Texts()))
		}
	}
}
