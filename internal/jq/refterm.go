package jq

import "github.com/itchyny/gojq"

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
		case kv.Key != "" && kv.Key == t.leave:
			continue
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

func (t *tracer) variable(name string, at spot, n *names) track {
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
		if sig == "group_by/1" || sig == "map_values/1" || sig == "INDEX/1" { // what comes out is not followed
			t.use(in)
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
