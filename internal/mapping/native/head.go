package native

import "unsafe"

// shortText is the size of what is copied by words; the rest is copied by a call.
const shortText = 64

// head is what stands before a value, with the quote of a text that may be behind it, filled up to whole words.
type head struct {
	words string
	size  int
}

func headOf(s string) head {
	return head{s + "        "[:-len(s)&(wordSize-1)], len(s)}
}

func (h *head) text() string { return h.words[:h.size] }

// bare appends the head of a value that is no text, or brings its own quotes.
func (h *head) bare(b []byte) []byte { return append(b, h.words[:h.size-1]...) }

// fits says that a value can be copied by words: they lie in the head's and in the value's own, where b has room for all.
func (h *head) fits(b []byte, v value) bool {
	return v.x <= shortText && cap(b)-len(b) >= len(h.words)+int(v.x)+1
}

// join appends the head and a plain text, or the digits of a number, that fit.
func (h *head) join(b []byte, v value) []byte {
	n, size := len(b), int(v.x)
	to, from := unsafe.Pointer(unsafe.SliceData(b)), unsafe.Pointer(unsafe.StringData(h.words))
	for at := 0; at < len(h.words); at += wordSize {
		*(*[wordSize]byte)(unsafe.Add(to, n+at)) = *(*[wordSize]byte)(unsafe.Add(from, at))
	}
	if n += h.size; v.kind == isNumber {
		n--
	}
	switch {
	case size >= wordSize:
		for at := 0; at < size-wordSize; at += wordSize {
			*(*[wordSize]byte)(unsafe.Add(to, n+at)) = *(*[wordSize]byte)(unsafe.Add(v.p, at))
		}
		*(*[wordSize]byte)(unsafe.Add(to, n+size-wordSize)) = *(*[wordSize]byte)(unsafe.Add(v.p, size-wordSize))
	case size >= 4:
		*(*[4]byte)(unsafe.Add(to, n)) = *(*[4]byte)(v.p)
		*(*[4]byte)(unsafe.Add(to, n+size-4)) = *(*[4]byte)(unsafe.Add(v.p, size-4))
	default:
		for at := range size {
			*(*byte)(unsafe.Add(to, n+at)) = *(*byte)(unsafe.Add(v.p, at))
		}
	}
	if n += size; v.kind == isText {
		*(*byte)(unsafe.Add(to, n)) = '"'
		n++
	}
	return b[:n]
}
