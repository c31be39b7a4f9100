package jq

import (
	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// term is a term with its suffixes.
func (l *lowerer) term(t *gojq.Term, s *meanings) core.Node { return l.upTo(t, len(t.SuffixList), s) }

// upTo is a term with the first n of its suffixes, which gojq takes apart from the last one.
func (l *lowerer) upTo(t *gojq.Term, n int, s *meanings) core.Node {
	if l.steps++; l.steps > MaxLowered {
		return l.foreign(t, "")
	}
	if n == 0 {
		return l.plain(t, s)
	}
	last := t.SuffixList[n-1]
	pos := l.pos(last)
	switch {
	case !last.Optional:
		return l.suffix(l.upTo(t, n-1, s), last, s)
	case n == 1 || t.SuffixList[n-2].Optional:
		return &core.Try{Pos: pos, Body: l.upTo(t, n-1, s)}
	}
	// Of .a.b? only .b is tried; and in .a[e]? e is evaluated on .a, which is gojq's way and nobody else's.
	return pipe(pos, l.upTo(t, n-2, s), &core.Try{Pos: pos, Body: l.suffix(nil, t.SuffixList[n-2], s)})
}

// pipe leaves out what only hands on its input.
func pipe(pos core.Pos, left, right core.Node) core.Node {
	if left = input(left); left == nil {
		return right
	}
	return &core.Pipe{Pos: pos, Left: left, Right: right}
}

// input is the node that stands for what comes in, in the short form that the steps of a path have for it.
func input(n core.Node) core.Node {
	if _, is := n.(*core.Identity); is {
		return nil
	}
	return n
}

// suffix is a step from a value.
func (l *lowerer) suffix(of core.Node, x *gojq.Suffix, s *meanings) core.Node {
	if x.Iter {
		return &core.Iterate{Pos: l.pos(x), Of: input(of)}
	}
	return l.index(of, x.Index, s)
}

func (l *lowerer) index(of core.Node, x *gojq.Index, s *meanings) core.Node {
	pos := l.pos(x)
	of = input(of)
	if x.IsSlice {
		n := &core.Slice{Pos: pos, Of: of}
		if x.Start != nil {
			n.From = l.query(x.Start, s)
		}
		if x.End != nil {
			n.To = l.query(x.End, s)
		}
		return n
	}
	var key core.Node
	switch {
	case x.Name != "":
		return &core.Field{Pos: pos, Of: of, Name: x.Name}
	case x.Str != nil:
		key = l.text(x.Str, "", s)
	default:
		key = l.query(x.Start, s)
	}
	return element(pos, of, key)
}

// element is a member where the key is a text that is known, and else an element by a computed key.
func element(pos core.Pos, of, key core.Node) core.Node {
	if name, known := core.TextOf(key); known {
		return &core.Field{Pos: pos, Of: of, Name: name}
	}
	return &core.Index{Pos: pos, Of: of, Key: key}
}

// plain is a term without its suffixes.
func (l *lowerer) plain(t *gojq.Term, s *meanings) core.Node {
	pos := l.pos(t)
	switch t.Type {
	case gojq.TermTypeIdentity:
		return &core.Identity{Pos: pos}
	case gojq.TermTypeRecurse:
		if s.find("recurse", 0) != nil {
			return l.foreign(t, "a definition hides what .. calls")
		}
		return &core.Call{Pos: pos, Name: "recurse"}
	case gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNumber:
		return &core.Const{Pos: pos, Value: valueOf(t)}
	case gojq.TermTypeIndex:
		return l.index(nil, t.Index, s)
	case gojq.TermTypeFunc:
		return l.call(t.Func, s)
	case gojq.TermTypeObject:
		return l.object(t, s)
	case gojq.TermTypeArray:
		return l.array(t, s)
	case gojq.TermTypeUnary:
		return l.unary(t, s)
	case gojq.TermTypeFormat:
		return l.format(t, s)
	case gojq.TermTypeString:
		return l.text(t.Str, "", s)
	case gojq.TermTypeIf:
		return l.choice(pos, t.If, s)
	case gojq.TermTypeTry:
		n := &core.Try{Pos: pos, Body: l.query(t.Try.Body, s)}
		if t.Try.Catch != nil {
			n.Catch = l.query(t.Try.Catch, s)
		}
		return n
	case gojq.TermTypeReduce:
		return l.reduce(t, s)
	case gojq.TermTypeForeach:
		return l.foreach(t, s)
	case gojq.TermTypeLabel:
		b := &core.Binding{Name: t.Label.Ident[1:]}
		s = &meanings{up: s, name: "*" + t.Label.Ident, value: &meaning{variable: b}}
		return &core.Label{Pos: pos, Binding: b, Body: l.query(t.Label.Body, s)}
	case gojq.TermTypeBreak:
		if label := s.find("*"+t.Break, 0); label != nil {
			return &core.Break{Pos: pos, Binding: label.value.variable}
		}
		return l.foreign(t, "no label "+t.Break+" is in scope")
	case gojq.TermTypeQuery:
		return l.query(t.Query, s)
	}
	return l.foreign(t, "the form is unknown")
}

func (l *lowerer) choice(pos core.Pos, f *gojq.If, s *meanings) core.Node {
	n := &core.If{Pos: pos, Cond: l.query(f.Cond, s), Then: l.query(f.Then, s)}
	switch {
	case len(f.Elif) > 0:
		first := f.Elif[0]
		rest := &gojq.If{Cond: first.Cond, Then: first.Then, Elif: f.Elif[1:], Else: f.Else}
		at := l.places.query(first.Cond)
		n.Else = l.choice(l.posOf(at), rest, s)
	case f.Else != nil:
		n.Else = l.query(f.Else, s)
	default:
		n.Else = &core.Identity{Pos: pos}
	}
	return n
}
