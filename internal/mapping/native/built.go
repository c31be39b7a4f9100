package native

import (
	"slices"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// built is an object that is written while it is built, alone or laid over another one: `{a, b}`, or `base + {a, b}`.
type built struct {
	shape *shape
	keys  []string
	parts []member // by key
	known []value  // the same that a constant is; none of others
	base  eval     // nil where there is none
	bare  *overlay
	over  *overlay // the one that was met the last time
	all   []*overlay
}

// member is one that is built: what reads it, gives it, or writes it.
type member struct {
	read *reader
	eval eval
	put  put
}

// overlay is how the object is written over those of one layout.
type overlay struct {
	*writing
	under  *layout
	parts  []*member // of the entries; nil of one that the base has
	unseen []*member // that have no entry: they may have an error
	beside []neighbour
}

// neighbour is a member beside the record.
type neighbour struct {
	at     int
	part   *member // nil of one that the base has
	column int
}

// built compiles an object, or a sum whose right side is one; nil where its keys are not known before or repeat.
func (c *compiler) built(n core.Node, at place) *built {
	o := &built{shape: at.inside}
	if sum, ok := n.(*core.Binary); ok {
		if n = unfolded(sum.Right); sum.Op != core.Add {
			return nil
		}
		o.base = c.eval(sum.Left)
	}
	of, ok := n.(*core.Object)
	if !ok {
		return nil
	}
	if o.keys, _ = c.names(of); len(o.keys) != len(of.Members) {
		return nil
	}
	for i, m := range of.Members {
		o.parts = append(o.parts, c.member(m.Value, at.inside.place(o.keys[i])))
		o.known = append(o.known, c.literal(m.Value))
	}
	o.bare = o.overlay(&layout{})
	return o
}

// unfolded is what a definition stands for, if it is one without anything else.
func unfolded(n core.Node) core.Node {
	for {
		call, ok := n.(*core.Invoke)
		if !ok {
			return n
		}
		n = call.Func.Body
	}
}

func (c *compiler) member(n core.Node, at place) member {
	if at.kind == ofObject || at.kind == ofList {
		return member{put: c.put(n, at)}
	}
	return member{read: ownMember(n), eval: c.eval(n)}
}

// place is that of a member; ofNoKind where it is none of the model's.
func (s *shape) place(name string) place {
	for _, f := range s.fields {
		if f.name == name {
			return place{kind: f.kind, inside: f.inside}
		}
	}
	return place{}
}

// value is the member of what is no object or list of the model.
func (p *member) value(m *Machine, in value) value {
	if p.read != nil {
		return p.read.of(in)
	}
	return p.eval(m, in)
}

// append appends the member at its entry.
func (p *member) append(m *Machine, b []byte, in value, e *entry) ([]byte, outcome) {
	if p.put == nil {
		return e.append(b, p.value(m, in))
	}
	mark := len(b)
	b, how := p.put(m, e.begin(b), in)
	return e.ended(b, mark, how)
}

// sane says that the member is no error, for one that is not written.
func (p *member) sane(m *Machine, b []byte, in value) bool {
	if p.put == nil {
		return !p.value(m, in).gone()
	}
	_, how := p.put(m, b, in)
	return how != isRefused
}

// append writes the object. Its members are evaluated in the model's order and not in theirs, which makes no difference:
// they have one output each, and with any that is an error the item bails.
func (o *built) append(m *Machine, b []byte, in value) ([]byte, outcome) {
	w, under := o.bare, null
	if o.base != nil {
		if under = o.base(m, in); under.kind == isObject {
			w = o.overlaid(m, under.layout())
		} else if under.kind != isNull {
			return b, isRefused
		}
	}
	start, sum := len(b), w.tally()
	for i := range w.entries {
		e, how := &w.entries[i], isFull
		if p := w.parts[i]; p != nil {
			b, how = p.append(m, b, in, e)
		} else {
			b, how = e.append(b, *under.column(e.column))
		}
		if !sum.of(how) {
			if how == isNothing && !w.sane(m, b, in, i+1) {
				how = isRefused
			}
			return b[:start], sum.end(how)
		}
	}
	if len(w.unseen) > 0 && !w.sane(m, b, in, len(w.parts)) {
		return b[:start], isRefused
	}
	for _, n := range w.beside {
		if n.part == nil {
			m.beside[n.at] = *under.column(n.column)
		} else if m.beside[n.at] = n.part.value(m, in); m.beside[n.at].gone() {
			return b[:start], isRefused
		}
	}
	return w.close(b, start, sum)
}

// sane says that there is no error in the members from the i-th entry on, nor in those that have none.
func (w *overlay) sane(m *Machine, b []byte, in value, i int) bool {
	unsound := func(p *member) bool { return p != nil && !p.sane(m, b, in) }
	return !slices.ContainsFunc(w.parts[i:], unsound) && !slices.ContainsFunc(w.unseen, unsound)
}
