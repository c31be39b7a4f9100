package jq

import "github.com/itchyny/gojq"

// pathFuncs are the definitions that are called where a path is named, by themselves or by others: whatever stands in
// them has to be a path.
func pathFuncs(q *gojq.Query) map[string]bool {
	w := pathWalker{named: map[string]bool{}, bodies: map[string][]*gojq.Query{}}
	w.query(q, false)
	return w.named
}

type pathWalker struct {
	named  map[string]bool
	bodies map[string][]*gojq.Query // of the definitions that have been met, by signature
}

func (w *pathWalker) query(q *gojq.Query, path bool) {
	if q == nil {
		return
	}
	for _, d := range q.FuncDefs {
		sig := signature(d.Name, len(d.Args))
		w.bodies[sig] = append(w.bodies[sig], d.Body)
		w.query(d.Body, false)
	}
	if q.Term != nil {
		w.term(q.Term, path)
		return
	}
	left := path
	switch q.Op {
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		left = true
	}
	w.query(q.Left, left)
	w.query(q.Right, path)
}

func (w *pathWalker) term(t *gojq.Term, path bool) {
	walker := func(qs ...*gojq.Query) {
		for _, q := range qs {
			w.query(q, path)
		}
	}
	switch t.Type {
	case gojq.TermTypeFunc:
		sig := signature(t.Func.Name, len(t.Func.Args))
		if path && !w.named[sig] {
			w.named[sig] = true
			walker(w.bodies[sig]...)
		}
		for _, a := range t.Func.Args {
			w.query(a, path || pathTakers[sig])
		}
	case gojq.TermTypeObject:
		for _, kv := range t.Object.KeyVals {
			walker(kv.KeyQuery, kv.Val)
		}
	case gojq.TermTypeArray:
		walker(t.Array.Query)
	case gojq.TermTypeUnary:
		w.term(t.Unary.Term, path)
	case gojq.TermTypeFormat, gojq.TermTypeString:
		if t.Str != nil {
			walker(t.Str.Queries...)
		}
	case gojq.TermTypeIf:
		walker(t.If.Cond, t.If.Then, t.If.Else)
		for _, b := range t.If.Elif {
			walker(b.Cond, b.Then)
		}
	case gojq.TermTypeTry:
		walker(t.Try.Body, t.Try.Catch)
	case gojq.TermTypeReduce:
		walker(t.Reduce.Query, t.Reduce.Start, t.Reduce.Update)
	case gojq.TermTypeForeach:
		walker(t.Foreach.Query, t.Foreach.Start, t.Foreach.Update, t.Foreach.Extract)
	case gojq.TermTypeLabel:
		walker(t.Label.Body)
	case gojq.TermTypeQuery:
		walker(t.Query)
	}
	for _, s := range t.SuffixList {
		if s.Index != nil {
			walker(s.Index.Start, s.Index.End)
		}
	}
}
