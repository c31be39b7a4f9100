package jq

import (
	"fmt"
	"sync/atomic"

	"github.com/itchyny/gojq"
)

// Counted is the module with a counter in each branch: in the arms of an if, on the right of //, behind a catch, in
// the alternatives of ?//, in both outcomes of a select, and at the start of each definition. It gives the same
// outputs, and is slower. What names a path, such as the left of an assignment, is not counted: a path is made of
// nothing but steps.
func (m *Module) Counted() (*Module, *Counts, error) {
	f, findings := parse(m.file.src, m.file.opt)
	if f == nil || Failed(findings) {
		return nil, nil, fmt.Errorf("counting the branches of %s: it does not compile", m.file.src.File)
	}
	c := &counter{file: f, counts: &Counts{}, steps: pathFuncs(f.query)}
	for _, d := range f.own() { // a library's branches are for all who include it
		c.def(d, true)
	}
	c.counts.taken = make([]atomic.Uint64, len(c.counts.branches))
	f.extra = c.functions()
	return &Module{file: m.file, counted: f}, c.counts, nil
}

// counter rewrites a tree in place. The functions that it calls start with an underscore and are unknown to the lint,
// so that no program can call them.
type counter struct {
	*file
	counts *Counts
	steps  map[string]bool // definitions that name paths somewhere
}

func (c *counter) functions() []gojq.CompilerOption {
	count := func(v any, i int) any {
		c.counts.taken[i].Add(1)
		return v
	}
	return []gojq.CompilerOption{
		gojq.WithFunction("_taken", 1, 1, func(v any, xs []any) any { return count(v, xs[0].(int)) }),
		gojq.WithFunction("_held", 1, 1, func(v any, xs []any) any {
			if v == nil || v == false {
				return count(v, xs[0].(int)+1)
			}
			return count(v, xs[0].(int))
		}),
	}
}

// branch is the number of a new one.
func (c *counter) branch(at spot, what string) int {
	line, col := c.src.at(at.offset)
	c.counts.branches = append(c.counts.branches, Branch{Line: line, Col: col, What: what})
	return len(c.counts.branches) - 1
}

// calling is the query of a counting function.
func calling(name string, n int) *gojq.Query {
	arg := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeNumber, Number: fmt.Sprint(n)}}
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name, Args: []*gojq.Query{arg}}}}
}

// taken puts a counter before a query.
func (c *counter) taken(q *gojq.Query, at spot, what string) *gojq.Query {
	return &gojq.Query{Op: gojq.OpPipe, Left: calling("_taken", c.branch(at, what)), Right: q}
}

func (c *counter) def(d *gojq.FuncDef, top bool) {
	if c.steps[signature(d.Name, len(d.Args))] {
		return
	}
	at := c.places.at(d)
	first := len(c.counts.branches)
	if top {
		c.branch(at, "def "+d.Name)
	}
	c.query(d.Body)
	if top {
		d.Body = &gojq.Query{Op: gojq.OpPipe, Left: calling("_taken", first), Right: d.Body}
	}
}

func (c *counter) query(q *gojq.Query) {
	if q == nil {
		return
	}
	for _, d := range q.FuncDefs {
		c.def(d, false)
	}
	switch {
	case q.Term != nil:
		c.term(q.Term)
		return
	case q.Right == nil:
		return
	}
	switch q.Op {
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
	default:
		c.query(q.Left)
	}
	at := c.places.query(q.Right)
	c.query(q.Right)
	if q.Op == gojq.OpAlt {
		q.Right = c.taken(q.Right, at, "right side of //")
	}
	if len(q.Patterns) > 1 {
		c.patterns(q)
	}
}

