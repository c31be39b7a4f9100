package jq

import "github.com/itchyny/gojq"

func (p *placer) function(f *gojq.Func) {
	kind := tokWord
	if f.Name[0] == '$' {
		kind = tokVar
	}
	p.take(f, kind, f.Name)
	if len(f.Args) > 0 {
		p.skip(tokOp, "(")
	}
	for _, a := range f.Args {
		p.query(a)
	}
}

func (p *placer) index(x *gojq.Index) {
	switch {
	case x.Name != "":
		p.take(x, tokIndex, x.Name)
	case x.Str != nil:
		p.str(x.Str)
		p.places[x] = p.places[x.Str]
	default:
		p.take(x, tokOp, "[")
		p.query(x.Start)
		p.query(x.End)
	}
}

func (p *placer) str(s *gojq.String) {
	if s.Queries == nil {
		p.take(s, tokString, "")
		return
	}
	p.take(s, tokOpen, "")
	for _, q := range s.Queries {
		if q.Term.Type == gojq.TermTypeString {
			p.take(q.Term, tokPart, "")
		} else { // a query in parentheses, of which the token \( is none
			p.query(q.Term.Query)
			p.places[q.Term] = p.places.query(q.Term.Query)
		}
	}
}

func (p *placer) key(node any, key string, s *gojq.String, q *gojq.Query) {
	switch {
	case key != "" && key[0] == '$':
		p.take(node, tokVar, key)
	case key != "":
		p.take(node, tokWord, key)
	case s != nil:
		p.str(s)
		p.places[node] = p.places[s]
	default:
		p.take(node, tokOp, "(")
		p.query(q)
	}
}

func (p *placer) keyVal(kv *gojq.ObjectKeyVal) {
	p.key(kv, kv.Key, kv.KeyString, kv.KeyQuery)
	p.query(kv.Val)
}

func (p *placer) loop(in *gojq.Query, patterns []*gojq.Pattern, queries ...*gojq.Query) {
	p.query(in)
	for _, pat := range patterns {
		p.pattern(pat)
	}
	p.skip(tokOp, "(")
	for _, q := range queries {
		p.query(q)
	}
}

func (p *placer) pattern(pat *gojq.Pattern) {
	switch {
	case pat.Name != "":
		p.take(pat, tokVar, pat.Name)
	case len(pat.Array) > 0:
		p.take(pat, tokOp, "[")
	default:
		p.take(pat, tokOp, "{")
	}
	for _, e := range pat.Array {
		p.pattern(e)
	}
	for _, e := range pat.Object {
		p.key(e, e.Key, e.KeyString, e.KeyQuery)
		if e.Val != nil {
			p.pattern(e.Val)
		}
	}
}
