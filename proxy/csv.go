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

// rowsAtOnce bounds the objects of the rows that are made before the first of them is given.
const rowsAtOnce = 128 << 10

// csvItems makes an object of strings of each row, its keys the header's names in the header's order. Tables are read as
// encoding/csv reads them, in the window: a row is what lies before a line's end that an even number of quotes comes before.
//
// Of the rows that lie in the window the objects are made together, so that they lie side by side as other items do.
type csvItems struct {
	window
	scanner record.Scanner // of the objects
	comma   []byte
	keys    [][]byte // `"Name":`, quoted and escaped once
	cells   [][]byte // of the row
	plain   []byte   // of cells that stand otherwise in the table
	made    []byte   // the objects, each on a line
	next    int      // of made, what was not given yet
	rows    int64    // that were read
	n       int64    // that were given
	fault   error    // behind the rows that were read
}

func newCSVItems(r io.Reader, spec *connector.Table, scan record.Scanner) *csvItems {
	r = &skipBOM{r: r}
	if spec != nil && spec.Header != "" {
		r = newPreamble(r, spec.Header, spec.Comma())
	}
	return &csvItems{window: newWindow(r), comma: utf8.AppendRune(nil, spec.Comma()), scanner: scan}
}

func (c *csvItems) Envelope() []byte { return nil }
func (c *csvItems) Count() int64     { return c.n }

func (c *csvItems) Next() (record.Item, error) {
	if c.next == len(c.made) {
		if err := c.read(); err != nil {
			return record.Item{}, err
		}
	}
	end, st := c.scanner(c.made, c.next, false)
	if st != record.Done {
		return record.Item{}, corrupt("a row can't be read")
	}
	raw := c.made[c.next:end]
	c.next = end + 1
	c.n++
	return record.Item{Raw: raw, N: c.n - 1, Scanned: true}, nil
}

// read makes objects of the next row, and of those behind it that are there without a wait.
func (c *csvItems) read() error {
	if c.fault != nil {
		return c.fault
	}
	if c.keys == nil {
		err := c.row(true)
		if err == io.EOF {
			return problem.New(problem.UpstreamUnexpected, "the provider sent an empty file where a table with a header was expected").AsRemote()
		}
		if err == nil {
			err = c.header()
		}
		if err != nil {
			return err
		}
	}
	c.moves() // those that were given last
	c.made, c.next = c.made[:0], 0
	for len(c.made) < rowsAtOnce {
		err := c.row(len(c.made) == 0)
		if err == nil && len(c.cells) != len(c.keys) {
			err = corrupt(fmt.Sprintf("row %d has %d cells, and the header has %d", c.rows+1, len(c.cells), len(c.keys)))
		}
		switch {
		case err == nil:
			c.object()
		case len(c.made) == 0:
			return err
		case err == errLater:
			return nil
		default:
			c.fault = err
			return nil
		}
	}
	return nil
}

// object appends the row's.
func (c *csvItems) object() {
	b := append(c.made, '{')
	for i, cell := range c.cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = quote(append(b, c.keys[i]...), cell)
	}
	c.made = append(b, '}', '\n')
	c.rows++
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

// errLater says that the rest of a row is not there yet.
var errLater = errors.New("the row has not come whole")

// row reads the cells of the next line that has any. io.EOF is the table's end. It may wait for bytes, or else says
// errLater.
func (c *csvItems) row(wait bool) error {
	for {
		size, quoted, err := c.line(wait)
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
func (c *csvItems) line(wait bool) (size int, quoted bool, err error) {
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
		if !wait {
			return 0, false, errLater
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
