package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one defect of the configuration, and its place.
type Error struct {
	File      string
	Line, Col int // from 1
	Text      string
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Text) }

// Errors are all defects of a configuration, one a line.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col)) })
	return slices.CompactFunc(e, func(a, b *Error) bool { return *a == *b })
}

type place struct{ line, col int }

// At is an error at the value of a key, "accounts.static[0].context.site", or at the nearest of its parents that the
// file has. It is for what only others can know, such as whether a connector exists.
func (c *Config) At(key, format string, args ...any) *Error {
	e := &Error{File: c.File, Line: 1, Col: 1, Text: key + ": " + fmt.Sprintf(format, args...)}
	for {
		if at, ok := c.places[key]; ok {
			e.Line, e.Col = at.line, at.col
			return e
		}
		i := strings.LastIndexAny(key, ".[")
		if i < 0 {
			return e
		}
		key = key[:i]
	}
}
