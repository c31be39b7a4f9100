package proxy

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// csvItems makes an object of strings of each row, its keys the header's names in the header's order.
type csvItems struct {
	r    *csv.Reader
	src  *rowLimit
	at   int64    // where the last row ended
	keys [][]byte // `"Name":`, quoted and escaped once
	buf  []byte
	n    int64
}

func newCSVItems(r io.Reader, spec *connector.Table) *csvItems {
	r = &skipBOM{r: r}
	if spec != nil && spec.Header != "" {
		r = newPreamble(r, spec.Header, spec.Comma())
	}
	src := &rowLimit{r: r}
	c := csv.NewReader(src)
	c.Comma, c.ReuseRecord = spec.Comma(), true
	return &csvItems{r: c, src: src}
}

func (c *csvItems) Envelope() []byte { return nil }
func (c *csvItems) Count() int64     { return c.n }

func (c *csvItems) Next() (record.Item, error) {
	if c.keys == nil {
		header, err := c.row()
		if err == io.EOF {
			return record.Item{}, problem.New(problem.UpstreamUnexpected, "the provider sent an empty file where a table with a header was expected").AsRemote()
		}
		if err != nil {
			return record.Item{}, err
		}
		seen := map[string]bool{}
		for _, name := range header {
			if seen[name] {
				return record.Item{}, corrupt("the column " + name + " stands twice")
			}
			seen[name] = true
			c.keys = append(c.keys, append(quote(nil, name), ':'))
		}
	}
	row, err := c.row()
	if err != nil {
		return record.Item{}, err
	}
	b := append(c.buf[:0], '{')
	for i, cell := range row {
		if i > 0 {
			b = append(b, ',')
		}
		b = quote(append(b, c.keys[i]...), cell)
	}
	c.buf = append(b, '}')
	c.n++
	return record.Item{Raw: c.buf, N: c.n - 1}, nil
}

func (c *csvItems) row() ([]string, error) {
	c.src.left = maxCSVRecord + readAhead
	row, err := c.r.Read()
	if err == nil && c.r.InputOffset()-c.at > maxCSVRecord {
		err = errRowTooLarge()
	}
	c.at = c.r.InputOffset()
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return nil, corrupt(parse.Error())
	}
	return row, err
}

// quote appends a JSON string. Invalid UTF-8 is repaired as encoding/json does.
func quote(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return quoteUnusual(dst, s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func quoteUnusual(dst []byte, s string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return append(dst, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// readAhead is more than what encoding/csv's buffer takes of the next rows while it reads one.
const readAhead = 8 << 10

func errRowTooLarge() error {
	return problem.New(problem.UpstreamTooLarge, "one row of the provider's table is larger than %d bytes", maxCSVRecord).AsRemote()
}

// rowLimit bounds the bytes that one row may take, since a quote that is never closed would take them all.
type rowLimit struct {
	r    io.Reader
	left int
}

func (l *rowLimit) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, errRowTooLarge()
	}
	n, err := l.r.Read(b[:min(len(b), l.left)])
	l.left -= n
	return n, err
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
