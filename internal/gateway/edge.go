package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/telemetry"
	"github.com/meterbridge/meterbridge/proxy"
)

const (
	headerRequestID = "X-Request-Id"
	contentJSON     = "application/json; charset=utf-8"
)

// observe gives a request its id, logs one line about it and counts it.
func (g *gateway) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		id := c.Request().Header.Get(headerRequestID)
		if !sane(id) {
			id = uuid.NewString()
		}
		h := c.Response().Header()
		h.Set(headerRequestID, id)
		h.Set("X-Content-Type-Options", "nosniff") // raw and /custom pass on bodies whose type is the provider's word
		c.SetRequest(c.Request().WithContext(telemetry.WithRequestID(c.Request().Context(), id)))
		defer func() {
			// A handler that aborts its connection panics through here; it is counted all the same.
			took, status := time.Since(began), c.Response().Status
			g.Metrics.Request(routeName(c), status, bodyKind(c.Response().Header().Get("Content-Type")), took)
			g.Log.LogAttrs(c.Request().Context(), levelOf(status), "request",
				slog.String("method", c.Request().Method), slog.String("path", c.Request().URL.Path), slog.String("route", routeName(c)),
				slog.Int("status", status), slog.Int("bytes", int(c.Response().Size)), slog.Duration("took", took),
				slog.String("caller", principal(c).Name))
		}()
		if err := next(c); err != nil {
			c.Error(err)
		}
		return nil
	}
}

// guard bounds what a caller sends and turns a panic into a problem. http.ErrAbortHandler is no accident: it breaks a
// body that must not look complete.
func (g *gateway) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		r := c.Request()
		if len(r.URL.EscapedPath()) > maxPath {
			return problem.New(problem.TooLarge, "the path is longer than %d bytes", maxPath)
		}
		if headerBytes(r.Header) > maxHeaderBytes {
			return problem.New(problem.HeadersTooLarge, "the headers are larger than %d bytes together", maxHeaderBytes)
		}
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &timedBody{ReadCloser: r.Body, c: http.NewResponseController(c.Response())}
		}
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v)
				}
				g.Log.ErrorContext(r.Context(), "panic", "value", v, "stack", string(debug.Stack()))
				if c.Response().Committed {
					panic(http.ErrAbortHandler)
				}
				err = problem.New(problem.Internal, "something broke inside the gateway; the log has it under this request id")
			}
		}()
		return next(c)
	}
}

// headerBytes is the size of headers as they were on the wire, but for optional white space.
func headerBytes(h http.Header) int {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(": ") + len(v) + len("\r\n")
		}
	}
	return n
}

// timedBody gives a request's body bodyTimeout from the first read on. The deadline is taken back at the body's end: an
// answer may take as long as it likes.
type timedBody struct {
	io.ReadCloser
	c    *http.ResponseController
	open bool
}

func (b *timedBody) Read(p []byte) (int, error) {
	if !b.open {
		b.open = true
		_ = b.c.SetReadDeadline(time.Now().Add(bodyTimeout)) // a connection without deadlines is a test's
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		_ = b.c.SetReadDeadline(time.Time{})
	}
	return n, err
}

// fail is the one place where an error becomes an answer.
func (g *gateway) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := g.problemOf(err, c)
	if p.Code == problem.ClientGone && errors.Is(context.Cause(c.Request().Context()), proxy.ErrStopping) {
		p = proxy.Stopping() // it is we who left
	}
	if p.Status >= http.StatusInternalServerError || p.Code == problem.ClientGone {
		g.Log.WarnContext(c.Request().Context(), "problem", "code", p.Code, "error", p.Error())
	}
	h := c.Response().Header()
	for _, name := range []string{"Content-Length", "Trailer", "Content-Encoding"} {
		h.Del(name)
	}
	for k, v := range p.Header {
		h[k] = v
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Code == problem.ClientGone {
		c.Response().Status = p.Status
		return
	}
	_ = c.Blob(p.Status, contentJSON, p.Encode(h.Get(headerRequestID)))
}

// problemOf also knows the router's own errors.
func (g *gateway) problemOf(err error, c echo.Context) *problem.Problem {
	var he *echo.HTTPError
	if !errors.As(err, &he) {
		return problem.From(err)
	}
	switch he.Code {
	case http.StatusNotFound:
		return problem.New(problem.NotFound, "there is no route %s %s; GET /openapi.json lists them", c.Request().Method, c.Request().URL.Path)
	case http.StatusMethodNotAllowed:
		return problem.New(problem.MethodNotAllowed, "%s is not a method of %s", c.Request().Method, c.Request().URL.Path)
	}
	return problem.Wrap(problem.Internal, err, "something broke inside the gateway; the log has it under this request id")
}

// wholeSegments refuses a path with more segments than its route has: the router's last parameter takes all the rest.
func wholeSegments(c echo.Context) error {
	if strings.HasSuffix(c.Path(), "*") {
		return nil
	}
	for _, v := range c.ParamValues() {
		if strings.Contains(v, "/") {
			return echo.ErrNotFound
		}
	}
	return nil
}

// param is a path parameter, unescaped once. Echo hands out escaped ones where the path had any escape.
func param(c echo.Context, name string) string {
	v := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return v
	}
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

// sane says whether a caller's request id may go into logs and headers.
func sane(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// routeName is the route's pattern, so that metrics have as many series as there are routes and no more.
func routeName(c echo.Context) string {
	if p := c.Path(); p != "" {
		return p
	}
	return "none"
}

// levelOf makes our own failures stand out among requests that went as they should.
func levelOf(status int) slog.Level {
	if status >= http.StatusInternalServerError {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// bodyKind is a media type as a label: a provider's own types must not become series.
func bodyKind(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	switch media {
	case "application/json":
		return "json"
	case "application/x-ndjson":
		return "ndjson"
	case "text/event-stream":
		return "sse"
	case "text/csv":
		return "csv"
	case "":
		return "none"
	}
	return "other"
}
