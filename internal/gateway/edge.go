package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/telemetry"
	"github.com/meterbridge/meterbridge/proxy"
)

const (
	headerRequestID = "X-Request-Id"
	contentJSON     = "application/json; charset=utf-8"
)

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
		if len(r.TransferEncoding) > 0 {
			// Who stands before us may have read a Content-Length beside the chunks, which net/http has dropped, and take the
			// body's end for another request: nothing behind it is read.
			c.Response().Header().Set("Connection", "close")
		}
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = timed(r.Body, http.NewResponseController(c.Response()))
			if err := unasked(r); err != nil {
				return err
			}
		}
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v)
				}
				g.Log.ErrorContext(r.Context(), "panic", "value", v, "stack", string(debug.Stack()))
				if c.Response().Committed {
					telemetry.LineOf(r.Context()).Broke(string(problem.Internal))
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

// timedBody gives a request's body bodyTimeout from here on. The deadline is taken back at the body's end: an answer may
// take as long as it likes. It stays where the body did not come whole, for net/http reads what is left of one on its own,
// before it answers.
type timedBody struct {
	io.ReadCloser
	c *http.ResponseController
}

func timed(body io.ReadCloser, c *http.ResponseController) *timedBody {
	_ = c.SetReadDeadline(time.Now().Add(bodyTimeout)) // a connection without deadlines is a test's
	return &timedBody{body, c}
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.c.SetReadDeadline(time.Time{})
	}
	return n, err
}

// unasked takes the body of a request that has no use for one, before its answer begins: the deadline must not end that.
func unasked(r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r.Body, proxy.MaxBody+1))
	switch {
	case err != nil:
		return problem.Wrap(problem.InvalidBody, err, "the body did not arrive whole")
	case n > proxy.MaxBody:
		return problem.New(problem.TooLarge, "the body is larger than %d bytes", proxy.MaxBody)
	}
	return nil
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
	telemetry.LineOf(c.Request().Context()).Broke(string(p.Code))
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
	if p.Status == http.StatusUnauthorized && !p.Remote {
		h.Set("WWW-Authenticate", `Bearer realm="meterbridge"`)
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
