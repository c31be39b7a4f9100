package jq

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// Source is a program and the place where its text starts, so that a slot inside a larger file is reported at its
// own line and column.
type Source struct {
	File string
	Line int // 1-based; 0 counts as 1
	Col  int // 1-based, in characters; 0 counts as 1
	Text string
	// At gives the place of each byte of a text that does not stand in one piece, such as a block of a YAML file. With it,
	// Line and Col are those of the text's start.
	At Locator
}

// Finding is one defect of a file: what every package of the house reports for lint.
type Finding struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col"`
	Rule string `json:"rule"`
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"`
	Warn bool   `json:"warn,omitempty"` // worth knowing; the file is usable
}

// String is the finding as a line of a terminal.
func (f Finding) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s: %s", f.File, f.Line, f.Col, f.Rule, f.Text)
	if f.Fix != "" {
		s += " (fix: " + f.Fix + ")"
	}
	return s
}

// Failed reports whether one of the findings is more than a warning.
func Failed(findings []Finding) bool {
	for _, f := range findings {
		if !f.Warn {
			return true
		}
	}
	return false
}

// at is the line and column of a byte of the text.
func (s Source) at(offset int) (line, col int) {
	offset = max(0, min(offset, len(s.Text)))
	if s.At != nil {
		return s.At(offset)
	}
	before := s.Text[:offset]
	line, col = max(1, s.Line), max(1, s.Col)
	if n := strings.Count(before, "\n"); n > 0 {
		line, col = line+n, 1
		before = before[strings.LastIndexByte(before, '\n')+1:]
	}
	return line, col + utf8.RuneCountInString(before)
}

// Start is the line and column at which the text starts.
func (s Source) Start() (line, col int) { return s.at(0) }

// finding reports at a byte of the text.
func (s Source) finding(offset int, rule, text, fix string) Finding {
	line, col := s.at(offset)
	return Finding{File: s.File, Line: line, Col: col, Rule: rule, Text: text, Fix: fix}
}

func syntaxError(src Source, err error) Finding {
	var pe *gojq.ParseError
	if !errors.As(err, &pe) {
		return src.finding(0, "syntax", err.Error(), "")
	}
	at := pe.Offset - len(pe.Token)
	text := strings.TrimPrefix(err.Error(), "gojq: ")
	fix := ""
	switch {
	case strings.HasPrefix(text, "unterminated string"):
		at, fix = openString(src.Text), `close it with "`
	case strings.HasPrefix(text, "unexpected EOF"):
		fix = "something is left open: a bracket, an `if` without `end`, a `def` without `;`"
	}
	return src.finding(at, "syntax", text, fix)
}
