package gateway

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/principal"
)

// Headers of our own limits, as the IETF's draft of RateLimit fields writes them. The contract's ratelimit-limit,
// ratelimit-remaining and ratelimit-reset are the provider's.
const (
	headerRateLimit = "RateLimit"
	headerPolicy    = "RateLimit-Policy"
)

// limited counts the request against the limits of its token and account, in one question to the store, and says in headers
// what is left. Whatever comes of the request, it has been counted.
func (g *gateway) limited(c echo.Context, who *principal.Principal) error {
	account := ""
	if g.Limits.ByAccount() {
		account = g.accountOf(c, who)
	}
	left, err := g.Limits.Take(c.Request().Context(), who, account)
	tellLimits(c.Response().Header(), left)
	for _, x := range left {
		if !x.OK {
			g.Metrics.Limited(x.Limit)
		}
	}
	return err
}

// accountOf is the account that a request is about, "" where it is about none that its caller sees: else a caller could use
// up the limit of somebody else's (I8).
func (g *gateway) accountOf(c echo.Context, who *principal.Principal) string {
	id := who.Only()
	if strings.HasPrefix(c.Path(), "/integrated-account/:id") {
		id = param(c, "id")
	} else if pairs, err := bracket.Parse(c.Request().URL.RawQuery); err == nil {
		for _, p := range pairs {
			if p.Key == "integrated_account_id" && p.Value != "" {
				id = p.Value
			}
		}
	}
	if id == "" {
		return ""
	}
	if _, err := g.Proxy.GetAccount(c.Request().Context(), who, id); err != nil {
		return ""
	}
	return id
}

// tellLimits writes structured fields: "token";q=600;w=60 is the policy, "token";r=599;t=1 what is left of it.
func tellLimits(h http.Header, left []principal.Left) {
	for _, x := range left {
		policy := `"` + x.Limit + `";q=` + strconv.Itoa(x.Rate.Requests)
		if x.Rate.Per%time.Second == 0 {
			policy += ";w=" + strconv.Itoa(int(x.Rate.Per/time.Second))
		}
		h.Add(headerPolicy, policy)
		h.Add(headerRateLimit, `"`+x.Limit+`";r=`+strconv.Itoa(x.Remaining)+`;t=`+strconv.Itoa(int(math.Ceil(x.Reset.Seconds()))))
	}
}
