package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/worker"
)

// Layer says whose a mapping is.
type Layer string

// The layers, each laid over the one before it.
const (
	Base        Layer = "base"
	Environment Layer = "environment"
	Account     Layer = "account"
)

// baseRoot is the root that overrides have beside those of a mapping: the record below.
const baseRoot = "$base"

// Override is a mapping to be laid over another one: compiled, immutable and shared. For each record that the mapping
// below makes of an item it is run with the item as its input and the record as $base.
type Override struct {
	layer     Layer
	hash      uint64
	resources map[string]*overlay
	pool      *worker.Pool // of the processes that it runs in, where its overlays run apart
}

// overlay is the override of one resource.
type overlay struct {
	src       jq.Source
	def       string // its definition in a file; "" where the text is an expression
	line, col int
	code      *jq.Code
	apart     *worker.Program // nil where it runs in this process
}

// CompileOverride compiles a file of overrides: one definition for each resource, as in a mapping. It is nil where a
// finding is an error.
func CompileOverride(layer Layer, src jq.Source, m *Model, libs ...jq.Source) (*Override, []jq.Finding) {
	mod, findings := jq.ParseModule(src, overrideOptions(libs))
	if mod == nil {
		return nil, findings
	}
	o := newOverride(layer, m, src.Text)
	for _, r := range m.Resources {
		if !slices.Contains(mod.Funcs(), r.Name) {
			continue
		}
		code, bad := mod.Compile(r.Name)
		u := &overlay{src: src, def: r.Name, code: code}
		u.line, u.col = mod.Place(r.Name)
		findings = append(append(findings, bad...), o.add(r, u)...)
	}
	if len(o.resources) == 0 && !jq.Failed(findings) {
		findings = append(findings, noResource(src, m))
	}
	if jq.Failed(findings) {
		return nil, findings
	}
	return o, findings
}

// CompileOverrides compiles one expression for each resource, by its name.
func CompileOverrides(layer Layer, texts map[string]jq.Source, m *Model, libs ...jq.Source) (*Override, []jq.Finding) {
	return newOverride(layer, m).compile(texts, m, overrideOptions(libs))
}

// CompileUntrusted is CompileOverrides for an account whose overrides are not the operator's: they may call less, and run in
// the processes of a pool.
func CompileUntrusted(pool *worker.Pool, texts map[string]jq.Source, m *Model, libs ...jq.Source) (*Override, []jq.Finding) {
	o, opt := newOverride(Account, m), overrideOptions(libs)
	o.pool, opt.Untrusted = pool, true
	return o.compile(texts, m, opt)
}

func (o *Override) compile(texts map[string]jq.Source, m *Model, opt jq.Options) (*Override, []jq.Finding) {
	var findings []jq.Finding
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		src := texts[name]
		o.hash = hashOf(fmt.Sprint(o.hash), name, src.Text)
		r := m.Resource(name)
		if r == nil {
			line, col := src.Start()
			findings = append(findings, jq.Finding{File: src.File, Line: line, Col: col, Rule: "unknown-resource", Text: "the model has no resource " + name, Fix: "did you mean " + near.Any(name, m.Names()) + "?"})
			continue
		}
		code, found := jq.Compile(src, opt)
		u := &overlay{src: src, code: code}
		u.line, u.col = src.Start()
		if opt.Untrusted && code != nil {
			u.apart = worker.NewProgram(worker.Program{Text: src.Text, Libs: code.Libs(), Vars: roots, Each: baseRoot})
		}
		findings = append(append(findings, found...), o.add(r, u)...)
	}
	if jq.Failed(findings) {
		return nil, findings
	}
	return o, findings
}

func overrideOptions(libs []jq.Source) jq.Options {
	opt := options(libs)
	opt.Vars, opt.Each = append(slices.Clone(roots), baseRoot), baseRoot
	return opt
}

func newOverride(layer Layer, m *Model, texts ...string) *Override {
	return &Override{layer: layer, hash: hashOf(append(texts, string(layer), fmt.Sprint(m.hash))...), resources: map[string]*overlay{}}
}

// add takes a compiled resource in, and holds the fields that it writes out to the model.
func (o *Override) add(r *Resource, u *overlay) (findings []jq.Finding) {
	if u.code == nil {
		return nil
	}
	o.resources[r.Name] = u
	for _, lib := range u.code.Libs() {
		o.hash = hashOf(fmt.Sprint(o.hash), lib.Text)
	}
	for _, a := range u.code.Assigns().Fields {
		if a.Path[0] == Replace {
			a.Path = a.Path[1:]
		}
		findings = append(findings, unknownField(r, a)...)
	}
	return findings
}

// unknownField holds a member that an output is given to the model: every step of its path is a field.
func unknownField(r *Resource, a jq.Assign) []jq.Finding {
	fields := r.Fields
	for i, name := range a.Path {
		if i == 0 && slices.Contains(beside, name) {
			return nil
		}
		f := fieldOf(fields, name)
		if f == nil {
			known := make([]string, len(fields))
			for i, k := range fields {
				known[i] = k.Name
			}
			return []jq.Finding{{File: a.File, Line: a.Line, Col: a.Col, Rule: "unknown-field",
				Text: strings.Join(a.Path[:i+1], ".") + " is no field of " + r.Name, Fix: "did you mean " + near.Any(name, known) + "?"}}
		}
		if fields = f.Fields; fields == nil {
			return nil
		}
	}
	return nil
}

func fieldOf(fields []*Field, name string) *Field {
	if i := slices.IndexFunc(fields, func(f *Field) bool { return f.Name == name }); i >= 0 {
		return fields[i]
	}
	return nil
}

// Resources lists what the override changes, by name.
func (o *Override) Resources() []string { return slices.Sorted(maps.Keys(o.resources)) }

// SourceOf is the text that overrides a resource.
func (o *Override) SourceOf(resource string) (jq.Source, bool) {
	if o == nil || o.resources[resource] == nil {
		return jq.Source{}, false
	}
	return o.resources[resource].src, true
}

// Finding is a finding about a resource, at its place.
func (o *Override) Finding(resource, rule, text, fix string) jq.Finding {
	u := o.resources[resource]
	return jq.Finding{File: u.src.File, Line: u.line, Col: u.col, Rule: rule, Text: text, Fix: fix}
}

// Reads is Program.Reads of the override alone.
func (o *Override) Reads(root string, resources ...string) []string {
	var codes []*jq.Code
	for name, u := range o.resources {
		if len(resources) == 0 || slices.Contains(resources, name) {
			codes = append(codes, u.code)
		}
	}
	return firstSteps(codes, root)
}

// changes says whether the override of a resource sets a field, as far as it shows without running it. An object that is
// computed may have any member.
func (u *overlay) changes(path string) bool {
	path = strings.ReplaceAll(path, "[]", "")
	return slices.ContainsFunc(u.code.Assigns().Fields, func(a jq.Assign) bool {
		set := strings.TrimPrefix(strings.Join(a.Path, "."), Replace+".")
		return set == path || strings.HasPrefix(set, path+".") || strings.HasPrefix(path, set+".")
	})
}
