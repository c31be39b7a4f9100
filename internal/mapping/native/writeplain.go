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

// plain appends members from the i-th on for as long as they are short and stand in the record as they are, with no call
// for any of them, and is where it stopped.
//
// Nothing is written behind cap(b): head and value are copied by words, which lie in theirs, where they have so much room.
func (w *writing) plain(b []byte, v value, i int) ([]byte, int) {
	to, n := unsafe.Pointer(unsafe.SliceData(b)), len(b)
	for ; i < len(w.entries); i++ {
		e := &w.entries[i]
		x := v.column(e.column)
		size := int(x.x)
		quoted := 1
		switch e.kind {
		case ofString:
			if !x.plain() {
				return b[:n], i
			}
		case ofID:
			if !x.plain() || size == 0 {
				return b[:n], i
			}
		case ofDate:
			if x.kind != isText || x.form != asDate {
				return b[:n], i
			}
		case ofCurrency:
			if !x.plain() || size != 3 || !IsCurrency(x.str()) {
				return b[:n], i
			}
		case ofNumber:
			if x.kind != isNumber || x.form != asText {
				return b[:n], i
			}
			quoted = 0
		default:
			return b[:n], i
		}
		if size > shortText || cap(b)-n < len(e.before.words)+size+1 {
			return b[:n], i
		}
		from := unsafe.Pointer(unsafe.StringData(e.before.words))
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
	}
	return b[:n], i
}
