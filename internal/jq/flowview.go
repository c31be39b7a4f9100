package jq

import (
	"cmp"
	"maps"
	"slices"
)

// Flow follows a definition from its input to its outputs; nil where there is no such definition, or where it never
// gives an output.
func (m *Module) Flow(name string) *Flow {
	if m.Line(name) == 0 {
		return nil
	}
	w := &follower{file: m.file}
	out := w.program(m.call(name))
	if out != nil {
		decided := *out
		decided.minds = union(out.minds, w.minds)
		out = &decided
	}
	return out
}

// Built lists the members of the objects that a definition's outputs are built of, and where each is written. One that is
// written at several places is there for each of them.
func (m *Module) Built(name string) []Assign {
	return m.Flow(name).built(m.file, nil)
}

func (f *Flow) built(text *file, path []string) []Assign {
	if f == nil {
		return nil
	}
	var out []Assign
	for _, k := range slices.Sorted(maps.Keys(f.fields)) {
		below := append(slices.Clip(path), k)
		for _, at := range f.keys[k] {
			out = append(out, text.assign(below, at))
		}
		out = append(out, f.fields[k].built(text, below)...)
	}
	return append(out, f.elem.built(text, path)...)
}

// Member is the value of a member of an object, nil where no output has it or it is always null.
func (f *Flow) Member(name string) *Flow {
	if v := f.member(name, spot{}); !v.nothing() {
		return v
	}
	return nil
}

// Elem is the value of a list's elements, nil where there are none.
func (f *Flow) Elem() *Flow {
	if v := f.each(spot{}); !v.nothing() {
		return v
	}
	return nil
}

// Always reports whether every output that is built has the member, and never as null.
func (f *Flow) Always(name string) bool {
	v := f.fields[name]
	return !f.null && v != nil && !f.some[name] && !v.null && !v.nothing()
}

// Texts are the literals that the value can be, as JSON; none where it is computed.
func (f *Flow) Texts() []string { return f.texts }

// Operations are those that the value went through on its way, in the order of the source.
func (f *Flow) Operations() []Operation {
	ops := computed(f).ops
	slices.SortFunc(ops, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line, a.Col-b.Col)
	})
	return ops
}

// Refs lists the places that the value and all below it are made of, and those that decided about it, without lines.
// The named members are left out.
func (f *Flow) Refs(but ...string) []Ref {
	if f == nil {
		return nil
	}
	part := *f
	if len(but) > 0 {
		part.fields = map[string]*Flow{}
		for k, v := range f.fields {
			if !slices.Contains(but, k) {
				part.fields[k] = v
			}
		}
	}
	var out []Ref
	for _, t := range computed(&part).reads {
		out = append(out, Ref{Root: t.root, Path: t.path})
	}
	return out
}

// writtenIn is where the members of two objects are written.
func writtenIn(a, b *Flow) map[string][]spot {
	out := map[string][]spot{}
	for _, f := range []*Flow{a, b} {
		for k, at := range f.keys {
			for _, s := range at {
				if !slices.Contains(out[k], s) {
					out[k] = append(out[k], s)
				}
			}
		}
	}
	return out
}
