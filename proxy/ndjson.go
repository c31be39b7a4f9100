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
	n    int64
	done bool
}

func newNDJSONItems(r io.Reader) *ndjsonItems { return &ndjsonItems{window: newWindow(&skipBOM{r: r})} }

func (d *ndjsonItems) Envelope() []byte { return nil }
func (d *ndjsonItems) Count() int64     { return d.n }

func (d *ndjsonItems) Next() (record.Item, error) {
	if d.done {
		return record.Item{}, io.EOF
	}
	c, err := d.peek()
	if errors.Is(err, errShort) {
		d.done = true
		return record.Item{}, io.EOF
	}
	if err != nil {
		return record.Item{}, err
	}
	if !startsJSON(c) {
		return record.Item{}, problem.New(problem.UpstreamUnexpected, "the provider sent something that is not JSON where a document a line was expected").AsRemote()
	}
	end, err := d.value()
	if err != nil {
		return record.Item{}, err
	}
	if bytes.IndexByte(d.buf[d.at:end], '\n') >= 0 {
		return record.Item{}, corrupt("a document goes over several lines")
	}
	size := end - d.at
	if err := d.endOfLine(size); err != nil {
		return record.Item{}, err
	}
	raw := d.buf[d.at : d.at+size]
	d.at += size
	d.n++
	return record.Item{Raw: raw, N: d.n - 1}, nil
}

// endOfLine looks past the document of size bytes for the end of its line, or of the body.
func (d *ndjsonItems) endOfLine(size int) error {
	for i := size; ; i++ {
		for d.at+i == len(d.buf) {
			if err := d.more(); errors.Is(err, errShort) {
				return nil
			} else if err != nil {
				return err
			}
		}
		switch d.buf[d.at+i] {
		case '\n':
			return nil
		case ' ', '\t', '\r':
		default:
			return corrupt("something follows the document of a line")
		}
	}
}
