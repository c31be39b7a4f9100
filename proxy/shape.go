package proxy

import (
	"bytes"
	"slices"

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
	return &shaper{exclude: q.params.exclude, strings: q.params.numbersString, noRemote: q.params.ignoreRemote || q.program == nil}
}

// exact are the places of exact numbers in a usage record.
var exact = [][]string{{"charges", "amount"}, {"usage", "quantity"}, {"usage", "unit_price"}}

// remoteData is the last member of a record.
var remoteData = []string{"remote_data"}

// append writes the record and, last, its remote data.
func (s *shaper) append(dst []byte, rec record.Rec) []byte {
	from := len(dst)
	if len(s.exclude) == 0 && !s.strings {
		dst = append(dst, rec.JSON...)
	} else {
		dst = s.rewrite(dst, gjson.ParseBytes(rec.JSON), nil)
	}
	if !s.noRemote && len(rec.Remote) > 0 && !within(s.exclude, remoteData) {
		dst = dst[:len(dst)-1] // the record's brace
		if len(dst) > from+1 {
			dst = append(dst, ',')
		}
		dst = append(dst, `"remote_data":`...)
		if len(s.exclude) == 0 {
			dst = append(dst, rec.Remote...)
		} else {
			dst = s.rewrite(dst, gjson.ParseBytes(rec.Remote), remoteData)
		}
		dst = append(dst, '}')
	}
	if s.oneLine {
		dst = dst[:from+len(unfold(dst[from:]))]
	}
	return dst
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
		first := true
		v.ForEach(func(k, e gjson.Result) bool {
			sub := append(path, k.String())
			if within(s.exclude, sub) {
				return true
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(append(dst, k.Raw...), ':')
			dst = s.rewrite(dst, e, sub)
			return true
		})
		return append(dst, '}')
	case v.IsArray():
		dst = append(dst, '[')
		first := true
		v.ForEach(func(_, e gjson.Result) bool {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = s.rewrite(dst, e, path)
			return true
		})
		return append(dst, ']')
	case s.strings && v.Type == gjson.Number && within(exact, path):
		return append(append(append(dst, '"'), v.Raw...), '"')
	}
	return append(dst, v.Raw...)
}

func within(paths [][]string, path []string) bool {
	return slices.ContainsFunc(paths, func(p []string) bool { return slices.Equal(p, path) })
}
