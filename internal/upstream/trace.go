package upstream

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// Exchange is one HTTP round trip with a provider, told without its secrets. They are left out where the request is
// put together, and never searched for afterwards.
type Exchange struct {
	Purpose        string        `json:"purpose"`
	Method         string        `json:"method"`
	URL            string        `json:"url"`
	Status         int           `json:"status"` // 0 where no answer came
	Millis         float64       `json:"ms"`     // until the answer's headers
	Bytes          int64         `json:"bytes"`  // of the answer's body as it came, as far as it was read
	Began          time.Time     `json:"-"`
	Took           time.Duration `json:"-"` // Millis, exactly
	Waited         time.Duration `json:"-"` // for its turn, before it began
	RequestHeader  http.Header   `json:"-"` // the headers are told to a trace alone
	ResponseHeader http.Header   `json:"-"`

	read *atomic.Int64   // the bytes, while they are read
	span *telemetry.Span // nil where the request is not traced
}

// Trace collects the exchanges of one request, those of its token and check calls too.
type Trace struct {
	mu   sync.Mutex
	list []Exchange
}

type traceKey struct{}

// WithTrace is a context whose calls are told to the trace.
func WithTrace(ctx context.Context) (context.Context, *Trace) {
	t := new(Trace)
	return context.WithValue(ctx, traceKey{}, t), t
}

// Exchanges is what was told so far, in the order of the answers.
func (t *Trace) Exchanges() []Exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.Clone(t.list)
	for i, e := range list {
		list[i].Bytes = e.read.Load()
	}
	return list
}

// traced says whether the context has a trace.
func traced(ctx context.Context) bool { return ctx.Value(traceKey{}) != nil }

func (t *Trace) add(e Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, e)
}

// tell finishes an exchange that began at start and hands it to whoever wants to know. For a trace, the bytes of its body
// are counted as they are read.
func (c *Client) tell(ctx context.Context, e Exchange, start time.Time, connector string, resp *http.Response) {
	e.Began, e.Took = start, time.Since(start)
	e.Millis = float64(e.Took.Microseconds()) / 1000
	if resp != nil {
		e.Status = resp.StatusCode
	}
	if t, ok := ctx.Value(traceKey{}).(*Trace); ok {
		e.read = new(atomic.Int64)
		if resp != nil {
			resp.Body = tallied{resp.Body, e.read}
			e.ResponseHeader = resp.Header.Clone()
			if e.ResponseHeader.Get("Set-Cookie") != "" {
				e.ResponseHeader["Set-Cookie"] = []string{secret.Redacted}
			}
		}
		t.add(e)
	}
	e.spanned(resp)
	if c.cfg.Observe != nil {
		c.cfg.Observe(ctx, connector, e)
	}
}

// tallied is a body whose bytes are counted.
type tallied struct {
	io.ReadCloser
	read *atomic.Int64
}

func (t tallied) Read(b []byte) (int, error) {
	n, err := t.ReadCloser.Read(b)
	t.read.Add(int64(n))
	return n, err
}

// shownURL is a URL as it may be seen: without the query of a link that is itself a credential, and without the
// values of the parameters that sign.
func shownURL(u *url.URL, wholeQuery bool, signed []string) string {
	shown := *u
	switch {
	case u.RawQuery == "", len(signed) == 0 && !wholeQuery:
	case wholeQuery:
		shown.RawQuery = secret.Redacted
	default:
		parts := strings.Split(u.RawQuery, "&")
		for i, p := range parts {
			key, _, _ := strings.Cut(p, "=")
			if name, err := url.QueryUnescape(key); err == nil && slices.Contains(signed, name) {
				parts[i] = key + "=" + secret.Redacted
			}
		}
		shown.RawQuery = strings.Join(parts, "&")
	}
	return shown.String()
}

// shownHeader is the header of a request as it may be seen.
func shownHeader(h http.Header, signed []string) http.Header {
	shown := h.Clone()
	for _, name := range signed {
		if shown.Get(name) != "" {
			shown.Set(name, secret.Redacted)
		}
	}
	return shown
}
