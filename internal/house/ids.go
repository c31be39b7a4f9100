package house

import (
	"errors"
	"strings"
)

// StableID is an id of texts, "" among them for nothing.
func StableID(parts ...string) string {
	var b []byte
	for i, p := range parts {
		if i > 0 {
			b = append(b, ':')
		}
		if p == "" {
			b = append(b, NoPart)
		} else {
			b = AppendPart(b, p)
		}
	}
	return string(b)
}

// NoPart stands in an id for a null. The parts of an id are joined with ':'.
const NoPart = '~'

// AppendPart writes one part of an id. Other bytes than A-Za-z0-9._- are written as ~XX, so that different lists of
// texts never meet in one id.
func AppendPart(b []byte, s string) []byte {
	const upper = "0123456789ABCDEF"
	start := 0
	for i := range len(s) {
		if c := s[i]; !ofPart[c] {
			b = append(append(b, s[start:i]...), NoPart, upper[c>>4], upper[c&15])
			start = i + 1
		}
	}
	return append(b, s[start:]...)
}

// ofPart are the bytes that stand in a part as they are.
var ofPart = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") {
		is[c] = true
	}
	return is
}()

// AppendSlug writes a text in lower case, with everything but a-z and 0-9 as single underscores between words.
func AppendSlug(b []byte, s string) []byte {
	start, gap := len(b), false
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c >= 'a' && c <= 'z' || digit(c) {
			if gap && len(b) > start {
				b = append(b, '_')
			}
			gap = false
			b = append(b, c)
		} else {
			gap = true
		}
	}
	return b
}

// MaxText bounds the text that replacing makes.
const MaxText = 1 << 20

var (
	// ErrText is a text past MaxText.
	ErrText = errors.New("the result is longer than 1 MiB")
	// ErrNothing is the empty text as what to replace.
	ErrNothing = errors.New("takes two strings, of which the first is not empty")
)

// AppendReplaced writes s with each from replaced by to, in linear time and within MaxText.
func AppendReplaced(b []byte, s, from, to string) ([]byte, error) {
	if from == "" {
		return b, ErrNothing
	}
	if n := strings.Count(s, from); len(s)+n*(len(to)-len(from)) > MaxText {
		return b, ErrText
	}
	for {
		i := strings.Index(s, from)
		if i < 0 {
			return append(b, s...), nil
		}
		b = append(append(b, s[:i]...), to...)
		s = s[i+len(from):]
	}
}
