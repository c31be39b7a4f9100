package native

import "slices"

// overlaid is the overlay of a layout, made when it is met.
func (o *built) overlaid(m *Machine, l *layout) *overlay {
	if o.over != nil && o.over.under == l {
		return o.over
	}
	for _, w := range o.all {
		if w.under == l {
			o.over = w
			return w
		}
	}
	w := o.overlay(l)
	if l.tree == m.tree {
		if len(o.all) == maxMemos { // those of layouts that come by turns, or of a tree before this one
			o.all = o.all[:0]
		}
		o.over, o.all = w, append(o.all, w)
	}
	return w
}

// overlay is how the object is written over those of a layout. The columns of the two together are first the layout's.
func (o *built) overlay(under *layout) *overlay {
	both := &layout{keys: slices.Clone(under.keys)}
	for _, k := range o.keys {
		if under.column(k) < 0 {
			both.keys = append(both.keys, k)
		}
	}
	known, parts := make([]value, len(both.keys)), make([]*member, len(both.keys))
	for i := range known {
		known[i] = none
	}
	for i, k := range o.keys {
		column := both.column(k)
		known[column], parts[column] = o.known[i], &o.parts[i]
	}
	w := &overlay{writing: o.shape.plan(both, known), under: under}
	for _, e := range w.entries {
		w.parts = append(w.parts, parts[e.column])
		parts[e.column] = nil
	}
	for i := range o.shape.beside {
		if column := w.writing.beside[i]; !w.nothing && column >= 0 {
			w.beside = append(w.beside, neighbour{i, parts[column], column})
			parts[column] = nil
		}
	}
	for i, p := range parts {
		if p != nil && known[i].gone() {
			w.unseen = append(w.unseen, p)
		}
	}
	return w
}
