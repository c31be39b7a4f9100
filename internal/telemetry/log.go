// Package telemetry is what operators see of the gateway from outside: its log and its metrics.
//
// The log is slog's, with two things added to every line: the request id that the context carries, and redaction. A
// secret.Value redacts itself; beyond that, an attribute whose name sounds like a secret loses its value, so that a
// header or a field that somebody logs in a hurry does not become a leak. Metrics live in a registry of their own, are
// written through typed methods and read through a plain http.Handler; their labels are names from the configuration
// and the code, never an account's or a client's, so that one tenant can't be seen or counted through another's.
package telemetry

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/meterbridge/meterbridge/internal/secret"
)

// RequestIDKey is the attribute that carries the request id.
const RequestIDKey = "request_id"

// NewLogger writes lines of JSON, or of key=value text, from the level on. Times are UTC.
func NewLogger(w io.Writer, level slog.Leveler, json bool) *slog.Logger {
	one := &oneByOne{w: w}
	made := func(replace func([]string, slog.Attr) slog.Attr) slog.Handler {
		opt := &slog.HandlerOptions{Level: level, ReplaceAttr: replace}
		if json {
			return slog.NewJSONHandler(one, opt)
		}
		return slog.NewTextHandler(one, opt)
	}
	return slog.New(requestHandler{Handler: made(redact), plain: made(nil)})
}

// oneByOne lets two handlers write to one writer: each locks only for itself.
type oneByOne struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *oneByOne) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(line)
}

// requestHandler adds the context's request id to each line.
type requestHandler struct {
	slog.Handler
	plain slog.Handler // writes to the same place, unredacted: for a Line
}

func (h requestHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r = r.Clone() // the caller's copy shares its attributes with ours
		r.AddAttrs(slog.String(RequestIDKey, id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{Handler: h.Handler.WithAttrs(attrs)}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{Handler: h.Handler.WithGroup(name)}
}

// telling are the words of a name that make its value a secret, written without separators.
var telling = []string{"authorization", "token", "secret", "password", "passwd", "apikey", "applicationkey", "accesskey", "privatekey", "credential", "cookie"}

// heard is what sounds says of the names of attributes, which are constants of the code.
var heard sync.Map // string → bool

// soundsNamed is sounds for the name of an attribute.
func soundsNamed(name string) bool {
	if v, ok := heard.Load(name); ok {
		return v.(bool)
	}
	v := sounds(name)
	heard.Store(strings.Clone(name), v)
	return v
}

// sounds reports whether a name sounds like a secret's: api_key, X-Api-Key and apiKey are the same.
func sounds(name string) bool {
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	for _, word := range telling {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// redact is slog's hook for each attribute, in the groups that it stands in.
func redact(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
		return a
	}
	switch a.Value.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindTime: // token_found, secret_age: about a secret, and none
		return a
	case slog.KindAny:
		if h, ok := a.Value.Any().(http.Header); ok {
			a.Value = slog.AnyValue(redactHeader(h))
		}
	}
	hide := soundsNamed(a.Key)
	for _, g := range groups {
		hide = hide || soundsNamed(g)
	}
	if hide {
		a.Value = slog.StringValue(secret.Redacted)
	}
	return a
}

func redactHeader(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		if sounds(name) {
			values = []string{secret.Redacted}
		}
		out[name] = values
	}
	return out
}
