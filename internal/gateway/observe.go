package gateway

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// observe gives a request its id and its line: for the log, and for the metrics.
func (g *gateway) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, w := c.Request(), c.Response()
		l := &telemetry.Line{Began: time.Now(), Method: r.Method, RequestID: r.Header.Get(headerRequestID)}
		if !sane(l.RequestID) {
			l.RequestID = uuid.NewString()
		}
		h := w.Header()
		h.Set(headerRequestID, l.RequestID)
		h["X-Content-Type-Options"] = nosniff // raw and /custom pass on bodies whose type is the provider's word
		w.Before(func() { l.FirstByte = time.Since(l.Began) })
		switch c.Path() {
		case "/healthz", "/readyz", "/metrics":
			l.Quiet()
		}
		c.SetRequest(r.WithContext(g.Tracer.Request(telemetry.WithLine(r.Context(), l), r.Header)))
		defer g.observed(c, l) // also where a handler that aborts its connection panics through here
		if err := next(c); err != nil {
			c.Error(err)
		}
		return nil
	}
}

// nosniff is a header's value. Nobody changes it.
var nosniff = []string{"nosniff"}

// observed ends the line of a request and shows it to those who look.
func (g *gateway) observed(c echo.Context, l *telemetry.Line) {
	w, who := c.Response(), caller(c)
	l.Took = time.Since(l.Began)
	l.Route, l.Status, l.Bytes = routeName(c), w.Status, w.Size
	if l.Format == "" {
		l.Format = bodyKind(w.Header().Get("Content-Type"))
	}
	if who != nil {
		sum := who.Sum
		if who.Minted() {
			sum = principal.SumOf(principal.Sent(c.Request().Header.Get("Authorization")))
		}
		l.Token = g.Fingerprint(sum)
	}
	if l.AccountID != "" {
		l.Account = g.Fingerprint(sha256.Sum256([]byte(l.AccountID)))
	}
	g.Metrics.Request(l)
	if g.Requests != nil && who != nil && !l.IsQuiet() { // what strangers send is in the log: it must not push rows out
		g.Requests(l)
	}
	l.EndTrace()
	l.Log(c.Request().Context(), g.Log)
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
