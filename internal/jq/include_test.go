package jq

import (
	"context"
	"slices"
	"testing"
)

var testLibs = []Source{
	{File: "lib/money.jq", Text: "# money\ndef cents: dshift(-2);\ndef priced($p): .q | dmul($p);\ndef account: $account.id;"},
	{File: "lib/broken.jq", Text: "# broken\ndef twice:\n  . * .;"},
	{File: "lib/loose.jq", Text: "# loose\ndef a: 1;\na"},
	{File: "lib/torn.jq", Text: "# torn\ndef a: {"},
	{File: "lib/chain.jq", Text: "include \"money\";\ndef a: 1;"},
}

var includes = Options{Kind: Mapping, Vars: []string{"$account", "$page"}, Libs: testLibs}

func TestInclude(t *testing.T) {
	m, findings := ParseModule(Source{File: "acme.jq", Text: "# acme\ninclude \"money\";\n\ndef cents: .amount | dshift(-3);\ndef usage: {id: account, c: (.c | cents), p: priced(2)};"}, includes)
	if m == nil || len(findings) > 0 {
		t.Fatal(findings)
	}
	if got := m.Funcs(); !slices.Equal(got, []string{"cents", "usage"}) {
		t.Errorf("a library's definitions are not the file's: %v", got)
	}
	if m.Line("usage") != 5 || m.Line("cents") != 4 || m.Line("account") != 0 {
		t.Errorf("lines %d %d %d", m.Line("usage"), m.Line("cents"), m.Line("account"))
	}
	if !m.Mentions("$account") || m.Mentions("$page") {
		t.Error("a library's variables are mentioned, and no others")
	}
	if libs := m.Libs(); len(libs) != 1 || libs[0].Name() != "money" {
		t.Errorf("libraries %v", libs)
	}
	code, bad := m.Compile("usage")
	if code == nil {
		t.Fatal(bad)
	}
	if refs := code.Refs(); !slices.ContainsFunc(refs, func(r Ref) bool { return r.Root == "$account" && r.Line == 4 && r.Col == 22 }) {
		t.Errorf("what a library reads stands in its own text: %v", refs)
	}
	in, err := Decode([]byte(`{"c":{"amount":1500},"q":1.10}`))
	if err != nil {
		t.Fatal(err)
	}
	v, err := code.One(context.Background(), in, map[string]any{"id": "a-1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := new(Encoder).AppendValue(nil, v); string(got) != `{"c":1.500,"id":"a-1","p":2.20}` {
		t.Errorf("%s", got)
	}
}

func TestIncludeFindings(t *testing.T) {
	for _, c := range []struct {
		name, text string
		kind       Kind
		want       string
	}{
		{"a library that there is not", "include \"monney\";\ndef usage: 1;", Mapping, `f:1:1: include: there is no library "monney" (fix: did you mean money?)`},
		{"one with another name", "include \"prices\";\ndef usage: 1;", Mapping, `f:1:1: include: there is no library "prices" (fix: there are: money, broken, loose, torn, chain)`},
		{"twice", "include \"money\";\ninclude \"money\";\ndef usage: 1;", Mapping, `f:2:1: include: "money" is included twice (fix: keep one of them)`},
		{"an import", "import \"money\" as m;\ndef usage: 1;", Mapping, "f:1:1: host: a program can't import (fix: write `include \"name\";` for a library of the folder lib, or the definition here)"},
		{"with a place to search", "include \"money\" {search: \"/etc\"};\ndef usage: 1;", Mapping, "f:1:1: host: a program can't import (fix: write `include \"name\";` for a library of the folder lib, or the definition here)"},
		{"of a slot", "include \"money\"; .", Slot, "f:1:1: host: a program can't import (fix: write `include \"name\";` for a library of the folder lib, or the definition here)"},
		{"a library with a finding", "include \"broken\";\ndef usage: 1;", Mapping, "lib/broken.jq:3:5: repeat: an operand of * may be a string, which would be repeated, and * rounds (fix: use `dmul(x)`, or `dshift(n)` for a power of ten)"},
		{"a library with an expression", "include \"loose\";\ndef usage: 1;", Mapping, "lib/loose.jq:3:1: module: an expression stands outside of every definition (fix: put it into a `def`)"},
		{"a library that is cut off", "include \"torn\";\ndef usage: 1;", Mapping, "lib/torn.jq:2:9: syntax: unexpected EOF (fix: something is left open: a bracket, an `if` without `end`, a `def` without `;`)"},
		{"a library that includes", "include \"chain\";\ndef usage: 1;", Mapping, "lib/chain.jq:1:1: include: a library includes nothing itself (fix: write the definition here)"},
		{"a finding behind an include", "include \"money\";\ndef usage: now;", Mapping, "f:2:12: clock: now reads the clock, so that no run could be repeated (fix: in a connector's slot use `.now`)"},
	} {
		opt := includes
		opt.Kind = c.kind
		_, findings := ParseModule(Source{File: "f", Text: c.text}, opt)
		if len(findings) != 1 || findings[0].String() != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.name, findings, c.want)
		}
	}
}

func TestLintLibrary(t *testing.T) {
	for i, want := range []int{0, 1, 1, 1, 1} {
		if findings := LintLibrary(testLibs[i], includes); len(findings) != want {
			t.Errorf("%s: %v", testLibs[i].File, findings)
		}
	}
}
