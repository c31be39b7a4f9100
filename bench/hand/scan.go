// Package hand maps two providers' pages as one would by hand, where nothing else counted: a scanner that goes over the
// bytes once, a switch of the keys that are read, spans copied to the output. It is the practical limit of a mapping in
// Go, and what it costs is to be seen here: each provider is its own code, each change of a field is a release.
package hand

import (
	"bytes"
	"errors"
)

var errMalformed = errors.New("the page is malformed")

// scanner stands in a document. Its methods panic with errMalformed, which Map recovers.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) space() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\n', '\t', '\r':
			s.i++
		default:
			return c
		}
	}
	panic(errMalformed)
}

func (s *scanner) open(c byte) {
	if s.space() != c {
		panic(errMalformed)
	}
	s.i++
}

// more says whether another member or element follows, and passes the comma or the end.
func (s *scanner) more(end byte, first bool) bool {
	switch c := s.space(); {
	case c == end:
		s.i++
		return false
	case first:
		return true
	case c == ',':
		s.i++
		return true
	}
	panic(errMalformed)
}

// key is the next member's name, as it is written.
func (s *scanner) key() []byte {
	if s.space() != '"' {
		panic(errMalformed)
	}
	from := s.i + 1
	s.text()
	name := s.b[from : s.i-1]
	s.open(':')
	return name
}

// text passes a string.
func (s *scanner) text() {
	for s.i++; ; {
		n := bytes.IndexByte(s.b[s.i:], '"')
		if n < 0 {
			panic(errMalformed)
		}
		s.i += n + 1
		back := s.i - 2
		for s.b[back] == '\\' {
			back--
		}
		if (s.i-2-back)%2 == 0 {
			return
		}
	}
}

// value passes the next value and is its bytes.
func (s *scanner) value() []byte {
	c := s.space()
	from := s.i
	switch c {
	case '"':
		s.text()
	case '{':
		s.i++
		for first := true; s.more('}', first); first = false {
			s.key()
			s.value()
		}
	case '[':
		s.i++
		for first := true; s.more(']', first); first = false {
			s.value()
		}
	default:
		for s.i < len(s.b) && s.b[s.i] > ' ' && s.b[s.i] != ',' && s.b[s.i] != '}' && s.b[s.i] != ']' {
			s.i++
		}
		if s.i == from {
			panic(errMalformed)
		}
	}
	return s.b[from:s.i]
}

// given is a value's bytes, nil where it is null.
func (s *scanner) given() []byte {
	v := s.value()
	if v[0] == 'n' {
		return nil
	}
	return v
}

// items calls each with every element of the page's list, which is named data, and answers with an array.
func items(dst, page []byte, each func(dst []byte, s *scanner) []byte) (out []byte, err error) {
	defer func() {
		if v := recover(); v == errMalformed {
			err = errMalformed
		} else if v != nil {
			panic(v)
		}
	}()
	s := &scanner{b: page}
	dst = append(dst, '[')
	s.open('{')
	for first := true; s.more('}', first); first = false {
		if string(s.key()) != "data" {
			s.value()
			continue
		}
		s.open('[')
		for n := true; s.more(']', n); n = false {
			s.space()
			dst = each(dst, s)
		}
	}
	if dst[len(dst)-1] == ',' {
		dst = dst[:len(dst)-1]
	}
	return append(dst, ']'), nil
}
