package gateway_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/proxy"
)

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name, method, target string
		status               int
		code                 string
	}{
		{"no such route", "GET", "/nothing", 404, "not_found"},
		{"a route's beginning", "GET", "/unified/usage-metering", 404, "not_found"},
		{"more segments than the route has", "GET", "/integrated-account/acme-1/capabilities/x", 404, "not_found"},
		{"more segments behind an id", "GET", "/proxy/invoices/1/2", 404, "not_found"},
		{"an escaped first segment", "GET", "/unified%2Fusage-metering/usage", 404, "not_found"},
		{"another case", "GET", "/Unified/usage-metering/usage", 404, "not_found"},
		{"dots that would leave the route", "GET", "/unified/../metrics", 404, ""},
		{"a file that the page has not", "GET", "/docs/none.js", 404, "not_found"},
		{"a file outside of the page", "GET", "/docs/..%2Fgateway.go", 404, "not_found"},
		{"a file outside of the page, unescaped", "GET", "/docs/../gateway.go", 404, "not_found"},
		{"unknown model", "GET", "/unified/other/usage?integrated_account_id=acme-1", 404, "unknown_model"},
		{"unknown resource", "GET", "/unified/usage-metering/usages?integrated_account_id=acme-1", 404, "unknown_resource"},
		{"POST on a list", "POST", "/unified/usage-metering/usage", 405, "method_not_allowed"},
		{"DELETE of an account", "DELETE", "/integrated-account/acme-1", 405, "method_not_allowed"},
		{"POST on the documentation", "POST", "/docs", 405, "method_not_allowed"},
		{"a method of its own", "BREW", "/healthz", 405, "method_not_allowed"},
		{"TRACE through custom", "TRACE", "/custom/x", 405, "method_not_allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := h.ask(t, c.method, c.target, everyone)
			p := got.problem(t)
			if got.status != c.status || c.code != "" && p.Code != c.code {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if allow := got.header.Get("Allow"); c.status == 405 && !strings.Contains(allow, "GET") {
				t.Errorf("Allow %q", allow)
			}
		})
	}
}

func TestPathParametersArriveAsTheyWereMeant(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct{ name, target, asked string }{
		{"plain", "/unified/usage-metering/workspaces/w1", "/v1/workspaces/w1"},
		{"a slash", "/unified/usage-metering/workspaces/a%2Fb", "/v1/workspaces/a%2Fb"},
		{"a percent sign", "/unified/usage-metering/workspaces/100%25", "/v1/workspaces/100%25"},
		{"a percent sign beside a slash", "/unified/usage-metering/workspaces/a%2F100%25", "/v1/workspaces/a%2F100%25"},
		{"something escaped twice", "/unified/usage-metering/workspaces/a%252Fb", "/v1/workspaces/a%252Fb"},
		{"a space", "/unified/usage-metering/workspaces/a%20b", "/v1/workspaces/a%20b"},
		{"a plus", "/unified/usage-metering/workspaces/a+b", "/v1/workspaces/a+b"},
		{"a question mark", "/unified/usage-metering/workspaces/a%3Fb=1", "/v1/workspaces/a%3Fb=1"},
		{"letters of another script", "/unified/usage-metering/workspaces/%E4%BE%8B", "/v1/workspaces/%E4%BE%8B"},
		{"an accent, proxy", "/proxy/invoices/caf%C3%A9", "/v1/invoices/caf%C3%A9"},
		{"a slash, proxy", "/proxy/invoices/a%2Fb", "/v1/invoices/a%2Fb"},
		{"a slash, custom", "/custom/x/a%2Fb/c", "/v1/x/a%2Fb/c"},
		{"an escaped route, custom", "/custom/custom/x", "/v1/custom/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.provider.asked()
			got := h.ask(t, "GET", c.target+"?integrated_account_id=acme-1", everyone)
			if got.status != http.StatusOK {
				t.Fatalf("answered %d: %s", got.status, got.body)
			}
			if asked := h.provider.asked(); !slices.Equal(asked, []string{"GET " + c.asked}) {
				t.Fatalf("the provider was asked %v, want %s", asked, c.asked)
			}
		})
	}
}

