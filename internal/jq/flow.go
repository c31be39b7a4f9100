package jq

import (
	"maps"
	"slices"
)

// Flow is what a program's output is known to be without a run: which members it has, which places of the input each
// member is made of, and which operations lie on the way. Alternatives (the arms of an if, the outputs of a comma) are
// one Flow together. A nil Flow is no value at all.
type Flow struct {
	tracks []track           // places where the value stands as it came, so that its members can be followed
	reads  []track           // places that it was computed of
	minds  []track           // places that decided which alternative it is
	texts  []string          // literals that it can be
	null   bool              // it can be null
	fields map[string]*Flow  // members, where the program builds an object; nil where it builds none
	some   map[string]bool   // members that not every alternative has
	keys   map[string][]spot // where the members are written, each place once
	rest   *Flow             // the value of members whose names are computed
	spread *Flow             // an object of the input that further members come from
	made   bool              // it was computed, so that it may be anything
	list   bool              // the program builds a list
	elem   *Flow             // of its elements
	ops    []Operation
	top    bool // nothing is known
}

// Operation is an operator or a function that a value went through, where it stands.
type Operation struct {
	Name, File string
	Line, Col  int
}

// maxTexts bounds the literals that are told apart.
const maxTexts = 12

// anything is a value of which nothing is known but what it was made of.
func anything(of ...*Flow) *Flow {
	f := computed(of...)
	f.top = true
	return f
}

// computed is a value that was made of others: whatever they read, it reads.
func computed(of ...*Flow) *Flow {
	out := &Flow{made: true}
	for _, f := range of {
		out.absorb(f)
	}
	return out
}

// told is a value that only says something about others, such as a comparison: their operations are not its own.
func told(of ...*Flow) *Flow {
	out := computed(of...)
	out.ops = nil
	return out
}

// absorb takes over what another value and all below it reads, and the operations on it.
func (f *Flow) absorb(v *Flow) {
	if v == nil {
		return
	}
	f.reads = union(f.reads, v.tracks, v.reads, v.minds)
	f.ops = unionOps(f.ops, v.ops)
	f.top = f.top || v.top
	for _, m := range v.fields {
		f.absorb(m)
	}
	f.absorb(v.rest)
	f.absorb(v.spread)
	f.absorb(v.elem)
}

func union(of ...[]track) []track {
	var out []track
	for _, list := range of {
		for _, t := range list {
			if t.root != "" && !slices.ContainsFunc(out, func(o track) bool { return o.root == t.root && slices.Equal(o.path, t.path) }) {
				out = append(out, t)
			}
		}
	}
	return out
}

func unionOps(a, b []Operation) []Operation {
	out := slices.Clone(a)
	for _, o := range b {
		if !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// either is a value that is one of two.
func either(a, b *Flow) *Flow {
	switch {
	case a == nil:
		return b
	case b == nil || a == b:
		return a
	}
	out := &Flow{
		tracks: union(a.tracks, b.tracks), reads: union(a.reads, b.reads), minds: union(a.minds, b.minds),
		null: a.null || b.null, made: a.made || b.made, list: a.list || b.list, elem: either(a.elem, b.elem),
		rest: either(a.rest, b.rest), spread: either(a.spread, b.spread), ops: unionOps(a.ops, b.ops), top: a.top || b.top,
	}
	out.texts = slices.Clone(a.texts)
	for _, t := range b.texts {
		if !slices.Contains(out.texts, t) && len(out.texts) < maxTexts {
			out.texts = append(out.texts, t)
		}
	}
	if a.fields == nil && b.fields == nil {
		return out
	}
	out.fields, out.some, out.keys = map[string]*Flow{}, map[string]bool{}, writtenIn(a, b)
	for _, s := range [2][2]*Flow{{a, b}, {b, a}} {
		for k, v := range s[0].fields {
			out.fields[k] = either(out.fields[k], v)
			if s[0].some[k] || s[1].fields[k] == nil && !s[1].nothing() {
				out.some[k] = true
			}
		}
	}
	return out
}

// nothing reports whether the value can only be null.
func (f *Flow) nothing() bool {
	return f == nil || !f.made && len(f.tracks)+len(f.reads)+len(f.texts) == 0 && f.fields == nil && !f.list && !f.top && f.rest == nil && f.spread == nil
}

// member is the value at a key.
func (f *Flow) member(key string, pos spot) *Flow {
	if f == nil {
		return nil
	}
	out := &Flow{top: f.top, made: f.made, reads: f.reads, null: f.null}
	for _, t := range f.tracks {
		out.tracks = append(out.tracks, t.step(key, pos))
	}
	known := f.fields[key]
	if known == nil || f.some[key] {
		out.null = f.null || f.fields != nil && f.rest == nil && f.spread == nil
		if f.spread != nil {
			out = either(out, f.spread.member(key, pos))
		}
		out = either(out, f.rest)
	}
	out.null = out.null || known == nil && out.nothing()
	if known != nil && out.nothing() && !out.null {
		return known
	}
	return either(known, out)
}

// each is any value below: an element of a list, a member of an object.
func (f *Flow) each(pos spot) *Flow {
	if f == nil {
		return nil
	}
	out := either(f.elem, f.rest)
	for _, k := range slices.Sorted(maps.Keys(f.fields)) {
		out = either(out, f.fields[k])
	}
	if f.spread != nil {
		out = either(out, f.spread.each(pos))
	}
	if len(f.tracks)+len(f.reads) > 0 || f.top {
		below := &Flow{top: f.top, made: f.made, reads: f.reads}
		for _, t := range f.tracks {
			below.tracks = append(below.tracks, t.step("[]", pos))
		}
		out = either(out, below)
	}
	return out
}

func listOf(elem *Flow) *Flow { return &Flow{list: true, elem: elem} }

func textOf(s string) *Flow { return &Flow{texts: []string{s}} }

// minding is the value where others decided that it is this one.
func (f *Flow) minding(conds ...*Flow) *Flow {
	if f == nil {
		return nil
	}
	out := *f
	out.minds = union(f.minds, computed(conds...).reads)
	return &out
}

// against is the part of a value that is looked at when it is compared with another.
func (f *Flow) against(other *Flow) *Flow {
	if f == nil || other == nil || !other.null || !other.nothing() {
		return f
	}
	return &Flow{tracks: f.tracks, reads: f.reads, minds: f.minds}
}

// plus is the sum of two objects: the members of the second go over those of the first.
func (f *Flow) plus(v *Flow) *Flow {
	out := &Flow{fields: map[string]*Flow{}, some: map[string]bool{}, keys: writtenIn(f, v), rest: either(f.rest, v.rest), spread: either(f.opaque(), v.opaque()), minds: union(f.minds, v.minds)}
	over := v.opaque() // may have any member
	for k, m := range f.fields {
		out.fields[k], out.some[k] = m, f.some[k]
		if over != nil {
			out.fields[k] = either(m, over.member(k, spot{}))
		}
	}
	for k, m := range v.fields {
		switch {
		case !v.some[k] && !v.null:
			out.fields[k], out.some[k] = m, false
		default:
			out.fields[k], out.some[k] = either(out.fields[k], m), f.fields[k] == nil || f.some[k]
		}
	}
	return out
}

// opaque is the part of a value whose members are not built by the program.
func (f *Flow) opaque() *Flow {
	own := &Flow{tracks: f.tracks, reads: f.reads, made: f.made, top: f.top}
	if own.nothing() {
		return f.spread
	}
	return either(own, f.spread)
}

// jsonText is a literal text as JSON.
func jsonText(s string) string { return string(AppendString(nil, s)) }
