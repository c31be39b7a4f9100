package jq

import (
	"strings"
	"unicode/utf8"
)

// Style is how a scalar of a YAML file is written.
type Style uint8

// The styles.
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Block // literal or folded
)

// Scalar is a scalar of a YAML file.
type Scalar struct {
	Line, Col int // where it starts: of a block the sign | or >
	Style     Style
	Value     string
}

// Locator gives the line and column in a file of a byte of a text.
type Locator func(offset int) (line, col int)

// From is the locator of what is left of the text after its first offset bytes.
func (l Locator) From(offset int) Locator {
	return func(i int) (int, int) { return l(offset + i) }
}

// Locate follows a scalar's value through the lines of its file: the YAML parser says where the scalar starts, and its
// style says which source bytes each byte of the value came from. Where the source can't be followed (a plain scalar
// over several lines), the start stands for all of it.
func Locate(lines []string, s Scalar) Locator {
	start := func(int) (int, int) { return max(s.Line, 1), max(s.Col, 1) }
	if s.Line < 1 || s.Line > len(lines) {
		return start
	}
	if s.Style == Block {
		return locateBlock(lines, s)
	}
	line := lines[s.Line-1]
	begin := ByteOf(line, s.Col)
	var at []int // byte in the line of each byte of the value
	switch {
	case s.Style == SingleQuoted:
		at = quoted(line, begin+1, s.Value, func(rest string) int {
			if strings.HasPrefix(rest, "''") {
				return 2
			}
			return 1
		})
	case s.Style == DoubleQuoted:
		at = quoted(line, begin+1, s.Value, func(rest string) int {
			if strings.HasPrefix(rest, `\`) {
				return 2
			}
			return 1
		})
	case begin <= len(line) && strings.HasPrefix(line[begin:], s.Value):
		at = quoted(line, begin, s.Value, func(string) int { return 1 })
	}
	if at == nil {
		return start
	}
	return func(i int) (int, int) {
		if i < 0 || i >= len(at) {
			return start(0)
		}
		return s.Line, utf8.RuneCountInString(line[:at[i]]) + 1
	}
}

// quoted walks line from begin along value; width is the number of source bytes of the next value byte. It gives nil
// where the line ends before the value does, as it does for an escape of several bytes.
func quoted(line string, begin int, value string, width func(rest string) int) []int {
	at := make([]int, 0, len(value)+1)
	i := begin
	for range len(value) {
		if i >= len(line) {
			return nil
		}
		at = append(at, i)
		i += width(line[i:])
	}
	return append(at, min(i, len(line)))
}

// locateBlock follows a literal or folded block, whose lines are the value's, less their indent.
func locateBlock(lines []string, s Scalar) Locator {
	first := s.Line // index of the line below the | or >
	for first < len(lines) && strings.TrimSpace(lines[first]) == "" {
		first++
	}
	indent := 0
	if first < len(lines) {
		indent = len(lines[first]) - len(strings.TrimLeft(lines[first], " "))
	}
	return func(offset int) (int, int) {
		for i := s.Line; i < len(lines); i++ {
			text := lines[i][min(indent, len(lines[i])):]
			if offset <= len(text) {
				return i + 1, min(indent, len(lines[i])) + utf8.RuneCountInString(text[:offset]) + 1
			}
			offset -= len(text) + 1
		}
		return max(s.Line, 1), max(s.Col, 1)
	}
}

// ByteOf is the index of the byte of the col-th character of a line.
func ByteOf(line string, col int) int {
	i := 0
	for ; col > 1 && i < len(line); col-- {
		_, size := utf8.DecodeRuneInString(line[i:])
		i += size
	}
	return i
}

// OffsetOf is the byte of the character at a line and column, both from 1, of a text.
func OffsetOf(text string, line, col int) int {
	from := 0
	for ; line > 1; line-- {
		i := strings.IndexByte(text[from:], '\n')
		if i < 0 {
			return len(text)
		}
		from += i + 1
	}
	return from + ByteOf(text[from:], col)
}