// Whatever the path says, only what lies below the account's base URL is asked.
func TestNoPathLeavesTheBaseURL(t *testing.T) {
	h := newHouse(t)
	for _, target := range []string{
		"/unified/usage-metering/workspaces/..", "/unified/usage-metering/workspaces/%2e%2e", "/unified/usage-metering/workspaces/.%2E", "/unified/usage-metering/workspaces/..%2F..%2Fx",
		"/proxy/invoices/..", "/proxy/invoices/%2e%2e", "/proxy/..", "/custom/..", "/custom/../x", "/custom/%2e%2e/x", "/custom/a/../../x", "/custom/..%2fx", "/custom/..%5Cx", "/custom//evil.example/x", "/custom/http://evil.example/", "/custom/a/%2e%2e/%2e%2e/x",
	} {
		h.provider.asked()
		got := h.raw(t, "GET "+target+"?integrated_account_id=acme-1 HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer "+everyone+"\r\nConnection: close\r\n\r\n")
		if got.status >= 500 {
			t.Errorf("%s answered %d: %s", target, got.status, got.body)
		}
		for _, asked := range h.provider.asked() {
			_, at, _ := strings.Cut(asked, " ")
			if plain, err := url.PathUnescape(at); err != nil || !strings.HasPrefix(path.Clean(plain), "/v1/") {
				t.Errorf("%s asked the provider %s", target, asked)
			}
		}
	}
}

func TestLimitsOfARequest(t *testing.T) {
	h := newHouse(t)
	// The client's own headers count too: what is left of the limit is measured, and then filled to the byte.
	fixed := 0
	for name, value := range map[string]string{"User-Agent": "Go-http-client/1.1", "Authorization": "Bearer " + everyone, "Accept-Encoding": "gzip", "X-Filling": ""} {
		fixed += len(name) + len(value) + 4
	}
	for _, c := range []struct {
		name   string
		n      int
		status int // past n
		code   string
		ask    func(n int) reply
		good   int
	}{
		{"path", gateway.MaxPath, 413, "request_too_large", func(n int) reply {
			return h.ask(t, "GET", "/integrated-account/"+strings.Repeat("a", n-len("/integrated-account/")), everyone)
		}, 404},
		{"headers", gateway.MaxHeaderBytes, 431, "headers_too_large", func(n int) reply {
			return h.ask(t, "GET", "/integrated-account", everyone, func(r *http.Request) { r.Header.Set("X-Filling", strings.Repeat("a", n-fixed)) })
		}, 200},
		{"query", bracket.MaxTotal, 400, "invalid_parameter", func(n int) reply {
			query := "a=" + strings.Repeat("x", 2000) + "&b=" + strings.Repeat("x", 2000) + "&c=" + strings.Repeat("x", 2000) + "&d=" + strings.Repeat("x", 2000) + "&e="
			return h.ask(t, "GET", "/integrated-account?"+query+strings.Repeat("x", n-len(query)), everyone)
		}, 200},
		{"body", proxy.MaxBody, 413, "request_too_large", func(n int) reply {
			return h.ask(t, "POST", "/custom/x?integrated_account_id=acme-1", everyone, func(r *http.Request) {
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(make([]byte, n))), int64(n)
			})
		}, 200},
		{"body of no stated length", proxy.MaxBody, 413, "request_too_large", func(n int) reply {
			return h.ask(t, "POST", "/proxy/invoices?integrated_account_id=acme-1", everyone, func(r *http.Request) {
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(make([]byte, n))), -1
			})
		}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.ask(c.n); got.status != c.good {
				t.Errorf("at %d: %d %s", c.n, got.status, got.body)
			}
			got := c.ask(c.n + 1)
			if got.status != c.status || got.problem(t).Code != c.code {
				t.Errorf("at %d: %d %s", c.n+1, got.status, got.body)
			}
		})
	}
}

