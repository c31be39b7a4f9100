package jq

import (
	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// valueOf is the value of a literal, as gojq reads it.
func valueOf(t *gojq.Term) any {
	plain := *t
	plain.SuffixList = nil
	v, _ := (&gojq.Query{Term: &plain}).Run(nil).Next()
	return v
}

func (l *lowerer) unary(t *gojq.Term, s *meanings) core.Node {
	pos, of := l.pos(t), t.Unary.Term
	if of.Type == gojq.TermTypeNumber && len(of.SuffixList) == 0 {
		return &core.Const{Pos: pos, Value: valueOf(t)}
	}
	if t.Unary.Op != gojq.OpSub {
		return l.foreign(t, "a sign + stands before what is no literal")
	}
	return &core.Negate{Pos: pos, Of: l.term(of, s)}
}

func (l *lowerer) array(t *gojq.Term, s *meanings) core.Node {
	pos := l.pos(t)
	if t.Array.Query == nil {
		return &core.Const{Pos: pos, Value: []any{}}
	}
	of := l.query(t.Array.Query, s)
	if values, is := constants(of, nil); is {
		return &core.Const{Pos: pos, Value: values}
	}
	return &core.Array{Pos: pos, Of: of}
}

// constants are the values of constants with commas between them.
func constants(n core.Node, before []any) (values []any, is bool) {
	switch n := n.(type) {
	case *core.Const:
		return append(before, n.Value), true
	case *core.Comma:
		if left, is := constants(n.Left, before); is {
			return constants(n.Right, left)
		}
	}
	return nil, false
}

func (l *lowerer) object(t *gojq.Term, s *meanings) core.Node {
	n := &core.Object{Pos: l.pos(t)}
	value, known := make(map[string]any, len(t.Object.KeyVals)), true
	for _, kv := range t.Object.KeyVals {
		m := l.member(kv, s)
		n.Members = append(n.Members, m)
		name, isName := core.TextOf(m.Key)
		c, isConst := m.Value.(*core.Const)
		if known = known && isName && isConst; known {
			value[name] = c.Value
		}
	}
	if known {
		return &core.Const{Pos: n.Pos, Value: value}
	}
	return n
}

// member is a member of an object, whose key can stand for its value too: {a}, {"a b"}, {$x}.
func (l *lowerer) member(kv *gojq.ObjectKeyVal, s *meanings) core.Member {
	pos := l.pos(kv)
	name := func(text string) core.Node { return &core.Const{Pos: pos, Value: text} }
	var m core.Member
	switch {
	case kv.Key != "" && kv.Key[0] == '$':
		v := l.variable(kv, kv.Key, s)
		if kv.Val == nil {
			return core.Member{Key: name(kv.Key[1:]), Value: v}
		}
		m.Key = v
	case kv.Key != "":
		m.Key = name(kv.Key)
	case kv.KeyString != nil:
		m.Key = l.text(kv.KeyString, "", s)
	default:
		m.Key = l.query(kv.KeyQuery, s)
	}
	if kv.Val != nil {
		m.Value = l.query(kv.Val, s)
		return m
	}
	if text, known := core.TextOf(m.Key); known {
		m.Value = &core.Field{Pos: pos, Name: text}
		return m
	}
	m.Value = l.foreign(kv, "a computed key has no value")
	return m
}

// formatters names what gojq calls for a format; "" is what it calls for a value inside a text.
var formatters = map[string]string{
	"": "tostring", "@text": "tostring", "@json": "tojson", "@html": "_tohtml", "@uri": "_touri", "@urid": "_tourid", "@csv": "_tocsv",
	"@tsv": "_totsv", "@sh": "_tosh", "@base64": "_tobase64", "@base64d": "_tobase64d",
}

// format is @name, alone or before a text.
func (l *lowerer) format(t *gojq.Term, s *meanings) core.Node {
	switch {
	case formatters[t.Format] == "":
		return l.foreign(t, t.Format+" is no format")
	case t.Str != nil:
		return l.text(t.Str, t.Format, s)
	case s.find(formatters[t.Format], 0) != nil:
		return l.foreign(t, "a definition hides what "+t.Format+" calls")
	}
	pos := l.pos(t)
	return &core.Text{Pos: pos, Format: t.Format, Parts: []core.Node{&core.Identity{Pos: pos}}}
}

// text is a string, perhaps with values in it.
func (l *lowerer) text(str *gojq.String, format string, s *meanings) core.Node {
	pos := l.pos(str)
	if str.Queries == nil {
		return &core.Const{Pos: pos, Value: str.Str}
	}
	if s.find(formatters[format], 0) != nil {
		return l.foreign(str, "a definition hides what a text with values calls")
	}
	n := &core.Text{Pos: pos, Format: format}
	for _, q := range str.Queries {
		part := l.query(q, s)
		if _, known := part.(*core.Const); known && q.Term.Str == nil { // a literal among the values, to be formatted as one
			part = &core.Pipe{Pos: part.At(), Left: &core.Identity{Pos: part.At()}, Right: part}
		}
		n.Parts = append(n.Parts, part)
	}
	return n
}
