package proxy

import (
	"bytes"
	"fmt"
)

// split finds the cells of a line.
func (c *csvItems) split(line []byte, quoted bool) error {
	c.cells, c.plain = c.cells[:0], c.plain[:0]
	for more := true; more; {
		var cell []byte
		if quoted && len(line) > 0 && line[0] == '"' {
			var ok bool
			if cell, line, ok = c.unquote(line[1:]); !ok {
				return corrupt(fmt.Sprintf("row %d leaves a quote open", c.rows+1))
			}
			if more = len(line) > 0; more {
				if line, ok = bytes.CutPrefix(line, c.comma); !ok {
					return corrupt(fmt.Sprintf("row %d has something behind a quoted cell", c.rows+1))
				}
			}
		} else if cell, line, more = bytes.Cut(line, c.comma); quoted && bytes.Contains(cell, quoteMark) {
			return corrupt(fmt.Sprintf("row %d has a quote within a cell", c.rows+1))
		}
		c.cells = append(c.cells, cell)
	}
	return nil
}

// unquote reads on behind a cell's first quote to behind its last.
func (c *csvItems) unquote(b []byte) (cell, rest []byte, ok bool) {
	for start := len(c.plain); ; {
		part, rest, closed := bytes.Cut(b, quoteMark)
		if !closed {
			return nil, nil, false
		}
		doubled := bytes.HasPrefix(rest, quoteMark)
		if !doubled && len(c.plain) == start && bytes.IndexByte(part, '\r') < 0 {
			return part, rest, true
		}
		if c.plain = append(c.plain, part...); !doubled {
			return bytes.ReplaceAll(c.plain[start:], []byte("\r\n"), []byte("\n")), rest, true
		}
		c.plain, b = append(c.plain, '"'), rest[1:]
	}
}

var quoteMark = []byte{'"'}
