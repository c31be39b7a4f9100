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
	start, sum := len(b), w.tally()
	for i := range w.entries {
		e := &w.entries[i]
		var how outcome
		if b, how = e.append(b, *v.column(e.column)); !sum.of(how) {
			return b[:start], sum.end(how)
		}
	}
	return w.close(b, start, sum)
}

// tally is what the members of an object came to so far.
type tally struct{ some, lacking bool }

func (w *writing) tally() tally { return tally{w.some, w.lacking} }

// of counts a member. It is false where those behind it are not asked any more.
func (t *tally) of(how outcome) bool {
	switch how {
	case isFull:
		t.some = true
	case isLacking:
		t.lacking = true
	}
	return how < isNothing
}

// end is the outcome of an object that such a member ends.
func (tally) end(how outcome) outcome {
	if how == isNothing {
		return isEmpty
	}
	return isRefused
}

// close ends an object behind its last member.
func (w *writing) close(b []byte, start int, sum tally) ([]byte, outcome) {
	switch {
	case w.nothing:
		return b[:start], isEmpty
	case w.strange || sum.some && sum.lacking:
		return b[:start], isRefused
	case !sum.some:
		return b[:start], isEmpty
	}
	b = append(b, w.end...)
	b[start] = '{'
	return append(b, '}'), isFull
}
