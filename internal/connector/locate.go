package connector

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// locator gives the line and column in the file of a byte of a scalar's value.
type locator func(offset int) (line, col int)

// from is the locator of what is left of the value after its first offset bytes.
func (l locator) from(offset int) locator {
	return func(i int) (int, int) { return l(offset + i) }
}

// locate follows a scalar's value through the source: yaml.v3 says where the scalar starts, and its style says which
// source bytes each byte of the value came from. Where the source can't be followed (a plain scalar over several
// lines), the start stands for all of it.
func (d *decoder) locate(n *yaml.Node) locator {
	start := func(int) (int, int) { return max(n.Line, 1), max(n.Column, 1) }
	if n.Line < 1 || n.Line > len(d.lines) {
		return start
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return d.locateBlock(n)
	}
	line := d.lines[n.Line-1]
	begin := byteOf(line, n.Column)
	var at []int // byte in the line of each byte of the value
	switch {
	case n.Style&yaml.SingleQuotedStyle != 0:
		at = quoted(line, begin+1, n.Value, func(rest string) int {
			if strings.HasPrefix(rest, "''") {
				return 2
			}
			return 1
		})
	case n.Style&yaml.DoubleQuotedStyle != 0:
		at = quoted(line, begin+1, n.Value, func(rest string) int {
			if strings.HasPrefix(rest, `\`) {
				return 2
			}
			return 1
		})
	case begin <= len(line) && strings.HasPrefix(line[begin:], n.Value):
		at = quoted(line, begin, n.Value, func(string) int { return 1 })
	}
	if at == nil {
		return start
	}
	return func(i int) (int, int) {
		if i < 0 || i >= len(at) {
			return start(0)
		}
		return n.Line, utf8.RuneCountInString(line[:at[i]]) + 1
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
func (d *decoder) locateBlock(n *yaml.Node) locator {
	first := n.Line // index of the line below the | or >
	for first < len(d.lines) && strings.TrimSpace(d.lines[first]) == "" {
		first++
	}
	indent := 0
	if first < len(d.lines) {
		indent = len(d.lines[first]) - len(strings.TrimLeft(d.lines[first], " "))
	}
	return func(offset int) (int, int) {
		for i := n.Line; i < len(d.lines); i++ {
			text := d.lines[i][min(indent, len(d.lines[i])):]
			if offset <= len(text) {
				return i + 1, min(indent, len(d.lines[i])) + utf8.RuneCountInString(text[:offset]) + 1
			}
			offset -= len(text) + 1
		}
		return max(n.Line, 1), max(n.Column, 1)
	}
}

// byteOf is the index of the byte of the col-th character of a line.
func byteOf(line string, col int) int {
	i := 0
	for ; col > 1 && i < len(line); col-- {
		_, size := utf8.DecodeRuneInString(line[i:])
		i += size
	}
	return i
}
