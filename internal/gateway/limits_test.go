package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/kv"
)

const ofAcme1 = "/unified/usage-metering/workspaces?integrated_account_id=acme-1"

// reload takes a configuration into service that change has altered.
func (h *house) reload(t testing.TB, change func(*config.Config)) {
	t.Helper()
	next := *h.config
	change(&next)
	if err := h.built.Load(&next); err != nil {
		t.Fatal(err)
	}
}

func day(n int) kv.Rate { return kv.Rate{Requests: n, Per: 24 * time.Hour} }

func TestWithoutLimitsNothingIsSaidOfThem(t *testing.T) {
	got := newHouse(t).ask(t, http.MethodGet, ofAcme1, everyone)
	for _, name := range []string{"RateLimit", "RateLimit-Policy", "Retry-After"} {
		if v := got.header.Values(name); v != nil {
			t.Errorf("%s: %q", name, v)
		}
	}
}

// Good and bad requests count alike, on every route; what is left is said on each answer.
func TestATokensLimitHoldsOnEveryRoute(t *testing.T) {
	h := newHouse(t)
	h.reload(t, func(c *config.Config) { c.Limits.Token = day(4) })
	for i, target := range []string{ofAcme1, "/integrated-account", "/unified/usage-metering/usage?integrated_account_id=acme-9", "/metrics"} {
		got := h.ask(t, http.MethodGet, target, everyone)
		if want := `"token";r=` + string(rune('3'-i)) + `;t=`; got.status == http.StatusTooManyRequests || !strings.HasPrefix(got.header.Get("RateLimit"), want) || got.header.Get("RateLimit-Policy") != `"token";q=4;w=86400` {
			t.Errorf("%s: %d, RateLimit %q, RateLimit-Policy %q", target, got.status, got.header.Get("RateLimit"), got.header.Get("RateLimit-Policy"))
		}
	}
	h.provider.asked()
	for _, r := range gatewayRoutes() {
		got := h.ask(t, r.Methods[0], fill(r.Path), everyone)
		if (got.status == http.StatusTooManyRequests) == r.Public {
			t.Errorf("%s past the limit: %d", r.Path, got.status)
		}
		if r.Public {
			continue
		}
		if p := got.problem(t); p.Code != "rate_limited" || p.Remote != nil || p.Details["limit"] != "token" {
			t.Errorf("%s: %s", r.Path, got.body)
		}
		if got.header.Get("Retry-After") == "" || got.header.Get("Retry-After") == "0" {
			t.Errorf("%s: Retry-After %q", r.Path, got.header.Get("Retry-After"))
		}
	}
	if asked := h.provider.asked(); len(asked) > 0 {
		t.Errorf("past the limit the provider was asked %v", asked)
	}
	if got := h.ask(t, http.MethodGet, ofAcme1, reader); got.status != http.StatusOK {
		t.Errorf("another token: %d", got.status)
	}
	if got := h.ask(t, http.MethodGet, "/integrated-account", "wrong-token-of-sixteen"); got.status != http.StatusUnauthorized {
		t.Errorf("a wrong token: %d", got.status)
	}
	if got := h.ask(t, http.MethodGet, "/metrics", reader); !strings.Contains(string(got.body), `meterbridge_limited_total{limit="token"}`) {
		t.Error("refused requests are not counted in the metrics")
	}
}

func TestATokensOwnLimitGoesBeforeThatOfAll(t *testing.T) {
	h := newHouse(t)
	h.reload(t, func(c *config.Config) {
		c.Limits.Token = day(1)
		c.Auth.Tokens = append([]config.Token{}, c.Auth.Tokens...)
		for i := range c.Auth.Tokens {
			if c.Auth.Tokens[i].Name == "reader" {
				c.Auth.Tokens[i].Limit = day(3)
			}
		}
	})
	minted := h.mint(t, reader, "acme-1", "") // counts against the one that it belongs to: one of three
	for i, c := range []struct {
		token string
		want  int
	}{{reader, 200}, {minted, 200}, {minted, 429}, {reader, 429}, {tenant, 200}, {tenant, 429}} {
		if got := h.ask(t, http.MethodGet, ofAcme1, c.token); got.status != c.want {
			t.Errorf("request %d: %d, want %d", i+1, got.status, c.want)
		}
	}
}

// I8: an account's limit is its own tokens' to use up, and nobody else's.
func TestAnAccountsLimitIsForThoseWhoSeeIt(t *testing.T) {
	h := newHouse(t)
	h.reload(t, func(c *config.Config) { c.Limits.Account = day(5) })
	for range 10 { // not theirs
		for _, token := range []string{other, stranger} {
			if got := h.ask(t, http.MethodGet, ofAcme1, token); got.status != http.StatusNotFound || got.header.Get("RateLimit") != "" {
				t.Fatalf("somebody else: %d, RateLimit %q", got.status, got.header.Get("RateLimit"))
			}
		}
	}
	for i, c := range []struct {
		target, token string
		want          int
	}{
		{ofAcme1, everyone, 200}, {"/integrated-account/acme-1", tenant, 200}, {"/unified/usage-metering/workspaces", reader, 200}, {"/proxy/invoices?integrated_account_id=acme-1", passer, 200}, {"/integrated-account/acme-1/capabilities", reader, 200},
		{ofAcme1, everyone, 429}, {"/integrated-account/acme-1", tenant, 429}, {"/unified/usage-metering/workspaces", reader, 429}, {"/custom/x?integrated_account_id=acme-1", passer, 429},
		{"/unified/usage-metering/workspaces?integrated_account_id=acme-2", everyone, 200}, {"/integrated-account", everyone, 200}, {"/metrics", everyone, 200},
	} {
		got := h.ask(t, http.MethodGet, c.target, c.token)
		if got.status != c.want {
			t.Errorf("request %d, %s: %d, want %d", i+1, c.target, got.status, c.want)
		}
		if c.want == 429 && got.problem(t).Details["limit"] != "account" {
			t.Errorf("request %d: %s", i+1, got.body)
		}
	}
}
