package jq

import (
	"strings"

	"github.com/itchyny/gojq"
)

// rounding lists the functions that calculate in binary floating point, or turn text into it.
var rounding = set("add/0 add/1 tonumber/0 floor/0 ceil/0 round/0 trunc/0 rint/0 nearbyint/0 abs/0 fabs/0 sqrt/0 cbrt/0 pow/2 log/0 " +
	"log2/0 log10/0 log1p/0 exp/0 exp2/0 exp10/0 expm1/0 significand/0 logb/0 ldexp/2 scalb/2 scalbln/2 fmin/2 fmax/2 fmod/2 fma/3")

// flowsOn groups the functions by what they make of their input; any other computes something of everything it sees.
var flowsOn = struct{ same, elem, list, lists, none, last, telling map[string]bool }{
	same: set("values/0 strings/0 numbers/0 arrays/0 objects/0 scalars/0 iterables/0 booleans/0 pick/1"),
	elem: set("first/0 last/0 min/0 max/0 min_by/1 max_by/1 nth/1"),
	list: set("sort/0 sort_by/1 reverse/0 unique/0 unique_by/1"),
	none: set("empty/0 error/0 error/1 nulls/0"),
	last: set("first/1 last/1 limit/2 skip/2 nth/2"),
	telling: set("not/0 any/0 all/0 has/1 in/1 inside/1 contains/1 startswith/1 endswith/1 test/1 test/2 IN/1 IN/2 " +
		"type/0 isempty/1 length/0 utf8bytelength/0 dcmp/1"),
}

func set(names string) map[string]bool {
	out := map[string]bool{}
	for _, n := range strings.Fields(names) {
		out[n] = true
	}
	return out
}

func (w *follower) call(f *gojq.Func, in *Flow, s *scene) *Flow {
	if f.Name[0] == '$' {
		return w.variable(f.Name, s)
	}
	if b := s.find(f.Name, len(f.Args)); b != nil {
		return w.inline(b, f, in, s)
	}
	at := w.places.at(f)
	switch sig := signature(f.Name, len(f.Args)); {
	case sig == "select/1":
		return in.minding(w.decides(w.query(f.Args[0], in, s)))
	case flowsOn.none[sig]:
		return nil
	case flowsOn.same[sig]:
		if in == nil || !in.null {
			return in
		}
		given := *in
		given.null = false
		return &given
	case flowsOn.last[sig]:
		for _, a := range f.Args[:len(f.Args)-1] {
			w.decides(w.query(a, in, s))
		}
		return w.query(f.Args[len(f.Args)-1], in, s)
	case flowsOn.elem[sig]:
		w.sorted(f, in, s)
		return in.each(at)
	case flowsOn.list[sig]:
		w.sorted(f, in, s)
		return listOf(in.each(at))
	case sig == "group_by/1":
		w.sorted(f, in, s)
		return listOf(listOf(in.each(at)))
	case sig == "map/1":
		return listOf(w.through(f.Args[0], in.each(at), s))
	case sig == "flatten/0" || sig == "flatten/1":
		elem := in.each(at)
		if elem != nil && elem.list {
			elem = elem.each(at)
		}
		return listOf(elem)
	case sig == "to_entries/0":
		return listOf(entry(keysOf(in), in.each(at)))
	case sig == "from_entries/0":
		elem := in.each(at)
		w.decides(told(elem.member("key", at), elem.member("name", at), elem.member("k", at)))
		return &Flow{rest: either(elem.member("value", at), &Flow{null: true})}
	case sig == "map_values/1":
		return w.members(in, at, func(_ string, v *Flow) (*Flow, bool) { return w.through(f.Args[0], v, s), true })
	case sig == "with_entries/1":
		return w.members(in, at, func(key string, v *Flow) (*Flow, bool) {
			name := keysOf(in)
			if key != "" {
				name = textOf(jsonText(key))
			}
			out := w.through(f.Args[0], entry(name, v), s)
			again := out.member("key", at)
			return out.member("value", at), key != "" && again != nil && len(again.texts) == 1 && again.texts[0] == jsonText(key) && len(again.reads) == 0
		})
	case sig == "add/0" || sig == "add/1":
		elem := in.each(at)
		if sig == "add/1" {
			elem = w.query(f.Args[0], in, s)
		}
		return w.sum(f, elem)
	case sig == "any/2" || sig == "all/2":
		return told(w.through(f.Args[1], w.query(f.Args[0], in, s), s))
	case sig == "any/1" || sig == "all/1":
		return told(w.arguments(f, in, s))
	case flowsOn.telling[sig]:
		return told(in, w.arguments(f, in, s))
	case rounding[sig]:
		out := computed(in, w.arguments(f, in, s))
		out.ops = append(out.ops, w.operation(f, f.Name))
		return out
	case sig == "keys/0":
		return listOf(keysOf(in))
	case sig == "split/1" || sig == "months/0":
		return listOf(told(in, w.arguments(f, in, s)))
	case sig == "recurse/0" || sig == "walk/1" || sig == "del/1" || sig == "delpaths/1" || sig == "fromjson/0" || sig == "getpath/1":
		return anything(in, w.arguments(f, in, s))
	default:
		return computed(in, w.arguments(f, in, s))
	}
}

