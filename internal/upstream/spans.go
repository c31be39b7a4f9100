package upstream

import (
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// describe says of a call's span what may be seen by whoever looks at traces: the host, and the path as the connector writes
// it. What stands in the path's slots, and any query, may be a customer's.
func (e *Exchange) describe(template string, u *url.URL) {
	if e.span == nil {
		return
	}
	if template == "" {
		template = "(" + e.Purpose + ")"
	}
	e.span.Name(e.Method + " " + template)
	e.span.Text("http.request.method", e.Method)
	e.span.Text("url.template", template)
	e.span.Text("server.address", u.Hostname())
	if port, err := strconv.Atoi(u.Port()); err == nil {
		e.span.Number("server.port", int64(port))
	}
	e.span.Text("meterbridge.purpose", e.Purpose)
}

// spanned tells the span how the exchange went. It ends with the answer's body.
func (e *Exchange) spanned(resp *http.Response) {
	switch {
	case e.span == nil:
		return
	case resp == nil:
		e.span.Fail("unreachable")
		e.span.End()
		return
	case resp.StatusCode >= http.StatusBadRequest:
		e.span.Fail(strconv.Itoa(resp.StatusCode))
	}
	e.span.Number("http.response.status_code", int64(resp.StatusCode))
	e.span.Number("meterbridge.waited_us", e.Waited.Microseconds())
	e.span.Number("meterbridge.header_us", e.Took.Microseconds())
	resp.Body = spanned{resp.Body, e.span}
}

// spanned is a body that ends its call's span.
type spanned struct {
	io.ReadCloser
	span *telemetry.Span
}

func (s spanned) Close() error {
	s.span.End()
	return s.ReadCloser.Close()
}
