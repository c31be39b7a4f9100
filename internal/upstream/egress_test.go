package upstream

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

func TestEgressIsRefusedToWhatIsNotPublic(t *testing.T) {
	var hits atomic.Int64
	local := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hits.Add(1) }))
	defer local.Close()
	u, _ := url.Parse(local.URL)
	hosts := []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.1",
		"0.0.0.0", "[::]", "169.254.169.254", "168.63.129.16", "10.0.0.1", "192.168.0.1", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]"}
	for _, host := range hosts {
		for _, scheme := range []string{"http", "https"} {
			at := scheme + "://" + host + ":" + u.Port()
			t.Run(at, func(t *testing.T) {
				for name, cfg := range map[string]Config{
					"nothing is allowed":       {Allow: []netip.Prefix{}},
					"another range is allowed": {Allow: []netip.Prefix{netip.MustParsePrefix("10.99.0.0/16")}},
				} {
					a := acmeAt(t, at, cfg, keyAuth)
					if p := a.fails(get("x"), problem.EgressDenied); p.Status != 502 {
						t.Errorf("%s: status %d", name, p.Status)
					}
					a.fails(connector.Call{Method: "GET", URL: at + "/report", NoAuth: true}, problem.EgressDenied)
				}
			})
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests reached the local server", hits.Load())
	}
}

func TestAllowedRangeNeedsTheAccountsOwnBaseURL(t *testing.T) {
	var hits atomic.Int64
	local := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hits.Add(1) }))
	defer local.Close()
	a := acmeAt(t, local.URL, Config{}, keyAuth)
	if _, err := a.read(get("x")); err != nil {
		t.Fatalf("with base_url set: %v", err)
	}
	if _, err := a.read(connector.Call{Method: "GET", URL: local.URL + "/report", NoAuth: true}); err != nil {
		t.Errorf("a download with base_url set: %v", err)
	}
	// Without it the connector's own public base holds, and a provider's link leads to no private address, also
	// not over a connection that another account has open.
	hits.Store(0)
	a.acct.BaseURLSet, a.acct.Context = false, nil
	a.fails(connector.Call{Method: "GET", URL: local.URL + "/report", NoAuth: true}, problem.EgressDenied)
	a.fails(connector.Call{Method: "GET", URL: local.URL + "/next"}, problem.EgressDenied)
	if hits.Load() != 0 {
		t.Error("the local server was called")
	}
}

func TestConnectorOnALoopbackAddressNeedsTheAllowedRange(t *testing.T) {
	local := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer local.Close()
	for _, allowed := range []bool{true, false} {
		cfg := Config{Allow: []netip.Prefix{}}
		if allowed {
			cfg.Allow = nil // the tests' default: loopback
		}
		a := acmeAt(t, local.URL, cfg, keyAuth)
		a.acct.BaseURLSet, a.acct.Context = false, nil
		s := a.client.For(a.acct, a.conn, map[string]any{"base_url": local.URL}) // as its own default would resolve
		reply, err := s.Do(t.Context(), get("x"))
		if allowed {
			if err != nil {
				t.Fatal(err)
			}
			_ = reply.Body.Close()
			continue
		}
		wants(t, err, problem.EgressDenied, "")
	}
}

func TestPlainHTTPGoesToAllowedAddressesOnly(t *testing.T) {
	a := acmeAt(t, "http://93.184.216.34", Config{}, keyAuth)
	a.fails(get("x"), problem.EgressDenied)
	a.acct.BaseURLSet, a.acct.Context = false, nil
	s := a.client.For(a.acct, a.conn, map[string]any{"base_url": "http://api.acme.example"})
	_, err := s.Do(t.Context(), get("x"))
	wants(t, err, problem.EgressDenied, "")
}

func TestAccountsBaseURLThatIsNone(t *testing.T) {
	a := acmeAt(t, "http://127.0.0.1:1", Config{}, keyAuth)
	for _, text := range []any{"", nil, "acme", "ftp://x", "https://u:p@x", "https://x/?a", 7} {
		s := a.client.For(a.acct, a.conn, map[string]any{"base_url": text})
		_, err := s.Do(t.Context(), get("x"))
		wants(t, err, problem.AccountMisconfig, "")
		wants(t, s.Check(t.Context()), problem.AccountMisconfig, "")
	}
}

func TestConfigValidate(t *testing.T) {
	if err := (&Config{Allow: []netip.Prefix{{}}}).Validate(); err == nil {
		t.Error("an invalid prefix passed")
	}
	if err := (&Config{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}).Validate(); err != nil {
		t.Error(err)
	}
}
