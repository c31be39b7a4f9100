package upstream

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"

	"github.com/meterbridge/meterbridge/internal/problem"
)

const (
	// maxRatio is the most that a gzip body may grow, once it has passed ratioFrom: text compresses to a tenth or a
	// thirtieth, bombs to a thousandth.
	maxRatio  = 100
	ratioFrom = 1 << 20
)

// inflater takes gzip off a body and holds it to one whole member, a bounded growth and a clean end.
type inflater struct {
	wire  *wire
	in    *bufio.Reader
	gz    *gzip.Reader
	count int64
	err   error
}

func newInflater(w *wire) *inflater { return &inflater{wire: w, in: bufio.NewReader(w)} }

func (f *inflater) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.read(p)
	f.err = err
	return n, err
}

func (f *inflater) read(p []byte) (int, error) {
	if f.gz == nil {
		gz, err := gzip.NewReader(f.in)
		if err != nil {
			if errors.Is(err, io.EOF) && f.wire.count == 0 {
				return 0, io.EOF // no body at all, as of a HEAD
			}
			return 0, f.corrupt(err)
		}
		gz.Multistream(false) // so that what follows the member is seen
		f.gz = gz
	}
	n, err := f.gz.Read(p)
	f.count += int64(n)
	if f.count > ratioFrom && f.count > maxRatio*f.wire.count {
		return 0, problem.New(problem.UpstreamTooLarge, "the body of %s grows more than %d times when inflated", f.wire.host, maxRatio)
	}
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		return n, f.corrupt(err)
	}
	if _, err = f.in.ReadByte(); err == nil {
		return n, problem.New(problem.UpstreamCorrupt, "something follows the end of the gzip body of %s", f.wire.host)
	} else if !errors.Is(err, io.EOF) {
		return n, f.corrupt(err)
	}
	return n, io.EOF
}

// corrupt keeps the network's own error, which says more than that gzip missed something.
func (f *inflater) corrupt(err error) error {
	var known *problem.Problem
	if errors.As(err, &known) {
		return known
	}
	return problem.Wrap(problem.UpstreamCorrupt, err, "the gzip body of %s is damaged or cut off", f.wire.host)
}

func (f *inflater) Close() error { return f.wire.Close() }
