// Package gateway is the HTTP edge: the only importer of Echo.
//
// A request gets an id, a principal from its bearer token, and a handler that calls the proxy and returns an error; the
// one error handler turns whatever comes back into the contract's JSON. Nothing here knows a provider, a format or a
// cursor. Every route stands in one table with its access policy, and a route without one does not compile into the
// router.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// Limits of the listener; docs/limits.md lists them.
const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 32 << 10
	maxTarget         = 8 << 10
)

// Metrics hears of every request; telemetry implements it.
type Metrics interface {
	Request(route string, status int, format string, took time.Duration)
	Handler() http.Handler
}

// Schemas gives the JSON Schema of a resource of the unified model.
type Schemas interface {
	Names() []string
	Schema(resource string) []byte
}

// Readiness is what /readyz says: each part and its state, and whether all that must be there is.
type Readiness struct {
	Ready bool              `json:"ready"`
	Parts map[string]string `json:"parts"`
}

// Config is what a gateway is made of.
type Config struct {
	Proxy   *proxy.Proxy
	Tokens  func() *Tokens // the current ones, asked once a request
	Metrics Metrics
	Ready   func(context.Context) Readiness
	Model   func() Schemas // the unified model, for the OpenAPI document
	Version string
	Log     *slog.Logger
}

// access is who may call a route.
type access uint8

const (
	public access = iota + 1 // no token: health, readiness, documentation
	bearer                   // a token of the configuration
)

// route is one row of the router's table. Its zero access is refused, so that a new route is closed until it is opened.
type route struct {
	methods []string
	path    string
	access  access
	handle  func(*gateway, echo.Context) error
}

type gateway struct{ Config }

var read = []string{http.MethodGet, http.MethodHead}

// any is every method that /proxy and /custom pass on.
var anyMethod = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// routes is the whole surface. More specific paths win over parameters, as the router has it.
var routes = []route{
	{read, "/unified/:model/:resource", bearer, (*gateway).list},
	{read, "/unified/:model/:resource/:id", bearer, (*gateway).get},
	{read, "/unified/:model/:resource/meta/:method", bearer, (*gateway).metaOfAccount},
	{read, "/unified/:model/:resource/:connector/meta/:method", bearer, (*gateway).metaOfConnector},
	{anyMethod, "/proxy/:resource", bearer, (*gateway).passthrough},
	{anyMethod, "/proxy/:resource/:id", bearer, (*gateway).passthrough},
	{anyMethod, "/custom/*", bearer, (*gateway).custom},
	{read, "/integrated-account", bearer, (*gateway).accounts},
	{read, "/integrated-account/:id", bearer, (*gateway).account},
	{read, "/integrated-account/:id/capabilities", bearer, (*gateway).capabilities},
	{read, "/healthz", public, (*gateway).healthz},
	{read, "/readyz", public, (*gateway).readyz},
	{read, "/metrics", bearer, (*gateway).metrics},
	{read, "/openapi.json", public, (*gateway).openapi},
	{read, "/docs", public, (*gateway).docs},
	{read, "/docs/*", public, (*gateway).docs},
	{read, "/", public, (*gateway).home},
}

// New is the handler of the whole surface.
func New(c Config) (http.Handler, error) {
	g := &gateway{c}
	if g.Log == nil {
		g.Log = slog.New(slog.DiscardHandler)
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = g.fail
	e.Use(g.observe, g.guard)
	for _, r := range routes {
		if r.access == 0 {
			return nil, errors.New("the route " + r.path + " says not who may call it")
		}
		e.Match(r.methods, r.path, g.authorized(r))
	}
	return e, nil
}

// Server is an http.Server with the listener's limits around a handler.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
}

// principalKey is where a handler finds its caller.
const principalKey = "principal"

func principal(c echo.Context) proxy.Principal {
	p, _ := c.Get(principalKey).(proxy.Principal)
	return p
}

// authorized puts the route's policy before its handler.
func (g *gateway) authorized(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r.access == bearer {
			who, ok := g.Tokens().principal(c.Request().Header.Get("Authorization"))
			if !ok {
				c.Response().Header().Set("WWW-Authenticate", `Bearer realm="meterbridge"`)
				return problem.New(problem.Unauthorized, "the bearer token is missing or wrong; send Authorization: Bearer TOKEN with a token of auth.tokens")
			}
			c.Set(principalKey, who)
		}
		return r.handle(g, c)
	}
}

func (g *gateway) list(c echo.Context) error {
	return g.Proxy.Unified(c.Response(), c.Request(), principal(c), c.Param("model"), c.Param("resource"), "")
}

func (g *gateway) get(c echo.Context) error {
	return g.Proxy.Unified(c.Response(), c.Request(), principal(c), c.Param("model"), c.Param("resource"), param(c, "id"))
}

func (g *gateway) passthrough(c echo.Context) error {
	return g.Proxy.Passthrough(c.Response(), c.Request(), principal(c), param(c, "resource"), param(c, "id"))
}

// custom passes the path on as the caller escaped it: unescaping it here could make other segments of it.
func (g *gateway) custom(c echo.Context) error {
	_, path, _ := strings.Cut(c.Request().URL.EscapedPath(), "/custom/")
	return g.Proxy.Custom(c.Response(), c.Request(), principal(c), path)
}

func (g *gateway) accounts(c echo.Context) error {
	list, err := g.Proxy.ListAccounts(c.Request().Context(), principal(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"result": list, "next_cursor": nil, "prev_cursor": nil, "result_count": len(list)})
}

func (g *gateway) account(c echo.Context) error {
	view, err := g.Proxy.GetAccount(c.Request().Context(), principal(c), param(c, "id"))
	return answer(c, view, err)
}

func (g *gateway) capabilities(c echo.Context) error {
	view, err := g.Proxy.CapabilitiesOf(c.Request().Context(), principal(c), param(c, "id"))
	return answer(c, view, err)
}

func (g *gateway) metaOfConnector(c echo.Context) error {
	view, err := g.Proxy.MetaOf(c.Request().Context(), principal(c), c.Param("model"), c.Param("resource"), param(c, "connector"), "", c.Param("method"))
	return answer(c, view, err)
}

func (g *gateway) metaOfAccount(c echo.Context) error {
	view, err := g.Proxy.MetaOf(c.Request().Context(), principal(c), c.Param("model"), c.Param("resource"), "", c.QueryParam("integrated_account_id"), c.Param("method"))
	return answer(c, view, err)
}

func answer(c echo.Context, view any, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, view)
}

func (g *gateway) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

func (g *gateway) readyz(c echo.Context) error {
	r := g.Ready(c.Request().Context())
	status := http.StatusOK
	if !r.Ready {
		status = http.StatusServiceUnavailable
	}
	return c.JSON(status, r)
}

func (g *gateway) metrics(c echo.Context) error {
	g.Metrics.Handler().ServeHTTP(c.Response(), c.Request())
	return nil
}

// home leads whoever opens the address in a browser to the documentation.
func (g *gateway) home(c echo.Context) error { return c.Redirect(http.StatusFound, "/docs") }
