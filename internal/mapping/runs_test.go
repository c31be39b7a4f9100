package mapping

import (
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
)

func TestRuns(t *testing.T) {
	for _, c := range []struct {
		name, usage string
		runs        Runs
		finding     string
	}{
		{"compiled", `{id}`, Compiled, ""},
		{"a part of it is not", `{id: .id, metric_name: ([paths] | tojson)}`, Partly,
			"acme.jq:2:37: not-compiled: jq's machine runs this expression for each record: the function paths/0 (fix: name the members: `.a`, `.[]`)"},
		{"none of it is", `.list[1:] = []`, Interpreted,
			"acme.jq:2:17: not-compiled: jq's machine runs all of usage, about ten times slower: an assignment to such a path (fix: build the value: `. + {name: …}`, `map(…)`)"},
		{"what has no form", `.id as [$id] ?// $id | {$id}`, Interpreted,
			"acme.jq:2:33: not-compiled: jq's machine runs all of usage, about ten times slower: patterns with ?// between them (fix: decide with `if type == \"array\" then … else … end`)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, findings := Compile(jq.Source{File: "acme.jq", Text: "# Acme\ndef usage: " + c.usage + ";"}, model(t))
			if p == nil {
				t.Fatal(findings)
			}
			if got := p.Runs("usage"); got != c.runs {
				t.Errorf("usage is %s, want %s", got, c.runs)
			}
			switch {
			case c.finding == "" && len(findings) > 0, c.finding != "" && len(findings) != 1:
				t.Errorf("findings: %v", findings)
			case c.finding != "" && (findings[0].String() != c.finding || !findings[0].Warn):
				t.Errorf("%v, want %s", findings[0], c.finding)
			}
			if p.Runs("products") != "" {
				t.Error("a resource that is not defined runs")
			}
		})
	}
}
