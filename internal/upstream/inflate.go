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

// inflater takes gzip off a body and holds it to a bounded growth and a clean end.
type inflater struct {
	from   counted
	in     *bufio.Reader
	host   string
	gz     *gzip.Reader
	one    bool // one whole member and no more: what a transport sends
	count  int64
	err    error
	closer io.Closer
}

// counted counts what is read of a body before it is inflated.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func newInflater(w *wire) *inflater {
	f := inflate(w, w.host)
	f.one, f.closer = true, w
	return f
}

func inflate(r io.Reader, host string) *inflater {
	f := &inflater{host: host, from: counted{Reader: r}}
	f.in = bufio.NewReader(&f.from)
	return f
}

// gzipMagic begins every gzip file.
const gzipMagic = "\x1f\x8b"

// Gunzip is what a gzip file holds, of one member or of several, bounded in its growth as a transport's encoding is. What
// is none passes as it is: servers like to name a file's own compression as the transport's, which is taken off already.
func Gunzip(r io.Reader) io.Reader { return &file{inflater: inflate(r, "the provider")} }

type file struct {
	*inflater
	plain, known bool
}

func (f *file) Read(p []byte) (int, error) {
	if !f.known {
		magic, err := f.in.Peek(len(gzipMagic))
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		f.known, f.plain = true, string(magic) != gzipMagic
	}
	if f.plain {
		return f.in.Read(p)
	}
	return f.inflater.Read(p)
}

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
			if errors.Is(err, io.EOF) && f.from.n == 0 {
				return 0, io.EOF // no body at all, as of a HEAD
			}
			return 0, f.corrupt(err)
		}
		gz.Multistream(!f.one) // so that what follows a transport's member is seen
		f.gz = gz
	}
	n, err := f.gz.Read(p)
	f.count += int64(n)
	if f.count > ratioFrom && f.count > maxRatio*f.from.n {
		return 0, problem.New(problem.UpstreamTooLarge, "the body of %s grows more than %d times when inflated", f.host, maxRatio)
	}
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		return n, f.corrupt(err)
	}
	if _, err = f.in.ReadByte(); err == nil {
		return n, problem.New(problem.UpstreamCorrupt, "something follows the end of the gzip body of %s", f.host)
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
	return problem.Wrap(problem.UpstreamCorrupt, err, "the gzip body of %s is damaged or cut off", f.host)
}

func (f *inflater) Close() error { return f.closer.Close() }
