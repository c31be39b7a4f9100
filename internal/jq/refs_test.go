package jq

import (
	"strings"
	"testing"
)

func TestRefs(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`.`, "."},
		{`.a.b`, ".a.b"},
		{`.window | .start`, ".window.start"},
		{`."a b"["c"][0].d[].e?`, ".a b.c.[].d.[].e"},
		{`.a as $x | $x.b`, ".a.b"},
		{`.a as [$x, {b: $y}] | $x.c + $y`, ".a.[].c .a.[].b"},
		{`map(select(.a > 1) | {b, c: .d})`, ".[].a .[].b .[].d"},
		{`.items[] | {id, name: .n.m, ("k\(.k)"): 1}`, ".items.[].id .items.[].n.m .items.[].k"},
		{`$lookups.places[.id].name // $lookups["other"]`, ".id $lookups.places.[].name $lookups.other"},
		{`{$query}`, "$query"},
		{`def f: .b; .a | f`, ".a.b"},
		{`def f(g): .b | g; .a | f(.c)`, ".a.b.c"},
		{`def f($x): $x.c + .d; f(.a.b)`, ".a.b.c .d"},
		{`def f($x): x | .c; f(.a)`, ".a.c"},
		{`def f: .b; def g: f | .c; .a | g`, ".a.b.c"},
		{`.a | length`, ".a"},
		{`.a | group_by(.b)[] | .[0].c`, ".a.[].b .a"},
		{`.a | sort_by(.b) | first | .c`, ".a.[].b .a.[].c"},
		{`if .a then .b else .c end`, ".a .b .c"},
		{`try .a.b catch .`, ".a.b"},
		{`.a | "\(.b) \(.c)"`, ".a.b .a.c"},
		{`reduce .a[] as $x (.i; . + $x.n)`, ".i .a.[].n"},
		{`.a | with_entries(select(.value))`, ".a"},
		{`.a | 5`, ""},
		{`.a[1:].b`, ".a.b"},
		{`first(.a[]?) | .b`, ".a.[].b"},
		{`-.a + (.b | -.)`, ".a .b"},
		{`. as {$a, "b": $c, ("d"): $e} | [$a, $c, $e]`, ".a .b .[]"},
	} {
		code := must(t, c.text, Options{Vars: []string{"$query", "$lookups"}})
		var got []string
		for _, r := range code.Refs() {
			s := strings.Join(append([]string{r.Root}, r.Path...), ".")
			if len(r.Path) > 0 {
				s = strings.Replace(s, "..", ".", 1)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, s, c.want)
		}
	}
	refs := must(t, "1 |\n .a, $query.b", Options{Vars: []string{"$query"}}).Refs()
	if len(refs) != 1 || refs[0].Root != "$query" || refs[0].Line != 2 || refs[0].Col != 12 {
		t.Errorf("%+v", refs)
	}
	twice := "def f0: .a;" // each calls the one before twice
	for i := range 40 {
		twice += strings.NewReplacer("N", string(rune('a'+i%26))+strings.Repeat("x", i), "P", prev(i)).Replace("def fN: fP, fP;")
	}
	must(t, twice+" .", Options{})
	must(t, twice+" f"+string(rune('a'+39%26))+strings.Repeat("x", 39), Options{})
}

func prev(i int) string {
	if i == 0 {
		return "0"
	}
	return string(rune('a'+(i-1)%26)) + strings.Repeat("x", i-1)
}