func TestRequestIDs(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name, id string
		kept     bool
	}{
		{"a caller's own", "req-1", true},
		{"every printable character", `!"#$%&'()*+,-./09:;<=>?@AZ[\]^_az{|}~` + "`", true},
		{"the longest", strings.Repeat("a", gateway.MaxRequestID), true},
		{"one longer", strings.Repeat("a", gateway.MaxRequestID+1), false},
		{"none", "", false},
		{"a space", "a b", false},
		{"a tab", "a\tb", false},
		{"letters past ASCII", "é", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, target := range []string{"/healthz", "/nothing", "/integrated-account"} {
				got := h.ask(t, "GET", target, "", func(r *http.Request) { r.Header.Set("X-Request-Id", c.id) })
				id := got.header.Get("X-Request-Id")
				if kept := id == c.id; kept != c.kept || len(id) < 5 {
					t.Errorf("%s: %q came back as %q", target, c.id, id)
				}
				if got.status >= 400 && got.problem(t).RequestID != id {
					t.Errorf("%s: another id in the body: %s", target, got.body)
				}
			}
		})
	}
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	h := newHouse(t)
	for _, target := range []string{"/healthz", "/docs", "/openapi.json", "/integrated-account", "/unified/usage-metering/workspaces?integrated_account_id=acme-1", "/unified/usage-metering/usage?integrated_account_id=acme-1&truto_response_format=raw", "/unified/usage-metering/usage", "/nothing"} {
		get, head := h.ask(t, "GET", target, everyone), h.ask(t, "HEAD", target, everyone)
		if head.status != get.status || len(head.body) > 0 {
			t.Errorf("%s: GET %d, HEAD %d with %d bytes", target, get.status, head.status, len(head.body))
		}
		for _, name := range []string{"Content-Type", "Content-Length"} {
			if get.status >= 400 && name == "Content-Length" {
				continue // the message may name the method
			}
			if head.header.Get(name) != get.header.Get(name) {
				t.Errorf("%s: %s %q with GET, %q with HEAD", target, name, get.header.Get(name), head.header.Get(name))
			}
		}
	}
}

// Routes that fetch nothing read their query as strictly as those that do.
func TestParametersOfDescribingRoutes(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/integrated-account", "/integrated-account/acme-1", "/integrated-account/acme-1/capabilities", "/unified/usage-metering/usage/acme/meta/list", "/unified/usage-metering/usage/meta/list"} {
		for _, c := range []struct {
			query, code string
			warned      bool
		}{
			{"integrated_account_id=acme-1", "", false},
			{"integrated_account_id=acme-1&strict=1", "", false},
			{"integrated_account_id=acme-1&colour=red", "", true},
			{"integrated_account_id=acme-1&colour=red&strict=false", "", true},
			{"integrated_account_id=acme-1&colour=red&strict=true", "unknown_parameter", false},
			{"integrated_account_id=acme-1&strict=maybe", "invalid_parameter", false},
			{"integrated_account_id=acme-1&strict=1&strict=1", "invalid_parameter", false},
			{"integrated_account_id=acme-1&a%zz", "invalid_parameter", false},
			{"integrated_account_id=acme-1&a[b", "invalid_parameter", false},
		} {
			got := h.ask(t, "GET", path+"?"+c.query, everyone)
			if c.code != "" {
				if got.status != http.StatusBadRequest || got.problem(t).Code != c.code {
					t.Errorf("%s?%s: %d %s", path, c.query, got.status, got.body)
				}
				continue
			}
			if warned := strings.HasPrefix(got.header.Get(proxy.HeaderWarning), "unknown_parameter "); got.status != http.StatusOK || warned != c.warned {
				t.Errorf("%s?%s: %d, warning %q", path, c.query, got.status, got.header.Get(proxy.HeaderWarning))
			}
		}
	}
}

func TestEveryAnswerForbidsGuessingItsType(t *testing.T) {
	h := newHouse(t)
	for _, target := range []string{"/docs", "/nothing", "/custom/x?integrated_account_id=acme-1", "/metrics"} {
		if v := h.ask(t, "GET", target, everyone).header.Get("X-Content-Type-Options"); v != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", target, v)
		}
	}
}
