package native

// Field is a field of the model, as package mapping has it.
type Field struct {
	Name             string
	Type             string
	Always, Required bool
	Needs            string
	Fields           []Field
}

// Plan writes records in the model's form: the bytes that package mapping writes of the same output, or nothing. It is
// shared; what it knows of a layout stands with the layout.
type Plan struct {
	record *shape
	beside [2]string
}

// NewPlan is the plan of a resource's fields. The members remote and warning stand beside the record.
func NewPlan(fields []Field, remote, warning string) *Plan {
	return &Plan{record: shapeOf(fields, "", remote, warning), beside: [2]string{remote, warning}}
}

// shape is the fields of the objects at one place of the model.
type shape struct {
	fields []field
	needs  string
	beside []string // members that are no fields and may be there
}

type field struct {
	name, absent string // what is written where the value is null; "" where the field is left out
	required     bool
	kind         fieldKind
	inside       *shape // of objects and lists
}

func shapeOf(fields []Field, needs string, beside ...string) *shape {
	s := &shape{needs: needs, beside: beside}
	for _, f := range fields {
		to := field{name: f.Name, required: f.Required, kind: fieldKinds[f.Type]}
		switch {
		case f.Always && f.Type == "list":
			to.absent = "[]"
		case f.Always:
			to.absent = "null"
		}
		switch f.Type {
		case "object", "list":
			to.inside = shapeOf(f.Fields, f.Needs)
		}
		s.fields = append(s.fields, to)
	}
	return s
}

// writing is how the objects of one layout are written at one place of the model: for each field that they have the
// bytes before its value, and the value.
type writing struct {
	shape   *shape
	entries []entry
	end     string // of fields that they do not have, behind the last that they have
	lacking bool   // they lack a field that is required
	nothing bool   // they lack the field that all needs: what they have is looked at, and nothing is written
	strange bool   // they have a member that the model does not know
	beside  [2]int // columns of the members beside the record, or -1
}

// entry is a value and what stands before it: fields that are absent, and its own key.
type entry struct {
	before   head // `,"absent":null,"name":"`, with the quote of a text that is behind it
	keep     int  // of before, where the value is null and left out
	absent   string
	column   int
	kind     fieldKind
	inside   *shape
	required bool
	needed   bool
}

// writing is the one of a layout, made when it is met.
func (s *shape) writing(l *layout) *writing {
	if len(l.writings) > 0 && l.writings[0].shape == s {
		return l.writings[0]
	}
	return s.another(l)
}

func (s *shape) another(l *layout) *writing {
	for _, w := range l.writings {
		if w.shape == s {
			return w
		}
	}
	w := s.plan(l)
	if l.tree != nil && len(l.writings) < maxMemos {
		l.writings = append(l.writings, w)
	}
	return w
}

func (s *shape) plan(l *layout) *writing {
	w := &writing{shape: s}
	before, known := "", 0
	for i := range s.fields {
		f := &s.fields[i]
		key := string(appendText([]byte{','}, keyText(f.name))) + ":"
		column := l.column(f.name)
		if column >= 0 {
			w.entries = append(w.entries, entry{
				before: headOf(before + key + `"`), keep: len(before), absent: f.absent, column: column, kind: f.kind, inside: f.inside,
				required: f.required, needed: f.name == s.needs,
			})
			before = ""
			known++
			continue
		}
		if f.name == s.needs {
			w.nothing = true
			return w
		}
		w.lacking = w.lacking || f.required
		if f.absent != "" && !f.required {
			before += key + f.absent
		}
	}
	for i, name := range s.beside {
		if w.beside[i] = l.column(name); w.beside[i] >= 0 {
			known++
		}
	}
	w.end, w.strange = before, known < len(l.keys)
	return w
}

// Append appends a record. It reports false where the model does not take it, for the caller to find out why; remote
// and warning are the members beside it, null where there are none.
func (p *Plan) append(b []byte, v value) (out []byte, remote, warning value, ok bool) {
	if v.kind != isObject {
		return b, null, null, false
	}
	w := p.record.writing(v.layout())
	out, full, ok := w.append(b, v)
	if !ok || !full {
		return b, null, null, false
	}
	columns := v.columns()
	if i := w.beside[0]; i >= 0 {
		remote = columns[i]
	}
	if i := w.beside[1]; i >= 0 {
		warning = columns[i]
	}
	return out, remote, warning, true
}

// append appends an object; full is false, and nothing is appended, where it counts as null. Each member is written with
// the comma before it, and the first comma then becomes the brace.
func (w *writing) append(b []byte, v value) (_ []byte, full, ok bool) {
	start, some, lacking := len(b), false, w.lacking
	for i := 0; ; i++ {
		from := i
		if b, i = w.plain(b, v, i); i > from {
			some = true
		}
		if i == len(w.entries) {
			break
		}
		e := &w.entries[i]
		x := v.column(e.column)
		mark, filled := len(b), false
		switch {
		case x.kind == isNull:
		case x.plain() && e.kind.takes(x):
			b = append(append(append(b, e.before.text()...), x.str()...), '"')
			some = true
			continue
		default:
			if b, filled, ok = e.kind.append(append(b, e.before.text()[:e.before.size-1]...), x, e.inside); !ok {
				return b[:start], false, false
			}
		}
		switch {
		case filled:
			some = true
		case e.needed:
			return b[:start], false, true
		case e.required:
			b, lacking = b[:mark], true
		case e.absent != "":
			b = append(append(b[:mark], e.before.words[:e.before.size-1]...), e.absent...)
		default:
			b = append(b[:mark], e.before.words[:e.keep]...)
		}
	}
	switch {
	case w.nothing:
		return b[:start], false, true
	case w.strange || some && lacking:
		return b[:start], false, false
	case !some:
		return b[:start], false, true
	}
	b = append(b, w.end...)
	b[start] = '{'
	return append(b, '}'), true, true
}
