package jq

import "github.com/itchyny/gojq"

func (w *follower) term(e *gojq.Term, in *Flow, s *scene) *Flow {
	v := w.head(e, in, s)
	for _, x := range e.SuffixList {
		switch {
		case v == nil:
			return nil
		case x.Index != nil:
			v = w.index(x.Index, v, in, s)
		case x.Iter:
			v = v.each(w.places.at(x))
		}
	}
	return v
}

func (w *follower) head(e *gojq.Term, in *Flow, s *scene) *Flow {
	switch e.Type {
	case gojq.TermTypeIdentity:
		return in
	case gojq.TermTypeRecurse:
		return anything(in)
	case gojq.TermTypeNull:
		return &Flow{null: true}
	case gojq.TermTypeTrue:
		return textOf("true")
	case gojq.TermTypeFalse:
		return textOf("false")
	case gojq.TermTypeNumber:
		return textOf(e.Number)
	case gojq.TermTypeString, gojq.TermTypeFormat:
		if e.Str == nil {
			return computed(in)
		}
		if e.Str.Queries == nil {
			return textOf(jsonText(e.Str.Str))
		}
		return w.queries(in, s, e.Str.Queries...)
	case gojq.TermTypeIndex:
		return w.index(e.Index, in, in, s)
	case gojq.TermTypeFunc:
		return w.call(e.Func, in, s)
	case gojq.TermTypeObject:
		return w.object(e.Object, in, s)
	case gojq.TermTypeArray:
		if e.Array.Query == nil {
			return listOf(nil)
		}
		return listOf(w.query(e.Array.Query, in, s))
	case gojq.TermTypeUnary:
		out := computed(w.term(e.Unary.Term, in, s))
		if e.Unary.Op == gojq.OpSub && e.Unary.Term.Type != gojq.TermTypeNumber {
			out.ops = append(out.ops, w.operation(e, "-"))
		}
		return out
	case gojq.TermTypeIf:
		return w.conditional(e.If, in, s)
	case gojq.TermTypeTry:
		out := w.query(e.Try.Body, in, s)
		if e.Try.Catch != nil {
			out = either(out, w.query(e.Try.Catch, &Flow{}, s))
		}
		return out
	case gojq.TermTypeReduce:
		f := e.Reduce
		v := w.query(f.Query, in, s)
		return w.loop(w.query(f.Start, in, s), f.Update, w.bind(f.Patterns, v, in, s))
	case gojq.TermTypeForeach:
		f := e.Foreach
		v := w.query(f.Query, in, s)
		s = w.bind(f.Patterns, v, in, s)
		out := w.loop(w.query(f.Start, in, s), f.Update, s)
		if f.Extract != nil {
			out = w.query(f.Extract, out, s)
		}
		return out
	case gojq.TermTypeLabel:
		return w.query(e.Label.Body, in, s)
	case gojq.TermTypeQuery:
		return w.query(e.Query, in, s)
	}
	return nil // break
}

// conditional is each of its arms, and what the conditions read has decided which.
func (w *follower) conditional(f *gojq.If, in *Flow, s *scene) *Flow {
	conds := []*Flow{w.decides(w.query(f.Cond, in, s))}
	out := w.query(f.Then, in, s)
	for _, b := range f.Elif {
		conds = append(conds, w.decides(w.query(b.Cond, in, s)))
		out = either(out, w.query(b.Then, in, s))
	}
	last := in
	if f.Else != nil {
		last = w.query(f.Else, in, s)
	}
	return either(out, last).minding(conds...)
}

// loop runs a body twice over what it left: what flows from one turn into the next has by then.
func (w *follower) loop(state *Flow, body *gojq.Query, s *scene) *Flow {
	for range 2 {
		if state == nil {
			return nil
		}
		state = either(state, w.query(body, state, s))
	}
	return state
}

func (w *follower) object(o *gojq.Object, in *Flow, s *scene) *Flow {
	out := &Flow{fields: map[string]*Flow{}, some: map[string]bool{}, keys: map[string][]spot{}}
	for _, kv := range o.KeyVals {
		at := w.places.at(kv)
		key, known := kv.Key, kv.Key != ""
		var v *Flow
		switch {
		case known && key[0] == '$':
			v, key = w.variable(key, s), key[1:]
		case kv.KeyString != nil && kv.KeyString.Queries == nil:
			key, known = kv.KeyString.Str, true
		case kv.KeyString != nil:
			w.decides(w.queries(in, s, kv.KeyString.Queries...))
		case kv.KeyQuery != nil:
			if lit, ok := literal(kv.KeyQuery); ok {
				key, known = lit, true
			} else {
				w.decides(w.query(kv.KeyQuery, in, s))
			}
		}
		switch {
		case kv.Val != nil:
			v = w.query(kv.Val, in, s)
		case v == nil && known:
			v = in.member(key, at)
		}
		if v == nil {
			return nil // a member without a value makes no object
		}
		if known {
			out.fields[key], out.keys[key] = v, []spot{at}
		} else {
			out.rest = either(out.rest, v)
		}
	}
	return out
}

func (w *follower) index(x *gojq.Index, v, in *Flow, s *scene) *Flow {
	at := w.places.at(x)
	switch {
	case x.Name != "":
		return v.member(x.Name, at)
	case x.Str != nil && x.Str.Queries == nil:
		return v.member(x.Str.Str, at)
	case x.Str != nil:
		w.decides(w.queries(in, s, x.Str.Queries...))
		return v.each(at)
	case x.IsSlice:
		return v
	}
	if lit, ok := literal(x.Start); ok {
		return v.member(lit, at)
	}
	w.decides(w.query(x.Start, in, s))
	return v.each(at)
}

func (w *follower) variable(name string, s *scene) *Flow {
	if b := s.find(name, 0); b != nil {
		return b.value
	}
	return &Flow{}
}
