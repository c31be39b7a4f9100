package mapping

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// Vars are the JSON values that stand beside the item: the roots of a mapping. An empty one is null.
type Vars struct {
	Query   []byte // what the caller asked for
	Account []byte // the integrated account, without its credentials
	Call    []byte // the effective request: connector.Call.JSON
	Page    []byte // the members beside the items
	Lookups []byte // the connector's lookups, by name
}

// roots are the variables in the order of a run's values. $base is kept for overrides.
var roots = []string{"$query", "$account", "$call", "$page", "$lookups"}

func (v *Vars) list() [5][]byte {
	return [5][]byte{v.Query, v.Account, v.Call, v.Page, v.Lookups}
}

// Program is a compiled mapping file, immutable and shared.
type Program struct {
	src       jq.Source
	hash      uint64
	module    *jq.Module
	resources map[string]*compiled
	mentions  [5]bool // which of the roots the text names at all
}

// compiled is the program of one resource.
type compiled struct {
	name   string
	line   int
	code   *jq.Code
	fields []*Field
}

// Compile compiles every definition that is named as a resource of the model. The program is nil where a finding is
// an error.
func Compile(src jq.Source, m *Model) (*Program, []jq.Finding) {
	mod, findings := jq.ParseModule(src, jq.Options{Kind: jq.Mapping, Vars: roots})
	if !strings.HasPrefix(strings.TrimSpace(src.Text), "#") {
		findings = append(findings, jq.Finding{File: src.File, Line: 1, Col: 1, Rule: "header", Text: "the file does not say whose items it maps", Fix: "start it with a comment", Warn: true})
	}
	if mod == nil {
		return nil, findings
	}
	p := &Program{src: src, module: mod, hash: hashOf(src.Text, fmt.Sprint(m.hash)), resources: map[string]*compiled{}}
	for i, root := range roots {
		p.mentions[i] = mod.Mentions(root)
	}
	for _, r := range m.Resources {
		if !slices.Contains(mod.Funcs(), r.Name) {
			continue
		}
		code, bad := mod.Compile(r.Name)
		if findings = append(findings, bad...); code != nil {
			p.resources[r.Name] = &compiled{r.Name, mod.Line(r.Name), code, r.Fields}
		}
	}
	if len(p.resources) == 0 && !jq.Failed(findings) {
		findings = append(findings, jq.Finding{File: src.File, Line: 1, Col: 1, Rule: "no-resource",
			Text: "no definition is named as a resource of the model", Fix: "add `def usage: …;`, or one of " + strings.Join(m.Names(), ", ")})
	}
	if jq.Failed(findings) {
		return nil, findings
	}
	return p, findings
}

// Load compiles the mappings of one model in several folders: every *.jq, named as its connector. A file of a later
// folder replaces the one of that name. A file with an error is left out, and found.
func Load(m *Model, dirs ...fs.FS) (map[string]*Program, []jq.Finding) {
	sources := map[string]jq.Source{}
	var findings []jq.Finding
	for _, dir := range dirs {
		files, err := fs.Glob(dir, "*.jq")
		if err != nil {
			continue
		}
		for _, file := range files {
			text, err := fs.ReadFile(dir, file)
			if err != nil {
				findings = append(findings, jq.Finding{File: file, Line: 1, Col: 1, Rule: "read", Text: err.Error()})
				continue
			}
			sources[strings.TrimSuffix(path.Base(file), ".jq")] = jq.Source{File: file, Text: string(text)}
		}
	}
	programs := map[string]*Program{}
	names := make([]string, 0, len(sources))
	for name := range sources {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p, found := Compile(sources[name], m)
		if findings = append(findings, found...); p != nil {
			programs[name] = p
		}
	}
	return programs, findings
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

// Hash changes with the text of the file and of the model.
func (p *Program) Hash() uint64 { return p.hash }

// Source is the file.
func (p *Program) Source() jq.Source { return p.src }

// Reads lists the first steps below a root that the given resources read, or all of them where none is given, by name:
// Reads("$lookups", "usage") names the lookups that usage needs.
func (p *Program) Reads(root string, resources ...string) []string {
	var names []string
	for _, c := range p.resources {
		if len(resources) > 0 && !slices.Contains(resources, c.name) {
			continue
		}
		for _, r := range c.code.Refs() {
			if r.Root == root && len(r.Path) > 0 && !slices.Contains(names, r.Path[0]) {
				names = append(names, r.Path[0])
			}
		}
	}
	slices.Sort(names)
	return names
}
