// Package jq compiles and runs the jq programs of connectors and mappings, with positions, budgets and house functions.
//
// The language is gojq's. gojq's syntax tree has no positions, so a small lexer is walked beside it and gives every
// node its place; on that stand the lint rules, which refuse what a deadline can't stop (a single native call that
// runs for minutes or takes gigabytes) and what would make a run depend on the clock or the machine. A run has a
// deadline, a bound on its outputs, and no way to panic its caller. Numbers keep the digits they came with: Decode
// leaves them as text, the house functions calculate in exact decimals, the Encoder writes them as they are.
package jq

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/itchyny/gojq"
)

// Kind says what a program is for, and with it which rules hold.
type Kind uint8

const (
	// Slot is an expression inside {{ }} or a condition of a connector: one small program.
	Slot Kind = iota
	// Mapping is a program over provider's items. On top of a slot's rules it may neither multiply nor subtract
	// values whose types are unknown.
	Mapping
)

// The budgets of a program, tested at the limit and one past it.
const (
	MaxSource      = 64 << 10 // bytes of a program
	MaxUntrusted   = 8 << 10  // bytes of one that is untrusted, since to read a text takes time by the square of its depth
	MaxOutputs     = 10_000   // outputs of one run
	DefaultTimeout = 250 * time.Millisecond
)

// Options of a program; the zero value is a slot without variables.
type Options struct {
	Kind       Kind
	Libs       []Source      // what a mapping may include, each by its file's name without .jq
	Vars       []string      // names of the variables that a run is given, "$query"
	Each       string        // the one of them that each run of a session brings anew; "" for none
	Untrusted  bool          // its author is not the operator: it may call nothing but what few programs need
	Unlinted   bool          // for tests of what else bounds a program
	Condition  bool          // it decides something, so that it assigns nothing
	Objects    []string      // members of the input that are spans of time, {start, end}
	Timeout    time.Duration // of one run; DefaultTimeout if 0
	MaxOutputs int           // of one run; MaxOutputs if 0
}

// Code is a compiled program. It is immutable and may run in many goroutines at once.
type Code struct {
	code    *gojq.Code
	query   *gojq.Query
	file    *file    // that it was compiled from, to be lowered; nil of a slot
	steps   straight // nil where only gojq can run it
	vars    []string
	each    string
	given   []gojq.CompilerOption // functions and variables
	refs    []Ref
	assigns Assigned
	funcs   []string
	names   map[string]bool // variables that the text names
	libs    []Source
	timeout time.Duration
	outputs int

	once   sync.Once // of the form that sessions run
	fed    *gojq.Code
	fedErr error
}

// Compile compiles one expression. The code is nil where a finding is an error.
func Compile(src Source, opt Options) (*Code, []Finding) {
	f, findings := parse(src, opt)
	if f == nil || Failed(findings) {
		return nil, findings
	}
	if f.query.Term == nil && f.query.Right == nil {
		return nil, append(findings, src.finding(len(src.Text), "syntax", "the program has definitions and no expression", "end it with an expression, such as `.`"))
	}
	code, bad := f.compile(f.query)
	if bad != nil {
		return nil, append(findings, *bad)
	}
	code.refs, code.assigns = f.refs(f.query), f.assigns(f.query)
	return code, findings
}

// Refs lists what the program reads by a static path, in the order of the source.
func (c *Code) Refs() []Ref { return c.refs }

// Funcs names the top-level definitions, in the order of the source.
func (c *Code) Funcs() []string { return c.funcs }

// Mentions reports whether the text that the program is a part of names a variable anywhere.
func (c *Code) Mentions(variable string) bool { return c.names[variable] }

// Libs are the libraries that the text includes.
func (c *Code) Libs() []Source { return c.libs }

// file is a program that was parsed and linted. What it includes stands before its own definitions.
type file struct {
	src       Source
	libs      []Source // that it includes
	opt       Options
	query     *gojq.Query
	included  int // definitions of the query that are libraries'
	places    places
	mentioned map[string]bool // variables
	extra     []gojq.CompilerOption
}

func parse(src Source, opt Options) (*file, []Finding) {
	f, bad := read(src, opt)
	if bad != nil {
		return nil, []Finding{*bad}
	}
	if findings := f.include(); len(findings) > 0 {
		return f, findings
	}
	if opt.Unlinted {
		return f, nil
	}
	return f, f.check()
}

// read parses one text and gives every node its place.
func read(src Source, opt Options) (*file, *Finding) {
	most := MaxSource
	if opt.Untrusted {
		most = MaxUntrusted
	}
	if len(src.Text) > most {
		bad := src.finding(0, "size", fmt.Sprintf("the program has %d bytes, the limit is %d", len(src.Text), most), "split it")
		return nil, &bad
	}
	q, err := gojq.Parse(src.Text)
	if err != nil {
		bad := syntaxError(src, err)
		return nil, &bad
	}
	tokens := lex(src.Text)
	f := &file{src: src, opt: opt, query: q, places: place(tokens, q), mentioned: map[string]bool{}}
	for _, t := range tokens {
		if t.kind == tokVar {
			f.mentioned[t.text] = true
		}
	}
	return f, nil
}

// own are the definitions that stand in the file itself.
func (f *file) own() []*gojq.FuncDef { return f.query.FuncDefs[f.included:] }

// funcs names the file's own definitions without parameters.
func (f *file) funcs() []string {
	var names []string
	for _, d := range f.own() {
		if len(d.Args) == 0 {
			names = append(names, d.Name)
		}
	}
	return names
}

// finding reports at the place of a node, in the text that it stands in.
func (f *file) finding(at spot, rule, text, fix string) Finding {
	return f.source(at).finding(at.offset, rule, text, fix)
}

// source is the text that a place is in.
func (f *file) source(at spot) Source {
	if at.lib == 0 {
		return f.src
	}
	return f.libs[at.lib-1]
}

func (f *file) compile(q *gojq.Query) (*Code, *Finding) {
	given := slices.Concat(houseOptions, f.extra, []gojq.CompilerOption{gojq.WithVariables(f.opt.Vars)})
	code, err := gojq.Compile(q, given...)
	if err != nil { // check knows every name; this is for what a new gojq may refuse
		bad := f.src.finding(0, "compile", err.Error(), "")
		return nil, &bad
	}
	c := &Code{code: code, query: q, steps: straightOf(q), given: given, vars: f.opt.Vars, each: f.opt.Each, funcs: f.funcs(), names: f.mentioned, libs: f.libs, timeout: f.opt.Timeout, outputs: f.opt.MaxOutputs}
	if f.opt.Kind == Mapping {
		c.file = f
	}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if c.outputs <= 0 {
		c.outputs = MaxOutputs
	}
	return c, nil
}
