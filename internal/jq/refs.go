package jq

import (
	"slices"

	"github.com/itchyny/gojq"
)

// Ref is a static path that a program reads: of its input (Root ".") or of a variable (Root "$name"). A step that is
// no literal key (an index, an iteration, a computed key) is "[]".
type Ref struct {
	Root string
	Path []string
	Line int // of the first step
	Col  int
}

// maxTraced bounds the nodes that are visited; definitions that call each other twice would double at each level.
const maxTraced = 200_000

// track is what a value is known to be: a path below a root, or nothing.
type track struct {
	root string
	path []string
	pos  int
}

func (t track) step(key string, pos int) track {
	if t.root == "" {
		return t
	}
	if len(t.path) > 0 {
		pos = t.pos
	}
	return track{t.root, append(slices.Clip(t.path), key), pos}
}

// names maps what is in scope to what it stands for.
type names struct {
	up    *names
	name  string
	arity int
	value track         // of a variable
	def   *gojq.FuncDef // of a definition
	arg   *gojq.Query   // of a closure parameter
	scope *names        // where the closure or the definition was written
}

func (n *names) find(name string, arity int) *names {
	for ; n != nil; n = n.up {
		if n.name == name && n.arity == arity {
			return n
		}
	}
	return nil
}

// tracer follows the paths that flow through a program, definitions inlined.
type tracer struct {
	*file
	out   []Ref
	seen  map[string]bool
	steps int
}

func (f *file) refs(q *gojq.Query) []Ref {
	t := tracer{file: f, seen: map[string]bool{}}
	var n *names
	for _, v := range f.opt.Vars {
		n = &names{up: n, name: v, value: track{root: v}}
	}
	t.use(t.query(q, track{root: "."}, n))
	return t.out
}

func (t *tracer) use(v track) {
	if v.root == "" {
		return
	}
	key := v.root
	for _, p := range v.path {
		key += "\x00" + p
	}
	if t.seen[key] {
		return
	}
	t.seen[key] = true
	line, col := t.src.at(v.pos)
	t.out = append(t.out, Ref{v.root, v.path, line, col})
}

func (t *tracer) uses(in track, n *names, qs ...*gojq.Query) {
	for _, q := range qs {
		if q != nil {
			t.use(t.query(q, in, n))
		}
	}
}

func (t *tracer) query(q *gojq.Query, in track, n *names) track {
	if t.steps++; t.steps > maxTraced {
		return track{}
	}
	for _, d := range q.FuncDefs {
		n = &names{up: n, name: d.Name, arity: len(d.Args), def: d}
		n.scope = n
	}
	switch {
	case q.Term != nil:
		return t.term(q.Term, in, n)
	case q.Right == nil:
		return in
	case q.Op == gojq.OpPipe && len(q.Patterns) == 0:
		return t.query(q.Right, t.query(q.Left, in, n), n)
	case q.Op == gojq.OpPipe:
		return t.query(q.Right, in, t.bind(q.Patterns, t.query(q.Left, in, n), in, n))
	}
	t.uses(in, n, q.Left, q.Right)
	return track{}
}

func (t *tracer) bind(ps []*gojq.Pattern, v, in track, n *names) *names {
	for _, p := range ps {
		n = t.pattern(p, v, in, n)
	}
	return n
}

func (t *tracer) pattern(p *gojq.Pattern, v, in track, n *names) *names {
	if p.Name != "" {
		return &names{up: n, name: p.Name, value: v}
	}
	for _, e := range p.Array {
		n = t.pattern(e, v.step("[]", t.places.at(p)), in, n)
	}
	for _, e := range p.Object {
		key := e.Key
		switch {
		case key != "" && key[0] == '$':
			key = key[1:]
			n = &names{up: n, name: e.Key, value: v.step(key, t.places.at(e))}
		case e.KeyString != nil && e.KeyString.Queries == nil:
			key = e.KeyString.Str
		case e.KeyString != nil:
			key = "[]"
			t.uses(in, n, e.KeyString.Queries...)
		case e.KeyQuery != nil:
			key = "[]"
			t.uses(in, n, e.KeyQuery)
		}
		if e.Val != nil {
			n = t.pattern(e.Val, v.step(key, t.places.at(e)), in, n)
		}
	}
	return n
}

func (t *tracer) term(e *gojq.Term, in track, n *names) track {
	v := t.head(e, in, n)
	for _, s := range e.SuffixList {
		switch {
		case s.Index != nil:
			v = t.index(s.Index, v, in, n)
		case s.Iter:
			v = v.step("[]", t.places.at(s))
		}
	}
	return v
}

