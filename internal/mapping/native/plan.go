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
	end     string // of fields that they do not have, or have with a value that is known, behind the last other one
	some    bool   // a value that is known is not null
	lacking bool   // they lack a field that is required
	nothing bool   // they lack the field that all needs: what they have is looked at, and nothing is written
	strange bool   // they have a member that the model does not know
	beside  [2]int // columns of the members beside the record, or -1
}

// entry is a value and what stands before it: fields that are absent or known, and its own key.
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
	w := s.plan(l, nil)
	if l.tree != nil && len(l.writings) < maxMemos {
		l.writings = append(l.writings, w)
	}
	return w
}

// plan is how objects of a layout are written, of which some values may be known: none where one is not.
func (s *shape) plan(l *layout, known []value) *writing {
	w := &writing{shape: s}
	before, met := "", 0
	for i := range s.fields {
		f := &s.fields[i]
		key := string(appendText([]byte{','}, keyText(f.name))) + ":"
		column := l.column(f.name)
		switch {
		case column >= 0:
			met++
			e := entry{
				before: headOf(before + key + `"`), keep: len(before), absent: f.absent, column: column, kind: f.kind, inside: f.inside,
				required: f.required, needed: f.name == s.needs,
			}
			if known != nil && !known[column].gone() {
				if b, how := e.append(nil, known[column]); how <= isEmpty {
					before, w.some = string(b), w.some || how == isFull
					continue
				}
			}
			w.entries = append(w.entries, e)
			before = ""
		case f.name == s.needs:
			w.nothing = true
			return w
		default:
			w.lacking = w.lacking || f.required
			if f.absent != "" && !f.required {
				before += key + f.absent
			}
		}
	}
	for i, name := range s.beside {
		if w.beside[i] = l.column(name); w.beside[i] >= 0 {
			met++
		}
	}
	w.end, w.strange = before, met < len(l.keys)
	return w
}
