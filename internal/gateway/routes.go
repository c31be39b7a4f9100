package gateway

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/telemetry"
	"github.com/meterbridge/meterbridge/proxy"
)

// access is who may call a route.
type access uint8

const (
	public   access = iota + 1 // no token: health, readiness, documentation
	bearer                     // a good token; what it may do there, the handler asks its principal
	operator                   // a token of admin.tokens, which stands for everything
)

// route is one row of the router's table. Its zero access is refused, so that a new route is closed until it is opened.
type route struct {
	methods []string
	path    string
	access  access
	handle  func(*gateway, echo.Context) error
}

var read = []string{http.MethodGet, http.MethodHead}

// anyMethod is every method that /proxy and /custom pass on.
var anyMethod = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// routes is the whole surface. More specific paths win over parameters, as the router has it.
func routes() []route {
	return []route{
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
		{[]string{http.MethodPost}, "/integrated-account/:id/token", bearer, (*gateway).mint},
		{read, "/healthz", public, (*gateway).healthz},
		{read, "/readyz", public, (*gateway).readyz},
		{read, "/metrics", bearer, (*gateway).metrics},
		{read, "/openapi.json", public, (*gateway).openapi},
		{read, "/docs", public, (*gateway).docs},
		{read, "/docs/*", public, (*gateway).docsAsset},
		{read, "/", public, (*gateway).home},
	}
}

// callerKey is where a handler finds its caller.
const callerKey = "caller"

func caller(c echo.Context) *principal.Principal {
	p, _ := c.Get(callerKey).(*principal.Principal)
	return p
}

// authorized puts the route's policy before its handler.
func (g *gateway) authorized(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r.access != public {
			auth := g.Auth
			if r.access == operator {
				auth = g.Operators
			}
			who, err := auth.Authenticate(c.Request().Context(), c.Request().Header.Get("Authorization"))
			if err != nil {
				g.stranger(c)
				return err
			}
			known(c, who)
			if err := g.limited(c, who); err != nil {
				return err
			}
		}
		if err := wholeSegments(c); err != nil {
			return err
		}
		return r.handle(g, c)
	}
}

// known notes who asks, for the handler and for the request's line.
func known(c echo.Context, who *principal.Principal) {
	c.Set(callerKey, who)
	l := telemetry.LineOf(c.Request().Context())
	l.Caller, l.TokenID = who.Name, who.ID
}

// stranger notes the fingerprint of a token that is none, so that the log tells who goes on with one that was taken back.
func (g *gateway) stranger(c echo.Context) {
	if token := principal.Sent(c.Request().Header.Get("Authorization")); token != "" {
		telemetry.LineOf(c.Request().Context()).Token = g.Fingerprint(principal.SumOf(token))
	}
}

func (g *gateway) list(c echo.Context) error {
	return g.Proxy.Unified(c.Response(), c.Request(), caller(c), param(c, "model"), param(c, "resource"), "")
}

func (g *gateway) get(c echo.Context) error {
	return g.Proxy.Unified(c.Response(), c.Request(), caller(c), param(c, "model"), param(c, "resource"), param(c, "id"))
}

func (g *gateway) passthrough(c echo.Context) error {
	return g.Proxy.Passthrough(c.Response(), c.Request(), caller(c), param(c, "resource"), param(c, "id"))
}

// custom passes the path on as the caller escaped it: unescaping it here could make other segments of it.
func (g *gateway) custom(c echo.Context) error {
	_, path, _ := strings.Cut(c.Request().URL.EscapedPath(), "/custom/")
	return g.Proxy.Custom(c.Response(), c.Request(), caller(c), path)
}

func (g *gateway) accounts(c echo.Context) error {
	given, err := g.query(c, proxy.AccountParameters...)
	if err != nil {
		return err
	}
	list, err := g.Proxy.ListAccounts(c.Request().Context(), caller(c), given)
	return answer(c, list, err)
}

func (g *gateway) account(c echo.Context) error {
	if _, err := g.query(c); err != nil {
		return err
	}
	view, err := g.Proxy.GetAccount(c.Request().Context(), caller(c), param(c, "id"))
	return answer(c, view, err)
}

func (g *gateway) capabilities(c echo.Context) error {
	if _, err := g.query(c); err != nil {
		return err
	}
	view, err := g.Proxy.CapabilitiesOf(c.Request().Context(), caller(c), param(c, "id"))
	return answer(c, view, err)
}

func (g *gateway) metaOfConnector(c echo.Context) error {
	if _, err := g.query(c); err != nil {
		return err
	}
	view, err := g.Proxy.MetaOf(c.Request().Context(), caller(c), param(c, "model"), param(c, "resource"), param(c, "connector"), "", param(c, "method"))
	return answer(c, view, err)
}

func (g *gateway) metaOfAccount(c echo.Context) error {
	given, err := g.query(c)
	if err != nil {
		return err
	}
	view, err := g.Proxy.MetaOf(c.Request().Context(), caller(c), param(c, "model"), param(c, "resource"), "", given["integrated_account_id"], param(c, "method"))
	return answer(c, view, err)
}

func answer(c echo.Context, view any, err error) error {
	if err != nil {
		return err
	}
	return encode(c, http.StatusOK, view)
}

// encode answers with a small value, encoded whole before the first byte leaves.
func encode(c echo.Context, status int, v any) error {
	body, err := plainJSON(v)
	if err != nil {
		return err
	}
	return c.Blob(status, contentJSON, body)
}

func (g *gateway) healthz(c echo.Context) error {
	return encode(c, http.StatusOK, map[string]string{"status": "ok"})
}

func (g *gateway) readyz(c echo.Context) error {
	r := g.Ready(c.Request().Context())
	status := http.StatusOK
	if !r.Ready {
		status = http.StatusServiceUnavailable
	}
	return encode(c, status, r)
}

func (g *gateway) metrics(c echo.Context) error {
	if err := caller(c).Allows(principal.Action{Area: principal.AreaMetrics}); err != nil {
		return err
	}
	g.Metrics.Handler().ServeHTTP(c.Response(), c.Request())
	return nil
}

// home leads whoever opens the address in a browser to the documentation.
func (g *gateway) home(c echo.Context) error { return c.Redirect(http.StatusFound, "/docs") }
