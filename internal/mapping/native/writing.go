package native

// outcome is what became of a value at its place in the model.
type outcome uint8

const (
	isFull    outcome = iota // it is written
	isEmpty                  // it counts as null, of which is written what stands for it
	isLacking                // it does so and must not
	isNothing                // it does so, and with it the object whose member it is
	isRefused                // the model does not take it, or it is no value
)

// append appends a record, from its value. Remote and warning are the members beside it, null where there are none.
func (p *Plan) append(b []byte, v value) (out []byte, remote, warning value, how outcome) {
	if v.kind != isObject {
		return b, null, null, isRefused
	}
	w := p.record.writing(v.layout())
	out, how = w.append(b, v)
	columns := v.columns()
	if i := w.beside[0]; i >= 0 {
		remote = columns[i]
	}
	if i := w.beside[1]; i >= 0 {
		warning = columns[i]
	}
	return out, remote, warning, how
}

// append appends an object, or nothing where it counts as null. Each member is written with the comma before it, and the
// first comma then becomes the brace.
func (w *writing) append(b []byte, v value) ([]byte, outcome) {
	start, some, lacking := len(b), w.some, w.lacking
	for i := range w.entries {
		e := &w.entries[i]
		var how outcome
		switch b, how = e.append(b, *v.column(e.column)); how {
		case isFull:
			some = true
		case isEmpty:
		case isLacking:
			lacking = true
		case isNothing:
			return b[:start], isEmpty
		default:
			return b[:start], isRefused
		}
	}
	return w.close(b, start, some, lacking)
}

// close ends an object behind its last member.
func (w *writing) close(b []byte, start int, some, lacking bool) ([]byte, outcome) {
	switch {
	case w.nothing:
		return b[:start], isEmpty
	case w.strange || some && lacking:
		return b[:start], isRefused
	case !some:
		return b[:start], isEmpty
	}
	b = append(b, w.end...)
	b[start] = '{'
	return append(b, '}'), isFull
}
