package native

import "github.com/meterbridge/meterbridge/internal/jq/core"

// built is an object that is written while it is built, alone or laid over another one: `{a, b}`, or `base + {a, b}`.
type built struct {
	shape   *shape
	keys    []string
	members []member // by key
	known   []value  // the same that a constant is; none of others
	base    eval     // nil where there is none
	bare    *overlay // over nothing
	met     *overlay // the last time
}

// member is what gives a member, in one of three ways.
type member struct {
	read *reader
	eval eval
	put  put // which writes it
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
		o.members = append(o.members, c.member(m.Value, at.inside.place(o.keys[i])))
		o.known = append(o.known, c.literal(m.Value))
	}
	o.bare = o.overlay(&layout{})
	return o
}

// unfolded is what a definition stands for.
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
	if r := ownMember(n); r != nil {
		return member{read: r}
	}
	return member{eval: c.eval(n)}
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

// put writes the object. Its members are evaluated in the model's order and not in theirs, which makes no difference:
// they have one output each, and with any that is an error the item bails.
func (o *built) put(m *Machine, b []byte, in value) ([]byte, outcome) {
	w, under := o.bare, null
	if o.base != nil {
		if under = o.base(m, in); under.kind == isObject {
			w = o.overlaid(under.layout())
		} else if under.kind != isNull {
			return b, isRefused
		}
	}
	start, some, lacking := len(b), w.some, w.lacking
	for i := range w.seats {
		s, how := &w.seats[i], isFull
		switch {
		case s.read != nil:
			b, how = s.entry.append(b, s.read.of(in))
		case s.eval != nil:
			b, how = s.entry.append(b, s.eval(m, in))
		case s.put != nil:
			mark := len(b)
			b, how = s.put(m, s.before.bare(b), in)
			b, how = s.ended(b, mark, how)
		default:
			b, how = s.entry.append(b, *under.column(s.column))
		}
		switch how {
		case isFull:
			some = true
		case isEmpty:
		case isLacking:
			lacking = true
		case isNothing:
			if w.sane(m, b, in, i+1) {
				return b[:start], isEmpty
			}
			return b[:start], isRefused
		default:
			return b[:start], isRefused
		}
	}
	if w.more && !w.rest(m, b, in, under) {
		return b[:start], isRefused
	}
	return w.close(b, start, some, lacking)
}
