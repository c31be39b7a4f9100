package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// Bounds of a body that is held in memory. A body that is streamed has none.
const (
	MaxWire     = 16 << 20 // bytes received
	MaxInflated = 32 << 20 // bytes after inflating
)

// wire is a response's body as it comes over the network: counted, with an end to patience, and with errors that
// are problems. Close lets go of everything that the call held.
type wire struct {
	host    string
	body    io.ReadCloser
	ctx     context.Context
	timer   *time.Timer
	idle    time.Duration
	count   int64
	err     error
	closed  sync.Once
	release func()
}

// newWire takes over cancel, which ends ctx and so the call, and calls release once at Close.
func newWire(ctx context.Context, cancel context.CancelCauseFunc, host string, body io.ReadCloser, idle time.Duration, release func()) *wire {
	w := &wire{host: host, body: body, ctx: ctx, idle: idle}
	w.timer = time.AfterFunc(idle, func() { cancel(errIdle) })
	w.timer.Stop() // runs only while somebody waits in Read: a slow reader is not a slow provider
	w.release = func() {
		w.timer.Stop()
		_ = body.Close()
		cancel(nil)
		release()
	}
	return w
}

func (w *wire) Read(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	w.timer.Reset(w.idle)
	n, err := w.body.Read(p)
	w.timer.Stop()
	w.count += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = failure(w.ctx, w.host, err)
	}
	w.err = err
	return n, err
}

func (w *wire) Close() error {
	w.closed.Do(w.release)
	return nil
}

// decoded is the body with its transport encoding taken off; the header that named it goes too.
func decoded(w *wire, h http.Header) (io.ReadCloser, error) {
	switch enc := strings.ToLower(strings.TrimSpace(h.Get("Content-Encoding"))); enc {
	case "", "identity":
		return w, nil
	case "gzip", "x-gzip":
		h.Del("Content-Encoding")
		h.Del("Content-Length")
		return newInflater(w), nil
	default:
		return nil, problem.New(problem.UpstreamCorrupt, "%s answers in the encoding %.40q, which was not asked for", w.host, enc)
	}
}

// ReadAll reads a whole body of at most max bytes (MaxInflated if max is 0, and never more) and closes it.
func ReadAll(r *Reply, max int64) ([]byte, error) {
	defer func() { _ = r.Body.Close() }()
	if max <= 0 || max > MaxInflated {
		max = MaxInflated
	}
	tooLarge := func(n int64) error {
		return problem.New(problem.UpstreamTooLarge, "the provider's body passes %d bytes; ask for a smaller range or page", n)
	}
	var out []byte
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Body.Read(buf)
		out = append(out, buf[:n]...)
		switch {
		case int64(len(out)) > max:
			return nil, tooLarge(max)
		case r.wire != nil && r.wire.count > MaxWire:
			return nil, tooLarge(MaxWire)
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
	}
}
