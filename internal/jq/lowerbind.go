package jq

import (
	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

const alternatives = "patterns with ?// between them"

// bind is `left as pattern | right`.
func (l *lowerer) bind(q *gojq.Query, s *meanings) core.Node {
	if len(q.Patterns) > 1 {
		return l.foreign(q, alternatives)
	}
	let := &core.Let{Pos: l.pos(q), Value: l.query(q.Left, s), Binding: &core.Binding{}}
	d := l.destructure(q.Patterns[0], let.Binding, s)
	let.Body = within(d.lets, l.query(q.Right, d.scope))
	if d.foreign != nil {
		return d.foreign
	}
	return let
}

// destructuring is a pattern taken apart into variables.
type destructuring struct {
	lets     []*core.Let // each has a part of the value of one before it
	scope    *meanings   // with the variables that have names
	computed bool        // a key is no literal, and may have several values
	foreign  core.Node   // what can't be said
}

// destructure takes the value of whole apart.
func (l *lowerer) destructure(p *gojq.Pattern, whole *core.Binding, s *meanings) *destructuring {
	d := &destructuring{scope: s}
	if p.Name != "" {
		d.name(p.Name, whole)
	} else {
		l.parts(d, p, whole)
	}
	return d
}

func (d *destructuring) name(name string, b *core.Binding) {
	b.Name = name[1:]
	d.scope = &meanings{up: d.scope, name: name, value: &meaning{variable: b}}
}

func (d *destructuring) let(pos core.Pos, value core.Node) *core.Binding {
	b := &core.Binding{}
	d.lets = append(d.lets, &core.Let{Pos: pos, Value: value, Binding: b})
	return b
}

// parts are the variables inside of a list or an object, which is the value of whole.
func (l *lowerer) parts(d *destructuring, p *gojq.Pattern, whole *core.Binding) {
	for i, e := range p.Array {
		pos := l.pos(e)
		of := &core.Var{Pos: pos, Binding: whole}
		l.part(d, e, &core.Index{Pos: pos, Of: of, Key: &core.Const{Pos: pos, Value: i}, List: true})
	}
	for _, e := range p.Object {
		value := l.keyed(d, e, whole)
		if e.Key != "" && e.Key[0] == '$' {
			b := d.let(l.pos(e), value)
			d.name(e.Key, b)
			value = &core.Var{Pos: l.pos(e), Binding: b}
		}
		if e.Val != nil {
			l.part(d, e.Val, value)
		}
	}
}

func (l *lowerer) part(d *destructuring, p *gojq.Pattern, value core.Node) {
	b := d.let(l.pos(p), value)
	if p.Name != "" {
		d.name(p.Name, b)
	} else {
		l.parts(d, p, b)
	}
}

// keyed is the member of the value of whole that a part of a pattern names. A computed key is evaluated on that value.
func (l *lowerer) keyed(d *destructuring, e *gojq.PatternObject, whole *core.Binding) core.Node {
	pos := l.pos(e)
	of := &core.Var{Pos: pos, Binding: whole}
	var key core.Node
	switch {
	case e.Key != "" && e.Key[0] == '$':
		return &core.Field{Pos: pos, Of: of, Name: e.Key[1:]}
	case e.Key != "":
		return &core.Field{Pos: pos, Of: of, Name: e.Key}
	case e.KeyString != nil:
		key = l.text(e.KeyString, "", d.scope)
	case leaks(e.KeyQuery):
		key = l.foreign(e, "a definition or a label in a key of a pattern")
		d.foreign = key
	default:
		key = l.query(e.KeyQuery, d.scope)
	}
	if name, is := core.TextOf(key); is {
		return &core.Field{Pos: pos, Of: of, Name: name}
	}
	d.computed = true
	return &core.Pipe{Pos: pos, Left: of, Right: &core.Index{Pos: pos, Key: key}}
}

// leaks reports whether gojq leaves a name of a pattern's key in scope behind it.
func leaks(q *gojq.Query) bool {
	switch {
	case len(q.FuncDefs) > 0:
		return true
	case q.Term != nil:
		return q.Term.Type == gojq.TermTypeLabel
	}
	return len(q.Patterns) == 0 && (leaks(q.Left) || leaks(q.Right))
}

func (l *lowerer) reduce(t *gojq.Term, s *meanings) core.Node {
	r := t.Reduce
	n := &core.Reduce{Pos: l.pos(t), Over: l.query(r.Query, s), Binding: &core.Binding{}, Start: l.query(r.Start, s)}
	update, bad := l.round(t, r.Patterns, n.Binding, r.Update, s)
	if bad != nil {
		return bad
	}
	n.Update = update
	return n
}

func (l *lowerer) foreach(t *gojq.Term, s *meanings) core.Node {
	r, pos := t.Foreach, l.pos(t)
	n := &core.Foreach{Pos: pos, Over: l.query(r.Query, s), Binding: &core.Binding{}, Start: l.query(r.Start, s), Extract: &core.Identity{Pos: pos}}
	update, bad := l.round(t, r.Patterns, n.Binding, r.Update, s)
	if bad != nil {
		return bad
	}
	n.Update = update
	if r.Extract != nil {
		n.Extract, _ = l.round(t, r.Patterns, n.Binding, r.Extract, s)
	}
	return n
}

// round is what a loop does with each value, which the variable has; a pattern is taken apart inside of it. bad is what
// can't be said.
func (l *lowerer) round(t *gojq.Term, ps []*gojq.Pattern, b *core.Binding, q *gojq.Query, s *meanings) (body, bad core.Node) {
	if len(ps) > 1 {
		return nil, l.foreign(t, alternatives)
	}
	d := l.destructure(ps[0], b, s)
	body = within(d.lets, l.query(q, d.scope))
	if d.foreign == nil && d.computed { // each of its values would be a round
		d.foreign = l.foreign(t, "a pattern with a computed key in a loop")
	}
	return body, d.foreign
}
