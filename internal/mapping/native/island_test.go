package native

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

func compiled(t *testing.T, text string) (*Code, []Reason) {
	t.Helper()
	code, findings := jq.Compile(jq.Source{File: "p.jq", Text: text}, jq.Options{Kind: jq.Mapping, Vars: []string{"$query"}})
	if code == nil {
		t.Fatal(findings)
	}
	return Compile(code.Core(), 1, nil)
}

// What has no compiled form is said at its place, and the smallest expression around it that can be is given to gojq.
func TestIslands(t *testing.T) {
	for _, c := range []struct {
		name, program string
		compiles      bool
		reasons       []string
	}{
		{"everything compiles", `{a: .b}`, true, nil},
		{"a function", `{a: [paths], b: 1}`, true, []string{"p.jq:1:6: the function paths/0"}},
		{"two of them", `[paths], [tostream]`, true, []string{"p.jq:1:2: the function paths/0", "p.jq:1:11: the function tostream/0"}},
		{"once, where it is called twice", "def f: paths; [f], [f]", true, []string{"p.jq:1:8: the function paths/0"}},
		{"a path that is assigned to", `{a: (.b | .[1:] = [])}`, true, []string{"p.jq:1:12: an assignment to such a path"}},
		{"the whole program", `.[1:] = [3]`, false, []string{"p.jq:1:2: an assignment to such a path"}},
		{"a definition that is the whole program", `def f: paths; f`, false, []string{"p.jq:1:8: the function paths/0"}},
		{"no form at all", `[. as [$a] ?// $a | $a]`, false, []string{"p.jq:1:19: patterns with ?// between them"}},
		{"with the label that is left", `[label $f | path(.a?, break $f)]`, true, []string{"p.jq:1:13: the function path/1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, reasons := compiled(t, c.program)
			var got []string
			for _, r := range reasons {
				got = append(got, r.Pos.String()+": "+r.Why)
			}
			if (code != nil) != c.compiles || !slices.Equal(got, c.reasons) {
				t.Errorf("compiles is %v, for %q", code != nil, got)
			}
		})
	}
}

func ran(t *testing.T, code *Code, item, query string) (outs []any, sure bool) {
	t.Helper()
	m := code.Machine()
	defer code.Rest(m)
	if _, ok := m.Bind(0, []byte(query)); !ok {
		t.Fatal("the root was not bound")
	}
	m.Scan([]byte(item), 0, true)
	sure = m.Run(context.Background(), time.Second, func(o Output) bool {
		outs = append(outs, o.Any())
		return true
	})
	return outs, sure
}

func TestIslandsSeeVariablesAndRoots(t *testing.T) {
	code, _ := compiled(t, `.n as $n | .b as $b | [path(.a | if $n == $query.n and $b == null then .x else .y end)]`)
	if outs, sure := ran(t, code, `{"n":1,"a":{}}`, `{"n":1}`); !sure || !slices.Equal(outs[0].([]any)[0].([]any), []any{"a", "x"}) {
		t.Errorf("the outputs are %v, %v", outs, sure)
	}
}

// A value that nests too deep to be looked at makes the item bail.
func TestTooDeepBails(t *testing.T) {
	code, _ := compiled(t, `reduce .[] as $x (0; [.]) | . == .`)
	item := "[" + strings.Repeat("1,", 2*maxNesting) + "1]"
	if outs, sure := ran(t, code, item, ``); sure {
		t.Errorf("a value of %d levels gives %v", 2*maxNesting, outs)
	}
	if outs, sure := ran(t, code, "[1,1]", ``); !sure || outs[0] != true {
		t.Errorf("behind it the outputs are %v, %v", outs, sure)
	}
}
