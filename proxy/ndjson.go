package proxy

import (
	"bytes"
	"errors"
	"io"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// ndjsonItems makes an item of each line, which is one JSON document. Empty lines are none.
type ndjsonItems struct {
	window
	scanner record.Scanner
	n       int64
}

func newNDJSONItems(r io.Reader, scan record.Scanner) *ndjsonItems {
	return &ndjsonItems{window: newWindow(&skipBOM{r: r}), scanner: scan}
}

func (d *ndjsonItems) Envelope() []byte { return nil }
func (d *ndjsonItems) Count() int64     { return d.n }

func (d *ndjsonItems) Next() (record.Item, error) {
	err := d.endLine()
	var c byte
	if err == nil {
		c, err = d.peek()
	}
	if errors.Is(err, errShort) {
		return record.Item{}, io.EOF
	}
	if err != nil {
		return record.Item{}, err
	}
	if !startsJSON(c) {
		return record.Item{}, problem.New(problem.UpstreamUnexpected, "the provider sent something that is not JSON where a document a line was expected").AsRemote()
	}
	end, err := d.scan(d.scanner)
	if err != nil {
		return record.Item{}, err
	}
	raw := d.buf[d.at:end]
	if bytes.IndexByte(raw, '\n') >= 0 {
		return record.Item{}, corrupt("a document goes over several lines")
	}
	d.at = end
	d.n++
	return record.Item{Raw: raw, N: d.n - 1, Scanned: true}, nil
}

// endLine goes behind the end of the last document's line. It is looked for only now, since a document must not wait for
// bytes behind it, nor move when it was scanned.
func (d *ndjsonItems) endLine() error {
	if d.n == 0 {
		return nil
	}
	for ; ; d.at++ {
		if err := d.fill(1); err != nil {
			return err
		}
		switch d.buf[d.at] {
		case '\n':
			return nil
		case ' ', '\t', '\r':
		default:
			return corrupt("something follows the document of a line")
		}
	}
}
