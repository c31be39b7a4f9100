package native

// append appends a member.
func (e *entry) append(b []byte, x value) ([]byte, outcome) {
	if e.asItIs(x) && e.before.fits(b, x) {
		return e.before.join(b, x), isFull
	}
	return e.other(b, x)
}

// asItIs says of most members that they stand in the record as they are.
func (e *entry) asItIs(x value) bool {
	switch e.kind {
	case ofString:
		return x.plain()
	case ofID:
		return x.plain() && x.x > 0
	case ofDate:
		return x.kind == isText && x.form == asDate
	case ofCurrency:
		return x.plain() && x.x == 3 && IsCurrency(x.str())
	case ofNumber:
		return x.digits()
	}
	return false
}

// other appends a member of any kind.
func (e *entry) other(b []byte, x value) ([]byte, outcome) {
	if x.kind == isNull {
		return e.missing(b)
	}
	if x.plain() && e.kind.takes(x) {
		return append(append(append(b, e.before.text()...), x.str()...), '"'), isFull
	}
	mark := len(b)
	b, how := e.kind.append(e.before.bare(b), x, e.inside)
	return e.ended(b, mark, how)
}

// ended is a member behind its value, which was begun at a mark.
func (e *entry) ended(b []byte, mark int, how outcome) ([]byte, outcome) {
	if how == isEmpty {
		return e.missing(b[:mark])
	}
	return b, how
}

// missing appends what is written of a member that is null.
func (e *entry) missing(b []byte) ([]byte, outcome) {
	switch {
	case e.needed:
		return b, isNothing
	case e.required:
		return b, isLacking
	case e.absent != "":
		return append(e.before.bare(b), e.absent...), isEmpty
	}
	return append(b, e.before.words[:e.keep]...), isEmpty
}
