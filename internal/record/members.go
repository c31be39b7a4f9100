package record

import "iter"

// Members are the members of an object, each key as it is written between its quotes, in JSON that has been scanned. Of
// what is no object there are none.
func Members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		for i, end := open(object, '{'), 0; i < len(object) && object[i] == '"'; i = next(object, end) {
			end, _ = Scan(object, i, true)
			key := object[i+1 : end-1]
			at := SkipSpace(object, SkipSpace(object, end)+1)
			if end, _ = Scan(object, at, true); !yield(key, object[at:end]) {
				return
			}
		}
	}
}

// Elements are those of an array, in JSON that has been scanned. Of what is no array there are none.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i, end := open(array, '['), 0; i < len(array) && array[i] != ']'; i = next(array, end) {
			if end, _ = Scan(array, i, true); !yield(array[i:end]) {
				return
			}
		}
	}
}

// open is where the first member or element stands, or the closing bracket; past the end where the value is another.
func open(v []byte, bracket byte) int {
	if i := SkipSpace(v, 0); i < len(v) && v[i] == bracket {
		return SkipSpace(v, i+1)
	}
	return len(v)
}

// next is where the member or element behind one stands, or the closing bracket.
func next(v []byte, end int) int {
	if i := SkipSpace(v, end); i < len(v) && v[i] == ',' {
		return SkipSpace(v, i+1)
	}
	return len(v)
}