// patterns counts the alternatives of a chain: E as A ?// B becomes [E, {}] as [A, {counter: $_}] ?// [B, …], in which
// the counter is reached when the alternative before it fits.
func (c *counter) patterns(q *gojq.Query) {
	empty := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeObject, Object: &gojq.Object{}}}
	identity := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIdentity}}
	pair := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeArray, Array: &gojq.Array{Query: &gojq.Query{Op: gojq.OpComma, Left: identity, Right: empty}}}}
	q.Left = &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeQuery, Query: &gojq.Query{Op: gojq.OpPipe, Left: q.Left, Right: pair}}}
	name := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeString, Str: &gojq.String{Str: "_"}}}
	for i, p := range q.Patterns {
		n := c.branch(c.places.at(p), fmt.Sprintf("alternative %d of ?//", i+1))
		key := &gojq.Query{Op: gojq.OpPipe, Left: name, Right: calling("_taken", n)}
		q.Patterns[i] = &gojq.Pattern{Array: []*gojq.Pattern{p, {Object: []*gojq.PatternObject{{KeyQuery: key, Val: &gojq.Pattern{Name: "$_"}}}}}}
	}
}

func (c *counter) queries(qs ...*gojq.Query) {
	for _, q := range qs {
		c.query(q)
	}
}

func (c *counter) term(t *gojq.Term) {
	switch t.Type {
	case gojq.TermTypeIndex:
		c.index(t.Index)
	case gojq.TermTypeFunc:
		c.call(t.Func)
	case gojq.TermTypeObject:
		for _, kv := range t.Object.KeyVals {
			c.str(kv.KeyString)
			c.queries(kv.KeyQuery, kv.Val)
		}
	case gojq.TermTypeArray:
		c.query(t.Array.Query)
	case gojq.TermTypeUnary:
		c.term(t.Unary.Term)
	case gojq.TermTypeFormat, gojq.TermTypeString:
		c.str(t.Str)
	case gojq.TermTypeIf:
		c.conditional(t)
	case gojq.TermTypeTry:
		c.query(t.Try.Body)
		if t.Try.Catch != nil {
			at := c.places.query(t.Try.Catch)
			c.query(t.Try.Catch)
			t.Try.Catch = grouped(c.taken(t.Try.Catch, at, "catch"))
		}
	case gojq.TermTypeReduce:
		c.queries(t.Reduce.Query, t.Reduce.Start, t.Reduce.Update)
	case gojq.TermTypeForeach:
		c.queries(t.Foreach.Query, t.Foreach.Start, t.Foreach.Update, t.Foreach.Extract)
	case gojq.TermTypeLabel:
		c.query(t.Label.Body)
	case gojq.TermTypeQuery:
		c.query(t.Query)
	}
	for _, s := range t.SuffixList {
		if s.Index != nil {
			c.index(s.Index)
		}
	}
}

// grouped is a query as a term of its own.
func grouped(q *gojq.Query) *gojq.Query {
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeQuery, Query: q}}
}

// conditional counts the arms; one that is not written is counted too, at its if.
func (c *counter) conditional(t *gojq.Term) {
	arm := func(q *gojq.Query, what string) *gojq.Query {
		at := c.places.query(q)
		n := len(c.counts.branches)
		c.branch(at, what)
		c.query(q)
		return &gojq.Query{Op: gojq.OpPipe, Left: calling("_taken", n), Right: q}
	}
	f := t.If
	c.query(f.Cond)
	f.Then = arm(f.Then, "then")
	for _, b := range f.Elif {
		c.query(b.Cond)
		b.Then = arm(b.Then, "elif")
	}
	if f.Else != nil {
		f.Else = arm(f.Else, "else")
		return
	}
	f.Else = calling("_taken", c.branch(c.places.at(t), "else that is not written"))
}

func (c *counter) index(x *gojq.Index) {
	c.str(x.Str)
	c.queries(x.Start, x.End)
}

func (c *counter) str(s *gojq.String) {
	if s != nil {
		c.queries(s.Queries...)
	}
}

func (c *counter) call(f *gojq.Func) {
	if pathTakers[signature(f.Name, len(f.Args))] {
		return
	}
	c.queries(f.Args...)
	if f.Name == "select" && len(f.Args) == 1 {
		n := c.branch(c.places.at(f), "select that holds")
		c.branch(c.places.at(f), "select that refuses")
		f.Args[0] = &gojq.Query{Op: gojq.OpPipe, Left: f.Args[0], Right: calling("_held", n)}
	}
}

// pathTakers are the functions whose argument names a path.
var pathTakers = set("path/1 del/1 pick/1")
