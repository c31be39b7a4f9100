package native

import "unsafe"

// shortText is the size of what is copied by words; the rest is copied by a call.
const shortText = 64

// head is the bytes before a value, filled up to whole words.
type head struct {
	words string
	size  int
}

func headOf(s string) head {
	return head{s + "        "[:-len(s)&(wordSize-1)], len(s)}
}

func (h *head) text() string { return h.words[:h.size] }

// append appends a member. What is short and stands in the record as it is takes no call: head and value are copied by
// words, which lie in theirs, where b has so much room.
func (e *entry) append(b []byte, x value) ([]byte, outcome) {
	size, quoted := int(x.x), 1
	switch e.kind {
	case ofString:
		if !x.plain() {
			return e.other(b, x)
		}
	case ofID:
		if !x.plain() || size == 0 {
			return e.other(b, x)
		}
	case ofDate:
		if x.kind != isText || x.form != asDate {
			return e.other(b, x)
		}
	case ofCurrency:
		if !x.plain() || size != 3 || !IsCurrency(x.str()) {
			return e.other(b, x)
		}
	case ofNumber:
		if x.kind != isNumber || x.form != asText {
			return e.other(b, x)
		}
		quoted = 0
	default:
		return e.other(b, x)
	}
	n := len(b)
	if size > shortText || cap(b)-n < len(e.before.words)+size+1 {
		return e.other(b, x)
	}
	to, from := unsafe.Pointer(unsafe.SliceData(b)), unsafe.Pointer(unsafe.StringData(e.before.words))
	for at := 0; at < len(e.before.words); at += wordSize {
		*(*[wordSize]byte)(unsafe.Add(to, n+at)) = *(*[wordSize]byte)(unsafe.Add(from, at))
	}
	n += e.before.size - 1 + quoted
	switch {
	case size >= wordSize:
		for at := 0; at < size-wordSize; at += wordSize {
			*(*[wordSize]byte)(unsafe.Add(to, n+at)) = *(*[wordSize]byte)(unsafe.Add(x.p, at))
		}
		*(*[wordSize]byte)(unsafe.Add(to, n+size-wordSize)) = *(*[wordSize]byte)(unsafe.Add(x.p, size-wordSize))
	case size >= 4:
		*(*[4]byte)(unsafe.Add(to, n)) = *(*[4]byte)(x.p)
		*(*[4]byte)(unsafe.Add(to, n+size-4)) = *(*[4]byte)(unsafe.Add(x.p, size-4))
	default:
		for at := range size {
			*(*byte)(unsafe.Add(to, n+at)) = *(*byte)(unsafe.Add(x.p, at))
		}
	}
	n += size
	if quoted > 0 {
		*(*byte)(unsafe.Add(to, n)) = '"'
		n++
	}
	return b[:n], isFull
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
	b, how := e.kind.append(e.begin(b), x, e.inside)
	return e.ended(b, mark, how)
}

// begin appends what stands before a value that brings its own quotes, if it has any.
func (e *entry) begin(b []byte) []byte { return append(b, e.before.words[:e.before.size-1]...) }

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
		return append(e.begin(b), e.absent...), isEmpty
	}
	return append(b, e.before.words[:e.keep]...), isEmpty
}