func (t *tracer) head(e *gojq.Term, in track, n *names) track {
	switch e.Type {
	case gojq.TermTypeIdentity:
		if in.root != "" && len(in.path) == 0 {
			in.pos = t.places.at(e)
		}
		return in
	case gojq.TermTypeRecurse:
		t.use(in)
	case gojq.TermTypeIndex:
		return t.index(e.Index, in, in, n)
	case gojq.TermTypeFunc:
		return t.call(e.Func, in, n)
	case gojq.TermTypeObject:
		t.object(e.Object, in, n)
	case gojq.TermTypeArray:
		t.uses(in, n, e.Array.Query)
	case gojq.TermTypeUnary:
		t.use(t.term(e.Unary.Term, in, n))
	case gojq.TermTypeFormat:
		if e.Str == nil {
			t.use(in)
			break
		}
		t.uses(in, n, e.Str.Queries...)
	case gojq.TermTypeString:
		t.uses(in, n, e.Str.Queries...)
	case gojq.TermTypeIf:
		t.uses(in, n, e.If.Cond, e.If.Then, e.If.Else)
		for _, b := range e.If.Elif {
			t.uses(in, n, b.Cond, b.Then)
		}
	case gojq.TermTypeTry:
		v := t.query(e.Try.Body, in, n)
		if e.Try.Catch == nil {
			return v
		}
		t.use(v)
		t.uses(track{}, n, e.Try.Catch)
	case gojq.TermTypeReduce:
		t.uses(in, n, e.Reduce.Start)
		t.uses(track{}, t.bind(e.Reduce.Patterns, t.query(e.Reduce.Query, in, n), in, n), e.Reduce.Update)
	case gojq.TermTypeForeach:
		t.uses(in, n, e.Foreach.Start)
		t.uses(track{}, t.bind(e.Foreach.Patterns, t.query(e.Foreach.Query, in, n), in, n), e.Foreach.Update, e.Foreach.Extract)
	case gojq.TermTypeLabel:
		return t.query(e.Label.Body, in, n)
	case gojq.TermTypeQuery:
		return t.query(e.Query, in, n)
	}
	return track{}
}

func (t *tracer) index(x *gojq.Index, v, in track, n *names) track {
	at := t.places.at(x)
	switch {
	case x.Name != "":
		return v.step(x.Name, at)
	case x.Str != nil && x.Str.Queries == nil:
		return v.step(x.Str.Str, at)
	case x.Str != nil:
		t.uses(in, n, x.Str.Queries...)
		return v.step("[]", at)
	}
	if s, ok := literal(x.Start); ok && !x.IsSlice {
		return v.step(s, at)
	}
	t.uses(in, n, x.Start, x.End)
	if x.IsSlice {
		return v // a slice has the elements of its array
	}
	return v.step("[]", at)
}

func (t *tracer) object(o *gojq.Object, in track, n *names) {
	for _, kv := range o.KeyVals {
		at := t.places.at(kv)
		switch {
		case kv.Key != "" && kv.Key[0] == '$':
			t.use(t.variable(kv.Key, at, n))
		case kv.Key != "" && kv.Val == nil:
			t.use(in.step(kv.Key, at))
		case kv.KeyString != nil && kv.KeyString.Queries == nil && kv.Val == nil:
			t.use(in.step(kv.KeyString.Str, at))
		case kv.KeyString != nil:
			t.uses(in, n, kv.KeyString.Queries...)
		}
		t.uses(in, n, kv.KeyQuery, kv.Val)
	}
}

func (t *tracer) variable(name string, at int, n *names) track {
	b := n.find(name, 0)
	if b == nil {
		return track{}
	}
	if b.value.root != "" && len(b.value.path) == 0 {
		b.value.pos = at
	}
	return b.value
}

// sameInput lists the functions that hand their input to their argument and read nothing of it themselves.
var sameInput = map[string]bool{"select/1": true, "isempty/1": true, "first/1": true, "last/1": true, "path/1": true, "error/1": true, "add/1": true}

// eachElement lists those whose arguments see the elements of their input.
var eachElement = map[string]bool{
	"map/1": true, "any/1": true, "all/1": true, "sort_by/1": true, "group_by/1": true, "unique_by/1": true,
	"min_by/1": true, "max_by/1": true, "map_values/1": true, "INDEX/1": true,
}

func (t *tracer) call(f *gojq.Func, in track, n *names) track {
	if f.Name[0] == '$' {
		return t.variable(f.Name, t.places.at(f), n)
	}
	if b := n.find(f.Name, len(f.Args)); b != nil {
		if b.def == nil {
			if b.arg == nil { // a parameter of the form $x called without its dollar
				return b.value
			}
			return t.query(b.arg, in, b.scope)
		}
		inner := b.scope
		for i, a := range b.def.Args {
			name := a
			if a[0] == '$' {
				name = a[1:]
				inner = &names{up: inner, name: a, value: t.query(f.Args[i], in, n)}
			}
			inner = &names{up: inner, name: name, arg: f.Args[i], scope: n}
		}
		return t.query(b.def.Body, in, inner)
	}
	sig := signature(f.Name, len(f.Args))
	switch {
	case sameInput[sig]:
		v := t.query(f.Args[0], in, n)
		if sig == "select/1" {
			t.use(v)
			return in
		}
		if sig == "first/1" || sig == "last/1" {
			return v
		}
		t.use(v)
	case eachElement[sig]:
		t.uses(in.step("[]", t.places.at(f)), n, f.Args...)
		if sig == "sort_by/1" || sig == "unique_by/1" {
			return in
		}
		if sig == "min_by/1" || sig == "max_by/1" {
			return in.step("[]", t.places.at(f))
		}
	case sig == "empty/0" || sig == "infinite/0" || sig == "nan/0":
	case sig == "first/0" || sig == "last/0":
		return in.step("[]", t.places.at(f))
	case sig == "values/0" || sig == "strings/0" || sig == "numbers/0" || sig == "arrays/0" || sig == "objects/0" || sig == "scalars/0":
		return in
	case sig == "with_entries/1" || sig == "walk/1":
		t.use(in)
		t.uses(track{}, n, f.Args...)
	default:
		t.use(in)
		t.uses(in, n, f.Args...)
	}
	return track{}
}
