package jq

import (
	"slices"

	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/record"
)

// Assigned is what the objects that a program gives have, as far as it shows without running it.
type Assigned struct {
	Fields []Assign
	Open   bool // there may be more: a part of an output is computed
}

// Assign is a field of a program's output, "usage", "unit": an object that is written out is told by its members, and a
// list of such objects by theirs. A field that is always null is none.
type Assign struct {
	Path []string
	File string
	Line int
	Col  int
}

// Assigns is what the program's outputs have. Of $each it is taken that it is there already, so that a program that
// changes it and gives it assigns what it changes.
func (c *Code) Assigns() Assigned { return c.assigns }

// assigner follows the values that become outputs. in is what is known of the input of a query.
type assigner struct {
	*file
	steps, depth int
}

func (f *file) assigns(q *gojq.Query) Assigned {
	if f.opt.Each == "" {
		return Assigned{Open: true} // nobody asks
	}
	a := assigner{file: f}
	return a.query(q, Assigned{Open: true}, nil)
}

var open = Assigned{Open: true}

func (a Assigned) with(b Assigned) Assigned {
	return Assigned{append(slices.Clip(a.Fields), b.Fields...), a.Open || b.Open}
}

func (a *assigner) query(q *gojq.Query, in Assigned, n *names) Assigned {
	if a.steps++; q == nil || a.steps > maxTraced {
		return open
	}
	for _, d := range q.FuncDefs {
		n = &names{up: n, name: d.Name, arity: len(d.Args), def: d}
		n.scope = n
	}
	switch {
	case q.Term != nil:
		return a.term(q.Term, in, n)
	case q.Right == nil:
		return in
	case q.Op == gojq.OpPipe && len(q.Patterns) > 0:
		return a.query(q.Right, in, n)
	case q.Op == gojq.OpPipe:
		return a.query(q.Right, a.query(q.Left, in, n), n)
	case q.Op == gojq.OpComma, q.Op == gojq.OpAdd, q.Op == gojq.OpMul, q.Op == gojq.OpAlt:
		return a.query(q.Left, in, n).with(a.query(q.Right, in, n))
	case q.Op >= gojq.OpAssign:
		return in.with(a.target(q.Left))
	}
	return open
}

// assign is a field that a node writes.
func (a *assigner) assign(key string, node any) Assign {
	return a.file.assign([]string{key}, a.places.at(node))
}

func (f *file) assign(path []string, at spot) Assign {
	src := f.source(at)
	line, col := src.at(at.offset)
	return Assign{path, src.File, line, col}
}

// target is the field that an assignment sets.
func (a *assigner) target(q *gojq.Query) Assigned {
	if q.Term == nil || q.Term.Type != gojq.TermTypeIndex || q.Term.Index.Name == "" {
		return open
	}
	out := a.assign(q.Term.Index.Name, q.Term.Index)
	for _, s := range q.Term.SuffixList {
		if s.Index == nil || s.Index.Name == "" {
			break
		}
		out.Path = append(out.Path, s.Index.Name)
	}
	return Assigned{Fields: []Assign{out}}
}

func (a *assigner) term(t *gojq.Term, in Assigned, n *names) Assigned {
	if len(t.SuffixList) > 0 {
		return open
	}
	switch t.Type {
	case gojq.TermTypeIdentity:
		return in
	case gojq.TermTypeNull:
		return Assigned{}
	case gojq.TermTypeObject:
		var out Assigned
		for _, kv := range t.Object.KeyVals {
			m := a.member(kv, n)
			out.Fields, out.Open = append(out.Fields, m.Fields...), out.Open || m.Open
		}
		return out
	case gojq.TermTypeArray:
		if t.Array.Query == nil {
			return Assigned{}
		}
		return a.query(t.Array.Query, open, n)
	case gojq.TermTypeQuery:
		return a.query(t.Query, in, n)
	case gojq.TermTypeTry:
		return a.query(t.Try.Body, in, n)
	case gojq.TermTypeIf:
		out := a.query(t.If.Then, in, n)
		for _, e := range t.If.Elif {
			out = out.with(a.query(e.Then, in, n))
		}
		if t.If.Else == nil {
			return out.with(in)
		}
		return out.with(a.query(t.If.Else, in, n))
	case gojq.TermTypeFunc:
		return a.call(t.Func, in, n)
	}
	return open
}

// passes are the functions that give their input, a part of it, or nothing.
var passes = []string{"select/1", "del/1", "values/0", "objects/0"}

func (a *assigner) call(f *gojq.Func, in Assigned, n *names) Assigned {
	if f.Name == a.opt.Each {
		return Assigned{}
	}
	if b := n.find(f.Name, len(f.Args)); b != nil {
		if b.def == nil || len(b.def.Args) > 0 {
			return open
		}
		return a.query(b.def.Body, in, b.scope)
	}
	switch sig := signature(f.Name, len(f.Args)); {
	case sig == "empty/0" || sig == "error/0" || sig == "error/1":
		return Assigned{}
	case slices.Contains(passes, sig):
		return in
	}
	return open
}

// member is one key of an object that is written out.
func (a *assigner) member(kv *gojq.ObjectKeyVal, n *names) Assigned {
	key := kv.Key
	switch {
	case key != "" && key[0] == '$':
		key = key[1:]
	case kv.KeyString != nil && kv.KeyString.Queries == nil:
		key = kv.KeyString.Str
	case key == "":
		return open
	}
	whole := a.assign(key, kv)
	if kv.Val == nil || a.depth == record.MaxDepth { // deeper than any record
		return Assigned{Fields: []Assign{whole}}
	}
	a.depth++
	value := a.query(kv.Val, open, n)
	a.depth--
	if value.Open {
		return Assigned{Fields: []Assign{whole}}
	}
	var out Assigned
	for _, v := range value.Fields {
		v.Path = append([]string{key}, v.Path...)
		out.Fields = append(out.Fields, v)
	}
	return out
}
