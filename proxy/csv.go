package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// csvItems makes an object of strings of each row, its keys the header's names in the header's order. Tables are read as
// encoding/csv reads them, in the window: a row is what lies before a line's end that an even number of quotes comes before.
type csvItems struct {
	window
	comma []byte
	keys  [][]byte // `"Name":`, quoted and escaped once
	cells [][]byte // of the row
	plain []byte   // of cells that stand otherwise in the table
	made  []byte   // the object
	n     int64
}

func newCSVItems(r io.Reader, spec *connector.Table) *csvItems {
	r = &skipBOM{r: r}
	if spec != nil && spec.Header != "" {
		r = newPreamble(r, spec.Header, spec.Comma())
	}
	return &csvItems{window: newWindow(r), comma: utf8.AppendRune(nil, spec.Comma())}
}

func (c *csvItems) Envelope() []byte { return nil }
func (c *csvItems) Count() int64     { return c.n }

func (c *csvItems) Next() (record.Item, error) {
	if c.keys == nil {
		err := c.row()
		if err == io.EOF {
			return record.Item{}, problem.New(problem.UpstreamUnexpected, "the provider sent an empty file where a table with a header was expected").AsRemote()
		}
		if err == nil {
			err = c.header()
		}
		if err != nil {
			return record.Item{}, err
		}
	}
	if err := c.row(); err != nil {
		return record.Item{}, err
	}
	if len(c.cells) != len(c.keys) {
		return record.Item{}, corrupt(fmt.Sprintf("row %d has %d cells, and the header has %d", c.n+1, len(c.cells), len(c.keys)))
	}
	b := append(c.made[:0], '{')
	for i, cell := range c.cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = quote(append(b, c.keys[i]...), cell)
	}
	c.made = append(b, '}')
	c.n++
	return record.Item{Raw: c.made, N: c.n - 1}, nil
}

func (c *csvItems) header() error {
	seen := map[string]bool{}
	for _, cell := range c.cells {
		name := string(cell)
		if seen[name] {
			return corrupt("the column " + clip(name, 80) + " stands twice")
		}
		seen[name] = true
		c.keys = append(c.keys, append(quote(nil, name), ':'))
	}
	return nil
}

// row reads the cells of the next line that has any. io.EOF is the table's end.
func (c *csvItems) row() error {
	for {
		size, quoted, err := c.line()
		if err != nil {
			return err
		}
		line := c.buf[c.at : c.at+size]
		c.at += size
		for _, end := range "\n\r" {
			if n := len(line) - 1; n >= 0 && line[n] == byte(end) {
				line = line[:n]
			}
		}
		if len(line) > 0 {
			return c.split(line, quoted)
		}
	}
}

// line is the size of the next row with its end, and whether there are quotes in it.
func (c *csvItems) line() (size int, quoted bool, err error) {
	open := false // within quotes
	for {
		rest := c.buf[c.at+size:]
		end := bytes.IndexByte(rest, '\n') + 1
		if end > 0 {
			rest = rest[:end]
		}
		if n := bytes.Count(rest, quoteMark); n > 0 {
			quoted = true
			open = open != (n%2 == 1)
		}
		if size += len(rest); size > maxCSVRecord {
			return 0, false, problem.New(problem.UpstreamTooLarge, "one row of the provider's table is larger than %d bytes", maxCSVRecord).AsRemote()
		}
		if end > 0 {
			if !open {
				return size, quoted, nil
			}
			continue
		}
		switch err := c.more(); {
		case errors.Is(err, errShort) && size == 0:
			return 0, false, io.EOF
		case errors.Is(err, errShort):
			return size, quoted, nil
		case err != nil:
			return 0, false, err
		}
	}
}

// split finds the cells of a line.
func (c *csvItems) split(line []byte, quoted bool) error {
	c.cells, c.plain = c.cells[:0], c.plain[:0]
	for more := true; more; {
		var cell []byte
		if quoted && len(line) > 0 && line[0] == '"' {
			var ok bool
			if cell, line, ok = c.unquote(line[1:]); !ok {
				return corrupt(fmt.Sprintf("row %d leaves a quote open", c.n+1))
			}
			if more = len(line) > 0; more {
				if line, ok = bytes.CutPrefix(line, c.comma); !ok {
					return corrupt(fmt.Sprintf("row %d has something behind a quoted cell", c.n+1))
				}
			}
		} else if cell, line, more = bytes.Cut(line, c.comma); quoted && bytes.Contains(cell, quoteMark) {
			return corrupt(fmt.Sprintf("row %d has a quote within a cell", c.n+1))
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

// skipBOM leaves out a byte order mark at the start.
type skipBOM struct {
	r    io.Reader
	done bool
}

func (s *skipBOM) Read(b []byte) (int, error) {
	if s.done || len(b) < 3 {
		return s.r.Read(b)
	}
	s.done = true
	n, err := 0, error(nil)
	for n < 3 && err == nil { // not io.ReadFull, whose word for a short body a fault of the reading may wrap as well
		var k int
		k, err = s.r.Read(b[n:3])
		n += k
	}
	if n == 3 && string(b[:3]) == "\xEF\xBB\xBF" {
		return 0, err
	}
	return n, err
}
