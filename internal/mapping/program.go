package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// Vars are the JSON values that stand beside the item: the roots of a mapping. An empty one is null.
type Vars struct {
	Query   []byte // what the caller asked for
	Account []byte // the integrated account, without its credentials
	Call    []byte // the effective request: connector.Call.JSON
	Page    []byte // the answer without its items
	Lookups []byte // the connector's lookups, by name
	Parent  []byte // the outer item of nested ones, or the parent that the call was made for
	Carry   []byte // facts of the window's first page
}

// roots are the variables in the order of a run's values. Overrides have $base after them.
var roots = []string{"$query", "$account", "$call", "$page", "$lookups", "$parent", "$carry"}

const parentRoot = 5

func (v *Vars) list() [7][]byte {
	return [7][]byte{v.Query, v.Account, v.Call, v.Page, v.Lookups, v.Parent, v.Carry}
}

// Program is a compiled mapping file, immutable and shared.
type Program struct {
	src       jq.Source
	libs      []jq.Source // that it may include
	hash      uint64
	module    *jq.Module
	resources map[string]*compiled
	mentions  [7]bool // which of the roots the text and its libraries name at all, or an override does
	over      []*Override
	tried     func(Tried)

	interpreted bool // gojq runs everything
}

// compiled is the program of one resource.
type compiled struct {
	name   string
	line   int
	code   *jq.Code
	fields []*Field
	engine *engine
}

// Compile compiles every definition that is named as a resource of the model; libs are what the file may include. The
// program is nil where a finding is an error.
func Compile(src jq.Source, m *Model, libs ...jq.Source) (*Program, []jq.Finding) {
	mod, findings := jq.ParseModule(src, options(libs))
	findings = append(findings, header(src, "whose items it maps")...)
	if mod == nil {
		return nil, findings
	}
	texts := []string{src.Text, fmt.Sprint(m.hash)}
	for _, lib := range mod.Libs() {
		texts = append(texts, lib.Text)
	}
	p := &Program{src: src, libs: libs, module: mod, hash: hashOf(texts...), resources: map[string]*compiled{}}
	for i, root := range roots {
		p.mentions[i] = mod.Mentions(root)
	}
	for _, r := range m.Resources {
		if !slices.Contains(mod.Funcs(), r.Name) {
			continue
		}
		code, bad := mod.Compile(r.Name)
		if findings = append(findings, bad...); code != nil {
			unit := &compiled{r.Name, mod.Line(r.Name), code, r.Fields, newEngine(mod.Core(r.Name), r.Fields)}
			p.resources[r.Name] = unit
			findings = addNotCompiled(findings, unit)
			for _, a := range mod.Built(r.Name) {
				findings = append(findings, unknownField(r, a)...)
			}
		}
	}
	if len(p.resources) == 0 && !jq.Failed(findings) {
		findings = append(findings, noResource(src, m))
	}
	if jq.Failed(findings) {
		return nil, findings
	}
	return p, findings
}

func noResource(src jq.Source, m *Model) jq.Finding {
	return jq.Finding{File: src.File, Line: 1, Col: 1, Rule: "no-resource",
		Text: "no definition is named as a resource of the model", Fix: "add `def usage: …;`, or one of " + strings.Join(m.Names(), ", ")}
}

// Interpreted is the same program, of which gojq runs everything: what the compiled one is compared with.
func (p *Program) Interpreted() *Program {
	q := *p
	q.interpreted = true
	return &q
}

// Has reports whether the file defines the resource.
func (p *Program) Has(resource string) bool { return p.resources[resource] != nil }

// Resources lists what the file defines, by name.
func (p *Program) Resources() []string {
	names := make([]string, 0, len(p.resources))
	for name := range p.resources {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Hash changes with the text of the file, of the overrides laid over it, and of the model.
func (p *Program) Hash() uint64 { return p.hash }

// Source is the file.
func (p *Program) Source() jq.Source { return p.src }

// Core is the mapping of a resource as a tree that a compiler reads; nil where the file does not define it.
func (p *Program) Core(resource string) core.Node {
	if !p.Has(resource) {
		return nil
	}
	return p.resources[resource].code.Core()
}

// Portable is the mapping of a resource as one program for jq itself, which has the roots as its variables; "" where the
// file does not define the resource.
func (p *Program) Portable(resource string) string {
	if !p.Has(resource) {
		return ""
	}
	return p.module.Portable(resource)
}

// Roots are the variables that stand beside the item, such as $query.
func Roots() []string { return slices.Clone(roots) }

// Mentions reports whether the file, or a library of it, names a root anywhere.
func (p *Program) Mentions(root string) bool { return p.mentions[slices.Index(roots, root)] }

// Reads lists the first steps below a root that the given resources read, or all of them where none is given, by name:
// Reads("$lookups", "usage") names the lookups that usage needs.
func (p *Program) Reads(root string, resources ...string) []string {
	var codes []*jq.Code
	for _, c := range p.resources {
		if len(resources) == 0 || slices.Contains(resources, c.name) {
			codes = append(codes, c.code)
		}
	}
	names := firstSteps(codes, root)
	for _, o := range p.over {
		names = append(names, o.Reads(root, resources...)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ContextReads lists the variables of the account's context that the file reads, by name; all is true where it reads the
// account or its context as a whole.
func (p *Program) ContextReads() (names []string, all bool) {
	for _, c := range p.resources {
		for _, r := range c.code.Refs() {
			switch {
			case r.Root != "$account" || len(r.Path) > 0 && r.Path[0] != "context":
			case len(r.Path) < 2 || r.Path[1] == "[]":
				all = true
			case !slices.Contains(names, r.Path[1]):
				names = append(names, r.Path[1])
			}
		}
	}
	slices.Sort(names)
	return names, all
}

// firstSteps are the first steps below a root that programs read.
func firstSteps(codes []*jq.Code, root string) []string {
	var names []string
	for _, c := range codes {
		for _, r := range c.Refs() {
			if r.Root == root && len(r.Path) > 0 && !slices.Contains(names, r.Path[0]) {
				names = append(names, r.Path[0])
			}
		}
	}
	slices.Sort(names)
	return names
}
