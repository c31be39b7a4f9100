package proxy

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/record"
)

// shaper writes records as the caller wants to see them. Its zero writes them as they are.
type shaper struct {
	exclude  [][]string
	strings  bool // exact numbers as strings
	noRemote bool
	oneLine  bool // raw line ends of the provider's must not end a line of ours
}

func (q *request) shaper() *shaper {
	s := &shaper{exclude: q.params.exclude, strings: q.params.numbersString, noRemote: q.params.ignoreRemote || q.program == nil}
	return s
}

// exact are the places of exact numbers in a usage record.
var exact = [][]string{{"charges", "amount"}, {"usage", "quantity"}, {"usage", "unit_price"}}

// append writes the record and, last, its remote data.
func (s *shaper) append(dst []byte, rec record.Rec) []byte {
	at := len(dst)
	if len(s.exclude) == 0 && !s.strings {
		dst = append(dst, rec.JSON...)
	} else {
		dst = s.rewrite(dst, gjson.ParseBytes(rec.JSON), nil)
	}
	if s.noRemote || len(rec.Remote) == 0 || s.excludes([]string{"remote_data"}) {
		return dst
	}
	dst = dst[:len(dst)-1]
	if len(dst) > at+1 {
		dst = append(dst, ',')
	}
	dst = append(dst, `"remote_data":`...)
	from := len(dst)
	if len(s.exclude) == 0 {
		dst = append(dst, rec.Remote...)
	} else {
		dst = s.rewrite(dst, gjson.ParseBytes(rec.Remote), []string{"remote_data"})
	}
	if s.oneLine {
		dst = dst[:from+len(unfold(dst[from:]))]
	}
	return append(dst, '}')
}

// unfold takes raw line ends out of JSON, where they can only be white space between tokens.
func unfold(b []byte) []byte {
	if bytes.IndexByte(b, '\n') < 0 && bytes.IndexByte(b, '\r') < 0 {
		return b
	}
	out := b[:0]
	for _, c := range b {
		if c != '\n' && c != '\r' {
			out = append(out, c)
		}
	}
	return out
}

// rewrite copies a value without the excluded members. Arrays are passed through, so that resources.id means each one.
func (s *shaper) rewrite(dst []byte, v gjson.Result, path []string) []byte {
	switch {
	case v.IsObject():
		dst = append(dst, '{')
		n := 0
		v.ForEach(func(k, e gjson.Result) bool {
			sub := append(path, k.String())
			if s.excludes(sub) {
				return true
			}
			if n++; n > 1 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, k.Raw...), ':')
			dst = s.rewrite(dst, e, sub)
			return true
		})
		return append(dst, '}')
	case v.IsArray():
		dst = append(dst, '[')
		n := 0
		v.ForEach(func(_, e gjson.Result) bool {
			if n++; n > 1 {
				dst = append(dst, ',')
			}
			dst = s.rewrite(dst, e, path)
			return true
		})
		return append(dst, ']')
	case v.Type == gjson.Number && s.strings && within(exact, path):
		return append(append(append(dst, '"'), v.Raw...), '"')
	}
	return append(dst, v.Raw...)
}

func (s *shaper) excludes(path []string) bool { return within(s.exclude, path) }

func within(paths [][]string, path []string) bool {
	for _, p := range paths {
		if equal(p, path) {
			return true
		}
	}
	return false
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
