// Package gateway is the HTTP edge: the only importer of Echo.
//
// A request gets an id, a principal for its bearer token, and a handler that calls the proxy and returns an error; the
// one error handler turns whatever comes back into the contract's JSON. Nothing here knows a provider, a format or a
// cursor. Every route stands in one table with its access policy, and a route without one does not compile into the
// router. The OpenAPI document is written from the same table, and the page that shows it is part of the binary.
package gateway

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/telemetry"
	"github.com/meterbridge/meterbridge/proxy"
)

// Limits of the listener; docs/limits.md lists them.
const (
	readHeaderTimeout = 5 * time.Second
	bodyTimeout       = 20 * time.Second // for a request's body, whole
	idleTimeout       = 60 * time.Second
	maxPath           = 4 << 10  // of the escaped path; the query has its own limits
	maxHeaderBytes    = 32 << 10 // all names and values, with the four bytes that separate them
	maxWireHeader     = 64 << 10 // what is read at all; past it net/http answers
	maxRequestID      = 128
)

// Metrics hears of every request; telemetry implements it.
type Metrics interface {
	Request(*telemetry.Line)
	Limited(limit string)
	Handler() http.Handler
}

// Schemas gives the JSON Schema of a resource of the unified model.
type Schemas interface {
	Names() []string
	Schema(resource string) []byte
}

// Readiness is what /readyz says: each part and its state, and whether all that must be there is.
type Readiness struct {
	Ready    bool              `json:"ready"`
	Degraded bool              `json:"degraded,omitempty"` // something is lost that costs speed and not data
	Parts    map[string]string `json:"parts"`
}

// Config is what a gateway is made of.
type Config struct {
	Proxy   *proxy.Proxy
	Auth    *principal.Authenticator
	Limits  *principal.Limits
	Metrics Metrics
	Ready   func(context.Context) Readiness
	Model   func() Schemas // the unified model, for the OpenAPI document; a pointer, the same until a reload
	Version string
	Log     *slog.Logger
	Tracer  *telemetry.Tracer // nil: no traces
	// Requests hears of each request of a caller that is known, when it is over; nil: nobody.
	Requests func(*telemetry.Line)
	// Fingerprint names a token or an account in the log, by its SHA-256.
	Fingerprint func([sha256.Size]byte) string
	Operators   *principal.Authenticator // who may call the admin surface; nil on the data surface
}

type gateway struct {
	Config
	routes  []route
	openAPI atomic.Pointer[document]
}

// New is the handler of the whole surface.
func New(c Config) (http.Handler, error) { return build(c, routes()) }

func build(c Config, table []route) (http.Handler, error) {
	g := &gateway{Config: c, routes: table}
	if g.Log == nil {
		g.Log = slog.New(slog.DiscardHandler)
	}
	if g.Fingerprint == nil {
		g.Fingerprint = secret.RandomKeyring().Fingerprint
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = g.fail
	e.Use(g.observe, g.guard)
	for _, r := range table {
		if r.access != public && r.access != bearer && (r.access != operator || g.Operators == nil) {
			return nil, fmt.Errorf("the route %s does not say who may call it", r.path)
		}
		e.Match(r.methods, r.path, g.authorized(r))
	}
	return e, nil
}
