package jq

import (
	"fmt"

	"github.com/itchyny/gojq"
)

// Module is a file of definitions, each of which can be compiled as a program of its own.
type Module struct {
	file    *file
	counted *file // with counters, what runs in its place; nil where nothing counts
}

// ParseModule parses and lints a file of definitions. The module is nil where a finding is an error.
func ParseModule(src Source, opt Options) (*Module, []Finding) {
	f, findings := parse(src, opt)
	if f == nil || Failed(findings) {
		return nil, findings
	}
	if bad := f.onlyDefinitions(); bad != nil {
		return nil, append(findings, *bad)
	}
	return &Module{file: f}, findings
}

// onlyDefinitions is the finding of an expression that no definition holds.
func (f *file) onlyDefinitions() *Finding {
	if f.query.Term == nil && f.query.Right == nil {
		return nil
	}
	at := f.places.query(&gojq.Query{Term: f.query.Term, Left: f.query.Left})
	bad := f.finding(at, "module", "an expression stands outside of every definition", "put it into a `def`")
	return &bad
}

// Funcs names the definitions without parameters, in the order of the source.
func (m *Module) Funcs() []string { return m.file.funcs() }

// Line is the line on which a definition without parameters starts; 0 where there is none.
func (m *Module) Line(name string) int {
	line, _ := m.Place(name)
	return line
}

// Place is the line and the column of a definition without parameters; 0 where there is none.
func (m *Module) Place(name string) (line, col int) {
	for _, d := range m.file.own() {
		if d.Name == name && len(d.Args) == 0 {
			return m.file.src.at(m.file.places.at(d).offset)
		}
	}
	return 0, 0
}

// Compile makes a program of one definition, with the others in its scope.
func (m *Module) Compile(name string) (*Code, []Finding) {
	f, call := m.file, m.call(name)
	if m.Line(name) == 0 {
		return nil, []Finding{f.src.finding(0, "module", fmt.Sprintf("no definition of %q", name), fmt.Sprintf("add `def %s: …;`", name))}
	}
	runs, program := f, call
	if m.counted != nil {
		runs, program = m.counted, calls(m.counted, name)
	}
	code, bad := runs.compile(program)
	if bad != nil {
		return nil, []Finding{*bad}
	}
	code.refs, code.assigns = f.refs(call), f.assigns(call)
	return code, nil
}

// call is the program that a definition is, with the others in its scope.
func (m *Module) call(name string) *gojq.Query { return calls(m.file, name) }

func calls(f *file, name string) *gojq.Query {
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name}}, FuncDefs: f.query.FuncDefs}
}

// Mentions reports whether the text names a variable anywhere.
func (m *Module) Mentions(variable string) bool { return m.file.mentioned[variable] }
