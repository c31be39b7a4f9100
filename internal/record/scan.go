package record

// Status is the outcome of a scan.
type Status uint8

const (
	Done Status = iota // a whole value was seen
	More               // the window ends inside the value
	Bad                // the bytes are not JSON, or nest too deeply
)

// A Scanner finds the end of the JSON value that starts at window[i], as Scan does. A mapping's takes what it needs of
// the value on the way; that stays good until the window moves.
type Scanner func(window []byte, i int, eof bool) (end int, st Status)

// MaxDepth bounds the nesting of every document that enters the house, before any other parser sees it.
const MaxDepth = 64

// Scan finds the end of the JSON value that starts at b[i], after white space. It validates the whole grammar but
// the inside of escapes' meaning, uses no recursion and no memory beyond a fixed stack, and says More instead of
// Done for a number that touches the window's end, unless eof.
func Scan(b []byte, i int, eof bool) (end int, st Status) {
	var stack [MaxDepth]byte // '{' or '['
	depth := 0
	short := func() (int, Status) {
		if eof {
			return i, Bad
		}
		return i, More
	}
value:
	i = SkipSpace(b, i)
	if i >= len(b) {
		return short()
	}
	switch c := b[i]; {
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return i, Bad
		}
		stack[depth] = c
		depth++
		i = SkipSpace(b, i+1)
		if i >= len(b) {
			return short()
		}
		if b[i] == c+2 { // '}' is '{'+2, ']' is '['+2
			i++
			depth--
			goto after
		}
		if c == '[' {
			goto value
		}
		goto key
	case c == '"':
		if i, st = scanString(b, i); st != Done {
			if st == More {
				return short()
			}
			return i, st
		}
	case c == '-' || c >= '0' && c <= '9':
		if i, st = scanNumber(b, i, eof); st != Done {
			return i, st
		}
	case c == 't' || c == 'f' || c == 'n':
		if i, st = scanWord(b, i); st != Done {
			if st == More {
				return short()
			}
			return i, st
		}
	default:
		return i, Bad
	}
after:
	if depth == 0 {
		return i, Done
	}
	i = SkipSpace(b, i)
	if i >= len(b) {
		return short()
	}
	switch b[i] {
	case ',':
		i++
		if stack[depth-1] == '[' {
			goto value
		}
		i = SkipSpace(b, i)
		if i >= len(b) {
			return short()
		}
		goto key
	case stack[depth-1] + 2:
		i++
		depth--
		goto after
	}
	return i, Bad
key:
	if b[i] != '"' {
		return i, Bad
	}
	if i, st = scanString(b, i); st != Done {
		if st == More {
			return short()
		}
		return i, st
	}
	i = SkipSpace(b, i)
	if i >= len(b) {
		return short()
	}
	if b[i] != ':' {
		return i, Bad
	}
	i++
	goto value
}

// IsDocument says whether b is one JSON document and nothing else, of a depth that every parser behind bears.
func IsDocument(b []byte) bool {
	end, st := Scan(b, 0, true)
	return st == Done && SkipSpace(b, end) == len(b)
}

// SkipSpace is the index of the first byte at or after i that is not JSON white space.
func SkipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

func scanString(b []byte, i int) (int, Status) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, Done
		case c < 0x20:
			return i, Bad
		case c == '\\':
			i++
			if i >= len(b) {
				return i, More
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					i++
					if i >= len(b) {
						return i, More
					}
					if !isHex(b[i]) {
						return i, Bad
					}
				}
			default:
				return i, Bad
			}
		}
	}
	return i, More
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func scanNumber(b []byte, i int, eof bool) (int, Status) {
	digits := func() bool {
		start := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > start
	}
	end := func(ok bool) (int, Status) {
		if i >= len(b) && !eof {
			return i, More
		}
		if !ok {
			return i, Bad
		}
		return i, Done
	}
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return end(false)
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return end(false)
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return end(false)
		}
	}
	return end(true)
}

func scanWord(b []byte, i int) (int, Status) {
	word := "null"
	switch b[i] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	}
	for j := range len(word) {
		if i+j >= len(b) {
			return i + j, More
		}
		if b[i+j] != word[j] {
			return i + j, Bad
		}
	}
	return i + len(word), Done
}
