// Package bracket parses query strings that nest with brackets, a[b][c]=1, strictly and within bounds.
//
// The notation is that of npm's qs, which clients of this API use, without its leniency: what qs would guess at, drop
// or merge is an error here that names the parameter and says why. Pairs keep their order and are never made into maps,
// so that a remote query reaches the provider as it was written. Brackets may arrive raw or percent-encoded, and a space
// as + or %20. Every bound is checked before anything is allocated for what lies beyond it.
package bracket

import (
	"fmt"
	"strings"
	"unicode"
)

const (
	// MaxTotal bounds the whole query string, in bytes.
	MaxTotal = 8 << 10
	// MaxPairs bounds the number of key=value pairs.
	MaxPairs = 200
	// MaxDepth bounds the brackets of one key: a[1][2][3][4][5].
	MaxDepth = 5
	// MaxSegment bounds each part of a key, in bytes.
	MaxSegment = 64
	// MaxValue bounds a value, in bytes.
	MaxValue = 2 << 10
	// MaxCursor bounds the value of a cursor, which carries its position in itself.
	MaxCursor = 4 << 10
	// MaxItems bounds the items of one list, and every index is below it.
	MaxItems = 50
)

// Pair is one key=value of a query, decoded.
type Pair struct {
	Key   string   // as it was written: "a[b][0]"
	Path  []string // its parts: "a", "b", "0"; "" for []
	Value string
}

// Error is a query that is refused, and why.
type Error struct {
	Key    string // the parameter, shortened and printable; empty where the whole query is meant
	Reason string // a sentence's end: "is longer than 64 bytes"
}

func (e *Error) Error() string {
	if e.Key == "" {
		return "the query string " + e.Reason
	}
	return fmt.Sprintf("the parameter %q %s", e.Key, e.Reason)
}

// refuse is an Error about a key that may be of any length and any bytes.
func refuse(key, format string, args ...any) *Error {
	const most = MaxSegment + 3*len("…")
	key = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, key[:min(len(key), 4*most)])
	if len(key) > most {
		key = strings.ToValidUTF8(key[:MaxSegment], "") + "…"
	}
	return &Error{Key: key, Reason: fmt.Sprintf(format, args...)}
}

// Parse reads the raw query of a URL, without its question mark. The error is an *Error.
func Parse(rawQuery string) ([]Pair, error) {
	if len(rawQuery) > MaxTotal {
		return nil, refuse("", "is longer than %d bytes", MaxTotal)
	}
	if rawQuery == "" {
		return nil, nil
	}
	if n := strings.Count(rawQuery, "&") + 1; n > MaxPairs {
		return nil, refuse("", "has more than %d parameters", MaxPairs)
	}
	pairs := make([]Pair, 0, strings.Count(rawQuery, "&")+1)
	seen := make(shapes)
	for raw := range strings.SplitSeq(rawQuery, "&") {
		if raw == "" { // a stray & says nothing
			continue
		}
		p, err := parsePair(raw)
		if err != nil {
			return nil, err
		}
		if err := seen.add(p); err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

func parsePair(raw string) (Pair, error) {
	if i := strings.IndexByte(raw, ';'); i >= 0 {
		name, _, _ := strings.Cut(raw[:i], "=")
		return Pair{}, refuse(name, "has a semicolon: parameters are separated by &, and a semicolon in a value is written %%3B")
	}
	rawKey, rawValue, _ := strings.Cut(raw, "=")
	key, reason := unescape(rawKey)
	if reason != "" {
		return Pair{}, refuse(rawKey, "has a name that %s", reason)
	}
	path, err := split(key)
	if err != nil {
		return Pair{}, err
	}
	value, reason := unescape(rawValue)
	if reason != "" {
		return Pair{}, refuse(key, "%s", reason)
	}
	most := MaxValue
	if key == "cursor" || key == "next_cursor" {
		most = MaxCursor
	}
	if len(value) > most {
		return Pair{}, refuse(key, "is longer than %d bytes", most)
	}
	return Pair{Key: key, Path: path, Value: value}, nil
}
