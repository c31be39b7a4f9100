package native

import "slices"

// overlay is how the object is written over those of one layout.
type overlay struct {
	*writing // whose entries are the seats'
	of       *built
	under    *layout
	seats    []seat
	more     bool     // there is one of the two below
	unseen   []member // that have no seat, for nothing is written of them: they may have an error
	beside   []neighbour
}

// seat is an entry and what gives its value; of one that only the base has, nothing does.
type seat struct {
	entry
	member
}

// neighbour is a member beside the record, or of the base.
type neighbour struct {
	member
	at, column int
}

// overlaid is the overlay of a layout, made when it is met. It stands with the layout.
func (o *built) overlaid(l *layout) *overlay {
	if o.met != nil && o.met.under == l {
		return o.met
	}
	for _, w := range l.overlays {
		if w.of == o {
			o.met = w
			return w
		}
	}
	w := o.overlay(l)
	if l.lives() && len(l.overlays) < maxMemos {
		l.overlays, o.met = append(l.overlays, w), w
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
	known, members := make([]value, len(both.keys)), make([]*member, len(both.keys))
	for i := range known {
		known[i] = none
	}
	for i, k := range o.keys {
		column := both.column(k)
		known[column], members[column] = o.known[i], &o.members[i]
	}
	taken := func(column int) (m member) {
		if members[column] != nil {
			m, members[column] = *members[column], nil
		}
		return m
	}
	w := &overlay{writing: o.shape.plan(both, known), of: o, under: under}
	for _, e := range w.entries {
		w.seats = append(w.seats, seat{e, taken(e.column)})
	}
	w.entries = nil
	for i := range o.shape.beside {
		if column := w.writing.beside[i]; !w.nothing && column >= 0 {
			w.beside = append(w.beside, neighbour{taken(column), i, column})
		}
	}
	for i, m := range members {
		if m != nil && known[i].gone() {
			w.unseen = append(w.unseen, *m)
		}
	}
	w.more = len(w.unseen)+len(w.beside) > 0
	return w
}

// rest evaluates what has no seat. It is false where something is an error.
func (w *overlay) rest(m *Machine, b []byte, in, under value) bool {
	for i := range w.beside {
		n := &w.beside[i]
		var v value
		switch {
		case n.read != nil:
			v = n.read.of(in)
		case n.eval != nil:
			v = n.eval(m, in)
		default:
			v = *under.column(n.column)
		}
		if v.gone() {
			return false
		}
		m.beside[n.at] = v
	}
	return w.sane(m, b, in, len(w.seats))
}

// sane says that there is no error in the members from the i-th seat on, nor in those that have none.
func (w *overlay) sane(m *Machine, b []byte, in value, i int) bool {
	for ; i < len(w.seats); i++ {
		if !w.seats[i].sane(m, b, in) {
			return false
		}
	}
	for i := range w.unseen {
		if !w.unseen[i].sane(m, b, in) {
			return false
		}
	}
	return true
}

// sane says that a member that is not written is no error.
func (e *member) sane(m *Machine, b []byte, in value) bool {
	switch {
	case e.read != nil:
		return !e.read.of(in).gone()
	case e.eval != nil:
		return !e.eval(m, in).gone()
	case e.put != nil:
		_, how := e.put(m, b, in)
		return how != isRefused
	}
	return true
}
