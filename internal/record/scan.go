package record

import (
	"encoding/binary"
	"math/bits"
)

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
// the inside of escapes' meaning, uses no recursion and no memory, and says More instead of Done for a number that
// touches the window's end, unless eof.
func Scan(b []byte, i int, eof bool) (end int, st Status) {
	end, st = scan(b, i, eof)
	if st == More && eof {
		st = Bad
	}
	return end, st
}

// scan is Scan that says More at the end of all, too. What is open is a bit a level, 1 for an object, the innermost last.
func scan(b []byte, i int, eof bool) (end int, st Status) {
	var open uint64
	depth := 0
value:
	if i >= len(b) {
		return i, More
	}
	switch c := b[i]; c {
	case '"':
		if i, st = scanString(b, i+1); st != Done {
			return i, st
		}
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if i, st = scanNumber(b, i, eof); st != Done {
			return i, st
		}
	case 't', 'f', 'n':
		if i, st = scanWord(b, i); st != Done {
			return i, st
		}
	case '{':
		if depth == MaxDepth {
			return i, Bad
		}
		depth++
		open = open<<1 | 1
		if i = SkipSpace(b, i+1); i < len(b) && b[i] == '}' {
			i++
			depth--
			open >>= 1
			break
		}
		goto key
	case '[':
		if depth == MaxDepth {
			return i, Bad
		}
		depth++
		open <<= 1
		if i = SkipSpace(b, i+1); i < len(b) && b[i] == ']' {
			i++
			depth--
			open >>= 1
			break
		}
		goto value
	case ' ', '\n', '\r', '\t':
		i = SkipSpace(b, i+1)
		goto value
	default:
		return i, Bad
	}
after:
	if depth == 0 {
		return i, Done
	}
	if i >= len(b) {
		return i, More
	}
	switch c := b[i]; {
	case c == ',':
		i++
		if open&1 == 0 {
			goto value
		}
	case c == '}' && open&1 == 1, c == ']' && open&1 == 0:
		i++
		depth--
		open >>= 1
		goto after
	case c <= ' ' && SkipSpace(b, i) > i:
		i = SkipSpace(b, i)
		goto after
	default:
		return i, Bad
	}
key:
	if i < len(b) && b[i] != '"' {
		i = SkipSpace(b, i)
	}
	if i >= len(b) {
		return i, More
	}
	if b[i] != '"' {
		return i, Bad
	}
	if i, st = scanString(b, i+1); st != Done {
		return i, st
	}
	if i < len(b) && b[i] != ':' {
		i = SkipSpace(b, i)
	}
	if i >= len(b) {
		return i, More
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
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// A word of eight bytes that holds the byte 1 in each place, and one that holds the highest bit of each.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// scanString goes on behind a quote to behind the next one, eight bytes at a time: in special the highest bit is set of
// the first byte that is a quote, a backslash or a control character, and of none before it.
func scanString(b []byte, i int) (int, Status) {
	for {
		for ; i+8 <= len(b); i += 8 {
			x := binary.LittleEndian.Uint64(b[i:])
			quote, slash := x^ones*'"', x^ones*'\\'
			special := ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*' ')&^x) & highs
			if special != 0 {
				i += bits.TrailingZeros64(special) >> 3
				break
			}
		}
		for ; i < len(b); i++ {
			if c := b[i]; c == '"' {
				return i + 1, Done
			} else if c < ' ' {
				return i, Bad
			} else if c == '\\' {
				break
			}
		}
		if i >= len(b) {
			return i, More
		}
		var st Status
		if i, st = scanEscape(b, i+1); st != Done {
			return i, st
		}
	}
}

// scanEscape goes on behind a backslash to the end of the escape.
func scanEscape(b []byte, i int) (int, Status) {
	if i >= len(b) {
		return i, More
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1, Done
	case 'u':
	default:
		return i, Bad
	}
	i++
	for end := i + 4; i < end; i++ {
		if i >= len(b) {
			return i, More
		}
		if !isHex(b[i]) {
			return i, Bad
		}
	}
	return i, Done
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func scanNumber(b []byte, i int, eof bool) (int, Status) {
	if b[i] == '-' {
		i++
	}
	ok := true
	if i < len(b) && b[i] == '0' {
		i++
	} else {
		i, ok = digits(b, i)
	}
	if ok && i < len(b) && b[i] == '.' {
		i, ok = digits(b, i+1)
	}
	if ok && i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		i, ok = digits(b, i)
	}
	switch {
	case i >= len(b) && !eof:
		return i, More
	case !ok:
		return i, Bad
	}
	return i, Done
}

// digits goes behind some digits; ok is false where there is none.
func digits(b []byte, i int) (end int, ok bool) {
	start := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i, i > start
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
