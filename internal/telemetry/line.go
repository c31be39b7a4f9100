package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// Line is what is seen of one request: its line in the access log, its row in the request log, its labels in the metrics. The
// gateway begins and ends it; what lies between fills in what it alone knows, through the context. There is no path, no query
// and no body in it, and of account and token a fingerprint is what the log shows.
//
// The fields belong to the request's goroutine. The methods do not: a call to a provider may be made in another one, and
// outlive the request. They do nothing on a nil *Line.
type Line struct {
	RequestID string
	TraceID   string // "" where the request is not traced
	Began     time.Time
	Method    string
	Route     string // the pattern
	Status    int    // 0 until the answer begins
	Code      string // of the problem that the answer is, or that broke it; "" where all went well
	Bytes     int64  // of the body
	Format    string
	Records   int
	FirstByte time.Duration // until the answer's header, 0 where none was sent
	Took      time.Duration

	Caller    string // the token's name
	TokenID   string
	Token     string // its fingerprint
	Account   string // its fingerprint
	AccountID string
	Tenant    string
	Connector string
	Resource  string

	calls, joined, upstream, mapping atomic.Int64

	traced *traced // nil where the request is not
	quiet  bool    // a machine asks this all the time
}

type lineKey struct{}

// WithLine is a context whose log lines carry the line's request id, and whose work is told to the line.
func WithLine(ctx context.Context, l *Line) context.Context {
	return context.WithValue(ctx, lineKey{}, l)
}

// LineOf is the line of the context's request, nil where there is none.
func LineOf(ctx context.Context) *Line {
	l, _ := ctx.Value(lineKey{}).(*Line)
	return l
}

// RequestID is the id of the context's request, or nothing.
func RequestID(ctx context.Context) string {
	if l := LineOf(ctx); l != nil {
		return l.RequestID
	}
	return ""
}

// Quiet says that the request is one that machines make all the time, to see whether the gateway is well: a good answer to it
// is worth a line to nobody, and a trace neither.
func (l *Line) Quiet() { l.quiet = true }

// IsQuiet says whether it is one.
func (l *Line) IsQuiet() bool { return l.quiet }

// Of says whose account the request is about.
func (l *Line) Of(account, tenant, connector string) {
	if l != nil {
		l.AccountID, l.Tenant, l.Connector = account, tenant, connector
	}
}

// As says in which format the answer was asked for.
func (l *Line) As(format string) {
	if l != nil {
		l.Format = format
	}
}

// Served says what was answered.
func (l *Line) Served(resource string, records int) {
	if l != nil {
		l.Resource = resource
		l.Records += records
	}
}

// Broke says what ended an answer that was under way.
func (l *Line) Broke(code string) {
	if l != nil {
		l.Code = code
	}
}

// Upstream adds a call to a provider, and how long its answer's header took.
func (l *Line) Upstream(took time.Duration) {
	if l != nil {
		l.calls.Add(1)
		l.upstream.Add(int64(took))
	}
}

// Joined adds a call that another request was making already.
func (l *Line) Joined() {
	if l != nil {
		l.joined.Add(1)
	}
}

// Mapped adds time that a mapping has worked.
func (l *Line) Mapped(took time.Duration) {
	if l != nil {
		l.mapping.Add(int64(took))
	}
}

// Calls are the calls to the provider so far, and the time until their headers in sum: calls that were under way at the same
// time count beside each other.
func (l *Line) Calls() (calls int, took time.Duration) {
	return int(l.calls.Load()), time.Duration(l.upstream.Load())
}

// Mapping is the time that mappings have worked so far.
func (l *Line) Mapping() time.Duration { return time.Duration(l.mapping.Load()) }

// failed says that it was not the caller's fault: an error of ours or of a provider, or an answer that broke under way.
func (l *Line) failed() bool {
	return l.Status >= http.StatusInternalServerError || l.Code != "" && l.Status < http.StatusBadRequest
}

// level makes what failed stand out among requests that went as they should.
func (l *Line) level() slog.Level {
	switch {
	case l.failed():
		return slog.LevelWarn
	case l.quiet && l.Code == "":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// Log writes the line. Its attributes are those named here, so that none needs to be looked at for a secret.
func (l *Line) Log(ctx context.Context, log *slog.Logger) {
	h := log.Handler()
	if own, ok := h.(requestHandler); ok && own.plain != nil {
		h = own.plain
	}
	if !h.Enabled(ctx, l.level()) {
		return
	}
	calls, upstream := l.Calls()
	r := slog.NewRecord(l.Began.Add(l.Took).UTC(), l.level(), "request", 0)
	r.AddAttrs(
		slog.String(RequestIDKey, l.RequestID), slog.String("method", l.Method), slog.String("route", l.Route),
		slog.Int("status", l.Status), slog.String("code", l.Code),
		micros("duration_us", l.Took), micros("ttfb_us", l.FirstByte),
		slog.Int("upstream_calls", calls), slog.Int64("upstream_joined", l.joined.Load()), micros("upstream_us", upstream),
		micros("mapping_us", l.Mapping()),
		slog.Int("records", l.Records), slog.Int64("bytes", l.Bytes), slog.String("format", l.Format),
		slog.String("connector", l.Connector), slog.String("resource", l.Resource),
		slog.String("account_fp", l.Account), slog.String("token_fp", l.Token), slog.String("caller", l.Caller),
	)
	if l.TraceID != "" {
		r.AddAttrs(slog.String("trace_id", l.TraceID))
	}
	_ = h.Handle(ctx, r) // nobody is there to hear that a log can't be written
}

// micros is a duration in whole microseconds: a fraction of milliseconds costs an allocation each.
func micros(key string, d time.Duration) slog.Attr {
	return slog.Int64(key, d.Microseconds())
}
