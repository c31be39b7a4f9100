package jq

import "github.com/itchyny/gojq"

// places holds where each node of a syntax tree stands, by its pointer.
type places map[any]spot

// spot is a byte of a program's own text, or of that of a library which it includes.
type spot struct {
	lib    int // from 1; 0 is the program itself
	offset int
}

// compare orders places as their texts are in scope: what is included, then the program itself.
func (s spot) compare(other spot) int {
	switch {
	case s.lib == other.lib:
		return s.offset - other.offset
	case s.lib == 0 || other.lib > 0 && s.lib > other.lib:
		return 1
	}
	return -1
}

// at is the place of a node; of one that has none, the start of the text.
func (p places) at(node any) spot { return p[node] }

// query is the place of the first thing in a query.
func (p places) query(q *gojq.Query) spot {
	for {
		switch {
		case q == nil:
			return spot{}
		case len(q.FuncDefs) > 0:
			return p[q.FuncDefs[0]]
		case q.Term != nil:
			return p[q.Term]
		}
		q = q.Left
	}
}

// placer walks the tree in the order of the source, which is the order of the tokens: each node takes the next token
// that can be its own. Punctuation that the tree does not keep is skipped on the way.
type placer struct {
	tokens []token
	next   int
	places places
}

func place(tokens []token, q *gojq.Query) places {
	p := placer{tokens: tokens, places: places{}}
	p.query(q)
	return p.places
}

// take finds the next token of the kind, and with the text unless that is empty.
func (p *placer) take(node any, kind tokenKind, text string) {
	for i := p.next; i < len(p.tokens); i++ {
		if t := p.tokens[i]; t.kind == kind && (text == "" || t.text == text) {
			p.next = i + 1
			p.places[node] = spot{offset: t.pos}
			return
		}
	}
}

// skip is take for a word that no node wants to know the place of.
func (p *placer) skip(kind tokenKind, text string) { p.take(struct{}{}, kind, text) }

func (p *placer) query(q *gojq.Query) {
	if q == nil {
		return
	}
	for _, im := range q.Imports {
		keyword := "include"
		if im.ImportPath != "" {
			keyword = "import"
		}
		p.take(im, tokWord, keyword)
	}
	for _, d := range q.FuncDefs {
		p.skip(tokWord, "def")
		p.take(d, tokWord, d.Name)
		for _, a := range d.Args {
			if a[0] == '$' {
				p.skip(tokVar, a)
			} else {
				p.skip(tokWord, a)
			}
		}
		p.query(d.Body)
	}
	if q.Term != nil {
		p.term(q.Term)
		p.places[q] = p.places[q.Term]
		return
	}
	if q.Right == nil {
		return
	}
	p.query(q.Left)
	for _, pat := range q.Patterns {
		p.pattern(pat)
	}
	kind := tokOp
	if q.Op == gojq.OpAnd || q.Op == gojq.OpOr {
		kind = tokWord
	}
	p.take(q, kind, q.Op.String())
	p.query(q.Right)
}

func (p *placer) term(t *gojq.Term) {
	switch t.Type {
	case gojq.TermTypeIdentity:
		p.take(t, tokOp, ".")
	case gojq.TermTypeRecurse:
		p.take(t, tokOp, "..")
	case gojq.TermTypeNull:
		p.take(t, tokWord, "null")
	case gojq.TermTypeTrue:
		p.take(t, tokWord, "true")
	case gojq.TermTypeFalse:
		p.take(t, tokWord, "false")
	case gojq.TermTypeIndex:
		p.index(t.Index)
		p.places[t] = p.places[t.Index]
	case gojq.TermTypeFunc:
		p.function(t.Func)
		p.places[t] = p.places[t.Func]
	case gojq.TermTypeObject:
		p.take(t, tokOp, "{")
		for _, kv := range t.Object.KeyVals {
			p.keyVal(kv)
		}
	case gojq.TermTypeArray:
		p.take(t, tokOp, "[")
		p.query(t.Array.Query)
	case gojq.TermTypeNumber:
		p.take(t, tokNumber, t.Number)
	case gojq.TermTypeUnary:
		p.take(t, tokOp, t.Unary.Op.String())
		p.term(t.Unary.Term)
	case gojq.TermTypeFormat:
		p.take(t, tokFormat, t.Format)
		if t.Str != nil {
			p.str(t.Str)
		}
	case gojq.TermTypeString:
		p.str(t.Str)
		p.places[t] = p.places[t.Str]
	case gojq.TermTypeIf:
		p.take(t, tokWord, "if")
		p.query(t.If.Cond)
		p.query(t.If.Then)
		for _, e := range t.If.Elif {
			p.query(e.Cond)
			p.query(e.Then)
		}
		p.query(t.If.Else)
	case gojq.TermTypeTry:
		p.take(t, tokWord, "try")
		p.query(t.Try.Body)
		p.query(t.Try.Catch)
	case gojq.TermTypeReduce:
		p.take(t, tokWord, "reduce")
		p.loop(t.Reduce.Query, t.Reduce.Patterns, t.Reduce.Start, t.Reduce.Update, nil)
	case gojq.TermTypeForeach:
		p.take(t, tokWord, "foreach")
		p.loop(t.Foreach.Query, t.Foreach.Patterns, t.Foreach.Start, t.Foreach.Update, t.Foreach.Extract)
	case gojq.TermTypeLabel:
		p.take(t, tokWord, "label")
		p.query(t.Label.Body)
	case gojq.TermTypeBreak:
		p.take(t, tokWord, "break")
	case gojq.TermTypeQuery:
		p.take(t, tokOp, "(")
		p.query(t.Query)
	}
	for _, s := range t.SuffixList {
		switch {
		case s.Index != nil:
			p.index(s.Index)
		case s.Iter:
			p.take(s, tokOp, "[")
		case s.Optional:
			p.take(s, tokOp, "?")
		}
	}
}
