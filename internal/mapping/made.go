package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// Made says what a mapping makes of one field of the model, as its text says and without a run.
type Made struct {
	FieldInfo
	Mapped bool     // some output can have it
	Always bool     // every output has it, whatever the item holds
	Texts  []string // literals that it can be, as JSON
	Refs   []jq.Ref // what it is made of, and what decides about it
}

// answers are the roots that hold what the provider has answered. A field that reads none of them is a constant of the
// connector, or of its configuration.
var answers = []string{".", "$page", "$lookups", "$parent", "$carry"}

// Constant reports whether nothing that the provider answers makes a difference to the field.
func (m Made) Constant() bool {
	return m.Mapped && !slices.ContainsFunc(m.Refs, func(r jq.Ref) bool { return slices.Contains(answers, r.Root) })
}

// Made lists the fields of a resource in the order of the model; nil where the file does not define it.
func (p *Program) Made(resource string) []Made {
	c := p.resources[resource]
	if c == nil {
		return nil
	}
	flow := p.module.Flow(resource)
	var out []Made
	for _, f := range flatten(nil, "", c.fields) {
		m := Made{FieldInfo: f}
		if v, always := below(flow, f.Path); v != nil && (f.Type != List || v.Elem() != nil) {
			m.Mapped, m.Always, m.Texts, m.Refs = true, always, v.Texts(), v.Refs()
		}
		out = append(out, m)
	}
	return out
}

// below follows a path of the model, charges[].amount; nil where no output has it.
func below(f *jq.Flow, path string) (v *jq.Flow, always bool) {
	always = true
	for step := range strings.SplitSeq(path, ".") {
		name, list := strings.CutSuffix(step, "[]")
		if f == nil {
			return nil, false
		}
		always = always && f.Always(name)
		if f = f.Member(name); f != nil && list {
			f = f.Elem()
		}
	}
	return f, always && f != nil
}

// ReadsOf lists everything that makes the records of a resource, or decides about them, but for the remote data.
func (p *Program) ReadsOf(resource string) []jq.Ref {
	return p.module.Flow(resource).Refs(RemoteData)
}

// exact says what to use in the place of an operation that rounds.
var exact = map[string]string{
	"+": "use `dadd(x)`, or `dsum` of a list", "add": "use `dsum`", "-": "use `dsub(x)`, or `dneg`", "*": "use `dmul(x)`, or `dshift(n)` for a power of ten",
	"/": "use `dshift(-n)` for a power of ten, `dmul(x)` by a decimal, or keep the provider's unit", "tonumber": "use `dec`",
}

// Rounded finds the operations that calculate in binary floating point on the way to an exact field: one of type
// number. An operation on what only decides which value it is, and one on texts, lists and objects, is none of them.
func (p *Program) Rounded() []jq.Finding {
	var out []jq.Finding
	for _, resource := range p.Resources() {
		flow := p.module.Flow(resource)
		for _, f := range flatten(nil, "", p.resources[resource].fields) {
			v, _ := below(flow, f.Path)
			if f.Type != Number || v == nil {
				continue
			}
			for _, o := range v.Operations() {
				fix := exact[o.Name]
				if fix == "" {
					fix = "keep the provider's digits, or use the decimals: dec dsum dadd dsub dmul dneg dshift dcmp"
				}
				out = append(out, jq.Finding{File: o.File, Line: o.Line, Col: o.Col, Rule: "money",
					Text: fmt.Sprintf("%s rounds, and its value is the %s of %s", o.Name, f.Path, resource), Fix: fix})
			}
		}
	}
	return out
}
