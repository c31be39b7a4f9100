package native

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/record"
)

// number is the end of the JSON number at b[i], -1 where there is none.
func number(b []byte, i int) int {
	if b[i] == '-' {
		if i++; i == len(b) {
			return -1
		}
	}
	start := i
	if i = digitsFrom(b, i); i == start {
		return -1
	}
	if b[start] == '0' {
		i = start + 1
	}
	if i < len(b) && b[i] == '.' {
		start = i + 1
		if i = digitsFrom(b, start); i == start {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		return exponent(b, i+1)
	}
	return i
}

// digitsFrom is the end of the digits at b[i].
func digitsFrom(b []byte, i int) int {
	for i+wordSize <= len(b) {
		n := leadingDigits(binary.LittleEndian.Uint64(b[i:]))
		if i += n; n < wordSize {
			return i
		}
	}
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// exponent is the end of a number behind its e, -1 where it is none.
func exponent(b []byte, i int) int {
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	start := i
	if i = digitsFrom(b, i); i == start {
		return -1
	}
	return i
}

// readKey is the step that the key at b[i] takes from a layout, and where its value starts. There is no step where the key
// is no path in the tree, or comes again: then it stands on the stack of keys, behind all of its object.
func (m *memory) readKey(b []byte, i int, l *layout) (*step, int) {
	if b[i] != '"' {
		return nil, -1
	}
	if s := l.met(b, i); s != nil {
		return s, i + s.fast.size
	}
	key, i := m.readText(b, i+1, i+1)
	if i < 0 {
		return nil, -1
	}
	if i = record.SkipSpace(b, i); i >= len(b) || b[i] != ':' {
		return nil, -1
	}
	if l != &m.open.outside {
		if s := m.tree.step(l, key.str()); s != nil && s.to != l {
			return s, i + 1
		}
		m.open.keys = append(m.open.keys, l.keys...)
	}
	m.open.keys = append(m.open.keys, key.str())
	return nil, i + 1
}

// readText is the text whose first byte is b[start] and of which all before b[i] is plain, and what is behind its quote.
// It is -1 where there is no end, or anything that JSON does not allow.
func (m *memory) readText(b []byte, start, i int) (value, int) {
	escaped := false
	for {
		for i+wordSize <= len(b) {
			marks := ending(binary.LittleEndian.Uint64(b[i:]))
			if marks != 0 {
				i += firstMark(marks)
				break
			}
			i += wordSize
		}
		for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
			i++
		}
		if i == len(b) || b[i] < ' ' {
			return unknown, -1
		}
		if b[i] == '"' {
			break
		}
		n := escape(b[i:])
		if n < 0 {
			return unknown, -1
		}
		escaped = true
		i += n
	}
	return m.found(b[start:i], escaped), i + 1
}

// found is a text that was found between quotes.
func (m *memory) found(b []byte, escaped bool) value {
	switch {
	case escaped || !utf8.Valid(b):
		return m.decoded(b)
	case isPlain(b):
		return plainText(view(b))
	}
	return textOf(view(b))
}

// escape is the size of the escape at the front of b, -1 where it is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return -1
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if hexRune(b) >= 0 {
			return 6
		}
	}
	return -1
}

// hexRune is the number of an escape by digits at the front of b, -1 where there is none.
func hexRune(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// decoded is a text without its escapes, which are valid. As in encoding/json, half of a surrogate pair and each byte
// that is no UTF-8 become U+FFFD.
func (m *memory) decoded(b []byte) value {
	out := m.begin()
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return m.end(appendRepaired(out, b))
		}
		out = appendRepaired(out, b[:i])
		if b = b[i:]; b[1] != 'u' {
			out = append(out, unescaped(b[1]))
			b = b[2:]
			continue
		}
		r := hexRune(b)
		b = b[6:]
		if utf16.IsSurrogate(r) {
			if r = utf16.DecodeRune(r, hexRune(b)); r != utf8.RuneError {
				b = b[6:]
			}
		}
		out = utf8.AppendRune(out, r)
	}
}

// appendRepaired appends bytes as UTF-8.
func appendRepaired(out, b []byte) []byte {
	if utf8.Valid(b) {
		return append(out, b...)
	}
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		out = utf8.AppendRune(out, r)
		b = b[size:]
	}
	return out
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