// inline runs a definition or a closure where it is called.
func (w *follower) inline(b *scene, f *gojq.Func, in *Flow, s *scene) *Flow {
	if b.def == nil {
		if b.arg == nil { // a parameter of the form $x called without its dollar
			return b.value
		}
		return w.query(b.arg, in, b.scope)
	}
	inner := b.scope
	for i, a := range b.def.Args {
		name := a
		if a[0] == '$' {
			v := w.query(f.Args[i], in, s)
			if v == nil {
				return nil
			}
			name = a[1:]
			inner = &scene{up: inner, name: a, value: v}
		}
		inner = &scene{up: inner, name: name, arg: f.Args[i], scope: s}
	}
	return w.query(b.def.Body, in, inner)
}

// arguments is what a function's arguments give; those of one that looks at elements see these too.
func (w *follower) arguments(f *gojq.Func, in *Flow, s *scene) *Flow {
	if in != nil && eachElement[signature(f.Name, len(f.Args))] {
		in = in.each(w.places.at(f))
	}
	if in == nil {
		return nil
	}
	return w.queries(in, s, f.Args...)
}

// sorted notes what an order or a choice depends on.
func (w *follower) sorted(f *gojq.Func, in *Flow, s *scene) { w.decides(w.arguments(f, in, s)) }

// through is a query's outputs for a value, none where there is no value.
func (w *follower) through(q *gojq.Query, v *Flow, s *scene) *Flow {
	if v == nil {
		return nil
	}
	return w.query(q, v, s)
}

// keysOf are the names of an object's members; of a list that was built they are numbers, which say nothing.
func keysOf(in *Flow) *Flow {
	if in == nil || in.list {
		return computed()
	}
	return told(&Flow{tracks: in.tracks, reads: in.reads, spread: in.spread})
}

func entry(key, value *Flow) *Flow {
	if value == nil {
		return nil
	}
	return &Flow{fields: map[string]*Flow{"key": key, "value": value}, some: map[string]bool{}}
}

// members is an object with each member replaced. A member that may be gone afterwards, or have another name, is one
// that not every output has.
func (w *follower) members(in *Flow, at spot, do func(key string, v *Flow) (out *Flow, named bool)) *Flow {
	if in == nil {
		return nil
	}
	out := &Flow{fields: map[string]*Flow{}, some: map[string]bool{}, keys: in.keys, minds: in.minds, null: in.null}
	for k, v := range in.fields {
		if v, named := do(k, v); named && v != nil {
			out.fields[k], out.some[k] = v, true
		} else {
			out.rest = either(out.rest, v)
		}
	}
	open := *in
	open.fields = nil
	if below := open.each(at); below != nil {
		v, _ := do("", below)
		out.rest = either(out.rest, v)
	}
	return out
}

// sum is what add makes of elements: one object, one list, or a number.
func (w *follower) sum(f *gojq.Func, elem *Flow) *Flow {
	switch {
	case elem == nil:
		return &Flow{null: true}
	case elem.list:
		return listOf(elem.each(spot{}))
	case elem.fields != nil || elem.rest != nil || elem.spread != nil:
		return elem
	}
	out := computed(elem)
	out.tracks = elem.tracks
	out.ops = append(out.ops, w.operation(f, f.Name))
	return out
}
