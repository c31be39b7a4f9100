package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// Runs says how the mapping of a resource is run.
type Runs string

// The ways that a mapping is run.
const (
	Compiled    Runs = "compiled"        // on the bytes of each record
	Partly      Runs = "partly compiled" // with expressions that jq's machine runs
	Interpreted Runs = "interpreted"     // by jq's machine
)

// Runs says how the mapping of a resource is run; "" where no file defines it. Overrides are interpreted.
func (p *Program) Runs(resource string) Runs {
	if p == nil {
		return ""
	}
	switch c := p.resources[resource]; {
	case c == nil:
		return ""
	case p.interpreted || c.engine.code == nil:
		return Interpreted
	case len(c.engine.reasons) > 0, slices.ContainsFunc(p.over, func(o *Override) bool { return o.resources[resource] != nil }):
		return Partly
	}
	return Compiled
}

// addNotCompiled adds what jq's machine runs in a compiled mapping's stead, each expression once.
func addNotCompiled(findings []jq.Finding, c *compiled) []jq.Finding {
	what := "jq's machine runs this expression for each record"
	if c.engine.code == nil {
		what = fmt.Sprintf("jq's machine runs all of %s, about ten times slower", c.name)
	}
	for _, r := range c.engine.reasons {
		f := jq.Finding{File: r.File, Line: r.Line, Col: r.Col, Rule: "not-compiled", Text: what + ": " + r.Why, Fix: wayOut(r.Why), Warn: true}
		if !slices.Contains(findings, f) {
			findings = append(findings, f)
		}
	}
	return findings
}

// wayOut is what to write in the place of what has no compiled form.
func wayOut(why string) string {
	for _, w := range [][2]string{
		{"?//", "decide with `if type == \"array\" then … else … end`"},
		{"assignment", "build the value: `. + {name: …}`, `map(…)`"},
		{"the function pa", "name the members: `.a`, `.[]`"},
		{"the function pick", "build it: `{a, b}`"},
		{"does not look at", "leave out what stands before the pipe"},
		{"computed key", "write `{(key): .[key]}`, or `.[key] as $x`"},
	} {
		if strings.Contains(why, w[0]) {
			return w[1]
		}
	}
	return "the records are the same; say it with other functions to have them sooner"
}

// Reasons are why a resource's program does not compile, none where it does.
func (p *Program) Reasons(resource string) (why []string) {
	for _, r := range p.resources[resource].engine.reasons {
		why = append(why, r.Why)
	}
	return why
}
