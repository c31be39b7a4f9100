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
	pos  spot
}

func (t track) step(key string, pos spot) track {
	if t.root == "" {
		return t
	}
	if len(t.path) > 0 {
		pos = t.pos
	}
	return track{t.root, append(slices.Clip(t.path), key), pos}
}

// names maps what is in scope to what it stands for.
type names = bindings[track]

// bindings are the names that a place of a program sees, the innermost first, and what is known of each variable's value.
type bindings[V any] struct {
	up    *bindings[V]
	name  string
	arity int
	value V             // of a variable
	def   *gojq.FuncDef // of a definition
	arg   *gojq.Query   // of a closure parameter
	scope *bindings[V]  // where the closure or the definition was written
}

func (b *bindings[V]) find(name string, arity int) *bindings[V] {
	for ; b != nil; b = b.up {
		if b.name == name && b.arity == arity {
			return b
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
	leave string // a member of objects whose value is passed over; "" for none
}

func (f *file) refs(q *gojq.Query) []Ref { return f.refsBeside(q, "") }

// refsBeside is refs without what is read for a member of this name.
func (f *file) refsBeside(q *gojq.Query, leave string) []Ref {
	t := tracer{file: f, seen: map[string]bool{}, leave: leave}
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
	line, col := t.source(v.pos).at(v.pos.offset)
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
