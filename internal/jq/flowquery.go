package jq

import (
	"strings"

	"github.com/itchyny/gojq"
)

// scene maps what is in scope to its value: names, with flows.
type scene = bindings[*Flow]

// maxFollowed bounds the nodes that are visited, as maxTraced does; values are larger here than paths.
const maxFollowed = 20_000

// follower runs a program on what is known of its input, definitions inlined.
type follower struct {
	*file
	minds []track // everything that decided something
	steps int
}

func (w *follower) program(q *gojq.Query) *Flow {
	var s *scene
	for _, v := range w.opt.Vars {
		s = &scene{up: s, name: v, value: &Flow{tracks: []track{{root: v}}}}
	}
	return w.query(q, &Flow{tracks: []track{{root: "."}}}, s)
}

// queries is what some arguments are made of.
func (w *follower) queries(in *Flow, s *scene, qs ...*gojq.Query) *Flow {
	out := &Flow{made: true}
	for _, q := range qs {
		if q != nil {
			out.absorb(w.query(q, in, s))
		}
	}
	return out
}

// decides notes what decided something.
func (w *follower) decides(v *Flow) *Flow {
	w.minds = union(w.minds, computed(v).reads)
	return v
}

func (w *follower) query(q *gojq.Query, in *Flow, s *scene) *Flow {
	if w.steps++; w.steps > maxFollowed {
		return anything(in)
	}
	for _, d := range q.FuncDefs {
		s = &scene{up: s, name: d.Name, arity: len(d.Args), def: d}
		s.scope = s
	}
	switch {
	case q.Term != nil:
		return w.term(q.Term, in, s)
	case q.Right == nil:
		return in
	case q.Op == gojq.OpPipe:
		v := w.query(q.Left, in, s)
		if len(q.Patterns) > 0 {
			return w.query(q.Right, in, w.bind(q.Patterns, v, in, s))
		}
		if v == nil {
			return nil
		}
		return w.query(q.Right, v, s)
	}
	l, r := w.query(q.Left, in, s), w.query(q.Right, in, s)
	switch q.Op {
	case gojq.OpComma:
		return either(l, r)
	case gojq.OpAlt:
		if l != nil && l.null {
			l = either(l, nil)
			given := *l
			given.null = false
			l = &given
		}
		return either(l, r)
	case gojq.OpAdd, gojq.OpSub, gojq.OpMul, gojq.OpDiv, gojq.OpMod:
		return w.arithmetic(q, l, r)
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		out := anything(in, r)
		if q.Op != gojq.OpAssign && q.Op != gojq.OpModify && q.Op != gojq.OpUpdateAlt {
			out.ops = append(out.ops, w.operation(q, strings.TrimSuffix(q.Op.String(), "=")))
		}
		return out
	case gojq.OpEq, gojq.OpNe: // whether something is null says nothing about what is below it
		l, r = l.against(r), r.against(l)
	}
	return told(l, r) // and, or, comparisons
}

func (w *follower) operation(node any, name string) Operation {
	at := w.places.at(node)
	src := w.source(at)
	line, col := src.at(at.offset)
	return Operation{name, src.File, line, col}
}

// arithmetic is an operator that means something else for objects, lists and texts.
func (w *follower) arithmetic(q *gojq.Query, l, r *Flow) *Flow {
	if l == nil || r == nil {
		return nil
	}
	if class(q.Left, maxClass) == isString || class(q.Right, maxClass) == isString {
		return computed(l, r)
	}
	switch {
	case q.Op == gojq.OpAdd && (l.nothing() || r.nothing()):
		return either(l, r)
	case (q.Op == gojq.OpAdd || q.Op == gojq.OpMul) && (l.fields != nil || r.fields != nil || l.spread != nil || r.spread != nil || l.rest != nil || r.rest != nil):
		return l.plus(r)
	case q.Op == gojq.OpAdd && (l.list || r.list):
		return listOf(either(l.each(spot{}), r.each(spot{})))
	case q.Op == gojq.OpSub && (l.list || r.list):
		return l
	case q.Op == gojq.OpAdd: // of two numbers, or of two objects or lists whose members can be followed
		out := computed(l, r)
		out.tracks = union(l.tracks, r.tracks)
		out.ops = append(out.ops, w.operation(q, "+"))
		return out
	}
	out := computed(l, r)
	out.ops = append(out.ops, w.operation(q, q.Op.String()))
	return out
}

// bind gives the variables of some patterns their values; of a chain with ?// every one may have been the one.
func (w *follower) bind(ps []*gojq.Pattern, v, in *Flow, s *scene) *scene {
	for _, p := range ps {
		s = w.pattern(p, v, in, s)
	}
	return s
}

func (w *follower) pattern(p *gojq.Pattern, v, in *Flow, s *scene) *scene {
	if p.Name != "" {
		if v == nil {
			v = &Flow{null: true}
		}
		return &scene{up: s, name: p.Name, value: v}
	}
	for _, e := range p.Array {
		s = w.pattern(e, v.each(w.places.at(p)), in, s)
	}
	for _, e := range p.Object {
		at := w.places.at(e)
		var m *Flow
		switch {
		case e.Key != "" && e.Key[0] == '$':
			m = v.member(e.Key[1:], at)
			s = &scene{up: s, name: e.Key, value: m}
		case e.Key != "":
			m = v.member(e.Key, at)
		case e.KeyString != nil && e.KeyString.Queries == nil:
			m = v.member(e.KeyString.Str, at)
		default:
			m = v.each(at)
		}
		if e.Val != nil {
			s = w.pattern(e.Val, m, in, s)
		}
	}
	return s
}
