package jq

import (
	"strconv"

	"github.com/itchyny/gojq"
)

// literal is the text of a query that is a string literal.
func literal(q *gojq.Query) (string, bool) {
	if q == nil || q.Term == nil || len(q.Term.SuffixList) > 0 || len(q.FuncDefs) > 0 {
		return "", false
	}
	switch t := q.Term; t.Type {
	case gojq.TermTypeString:
		return t.Str.Str, t.Str.Queries == nil
	case gojq.TermTypeQuery:
		return literal(t.Query)
	case gojq.TermTypeNull: // flags may be null
		return "", true
	}
	return "", false
}

// number is the value of a query that is an integer literal.
func number(q *gojq.Query) (int, bool) {
	if q == nil || q.Term == nil || len(q.Term.SuffixList) > 0 {
		return 0, false
	}
	switch t := q.Term; t.Type {
	case gojq.TermTypeNumber:
		n, err := strconv.Atoi(t.Number)
		return n, err == nil
	case gojq.TermTypeUnary:
		n, ok := number(&gojq.Query{Term: t.Unary.Term})
		if t.Unary.Op == gojq.OpSub {
			n = -n
		}
		return n, ok
	}
	return 0, false
}

// constant reports whether a query is made of literals alone.
func constant(q *gojq.Query) bool {
	if q == nil {
		return true
	}
	if q.Term == nil {
		return q.Op == gojq.OpComma && constant(q.Left) && constant(q.Right)
	}
	if len(q.Term.SuffixList) > 0 {
		return false
	}
	switch t := q.Term; t.Type {
	case gojq.TermTypeString:
		return t.Str.Queries == nil
	case gojq.TermTypeNumber, gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse:
		return true
	case gojq.TermTypeUnary:
		return constant(&gojq.Query{Term: t.Unary.Term})
	case gojq.TermTypeArray:
		return constant(t.Array.Query)
	case gojq.TermTypeQuery:
		return constant(t.Query)
	case gojq.TermTypeObject:
		for _, kv := range t.Object.KeyVals {
			if kv.Val == nil || kv.KeyQuery != nil || kv.KeyString != nil && kv.KeyString.Queries != nil || !constant(kv.Val) {
				return false
			}
		}
		return true
	}
	return false
}

// eachIndex visits the indices and calls of a path expression.
func eachIndex(q *gojq.Query, index func(*gojq.Index), call func(*gojq.Func)) {
	if q == nil {
		return
	}
	eachIndex(q.Left, index, call)
	eachIndex(q.Right, index, call)
	t := q.Term
	if t == nil {
		return
	}
	switch t.Type {
	case gojq.TermTypeIndex:
		index(t.Index)
	case gojq.TermTypeQuery:
		eachIndex(t.Query, index, call)
	case gojq.TermTypeFunc:
		call(t.Func)
		for _, a := range t.Func.Args {
			eachIndex(a, index, call)
		}
	case gojq.TermTypeIf:
		for _, b := range []*gojq.Query{t.If.Then, t.If.Else} {
			eachIndex(b, index, call)
		}
		for _, e := range t.If.Elif {
			eachIndex(e.Then, index, call)
		}
	case gojq.TermTypeTry:
		eachIndex(t.Try.Body, index, call)
	}
	for _, s := range t.SuffixList {
		if s.Index != nil {
			index(s.Index)
		}
	}
}
