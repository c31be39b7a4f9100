package native

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unsafe"
)

// Texts are looked at eight bytes at a time, as a word whose lowest byte is the first.

const (
	wordSize = 8
	eachByte = 0x0101010101010101
	topBits  = 0x80 * eachByte
)

// wordAt is the eight bytes at p, which must all be in bounds.
func wordAt(p unsafe.Pointer) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(p)[:])
}

// special marks the top bit of the first byte of a word that does not stand in JSON between quotes as it is: the quote,
// the backslash, what is below a space, and above a tilde. Behind that byte the marks mean nothing. Zero says that there
// is none. A difference borrows from the next byte only where its own byte is marked, and so does a sum carry.
func special(x uint64) uint64 {
	return (((x ^ 0x02*eachByte) - 0x21*eachByte) | ((x ^ '\\'*eachByte) - eachByte) | (x + eachByte) | x) & topBits
}

// ending marks the first quote, backslash or control character of a word in the same way, and nothing above a tilde.
func ending(x uint64) uint64 {
	return (((x ^ 0x02*eachByte) - 0x21*eachByte) | ((x ^ '\\'*eachByte) - eachByte)) & ^x & topBits
}

// firstMark is the place of the first byte that is marked.
func firstMark(marks uint64) int { return bits.TrailingZeros64(marks) >> 3 }

// isPlain reports that b has none of what special marks.
func isPlain(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if special(binary.LittleEndian.Uint64(b)) != 0 {
			return false
		}
	}
	for _, c := range b {
		if !plainByte(c) {
			return false
		}
	}
	return true
}

func plainByte(c byte) bool { return c >= ' ' && c <= '~' && c != '"' && c != '\\' }

// pattern finds a key in JSON: its bytes in quotes and the colon that follows, compared by two words that may overlap, and
// words between them. Only a plain key is what it is by its bytes; others match nothing.
type pattern struct {
	first, last uint64
	mask        uint64 // of what the key has of both words
	lastAt      int
	size        int    // of the key with quotes and colon
	reach       int    // bytes that must lie before the window's end, one of them behind the colon
	text        string // the key with quotes and colon, filled up to a word
}

// noPattern matches nothing: it reaches farther than any window.
var noPattern = pattern{reach: 1 << 62}

func patternOf(key string) pattern {
	if !isPlain([]byte(key)) {
		return noPattern
	}
	n := len(key) + len(`"":`)
	p := pattern{size: n, reach: max(n+1, 8), lastAt: max(n-8, 0), mask: ^uint64(0)}
	p.text = `"` + key + `":` + strings.Repeat(" ", max(0, 8-n))
	if n < 8 {
		p.mask >>= 8 * (8 - n)
	}
	at := unsafe.Pointer(unsafe.StringData(p.text))
	p.first, p.last = wordAt(at)&p.mask, wordAt(unsafe.Add(at, p.lastAt))&p.mask
	return p
}

// at reports that the key stands at q, which has reach bytes.
func (p *pattern) at(q unsafe.Pointer) bool {
	return p.ends(q) && (p.size <= 2*wordSize || p.between(q))
}

// ends reports that the key's first and last word stand at q.
func (p *pattern) ends(q unsafe.Pointer) bool {
	return (wordAt(q)&p.mask^p.first)|(wordAt(unsafe.Add(q, p.lastAt))&p.mask^p.last) == 0
}

func (p *pattern) between(q unsafe.Pointer) bool {
	text := unsafe.Pointer(unsafe.StringData(p.text))
	for i := wordSize; i < p.lastAt; i += wordSize {
		if wordAt(unsafe.Add(q, i)) != wordAt(unsafe.Add(text, i)) {
			return false
		}
	}
	return true
}

// leadingDigits is how many digits there are at the front of a word.
func leadingDigits(x uint64) int {
	x ^= '0' * eachByte
	return firstMark(((x + 0x76*eachByte) | x) & topBits)
}

// met is the step that the key at b[i] takes from a layout, where it is among the few that were taken before.
func (l *layout) met(b []byte, i int) *step {
	for _, s := range l.steps[:min(len(l.steps), fewKeys)] {
		if i+s.fast.reach <= len(b) && s.fast.at(unsafe.Pointer(&b[i])) {
			l.last = s
			return s
		}
	}
	return nil
}
