package upstream

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

const acmeErrors = `errors:
  message: [errors.0.detail, errors.0.title, message, errors.0]
  detail: [description]
  code: [errors.0.code, code]
  details: fields
  rules:
    - { status: 301, code: account_misconfigured, message: "this account lives elsewhere: set context.base_url to {{ .headers.location }}" }
    - { status: 400, when: '.body.code == "plan"', code: plan_unsupported, message: "the plan lacks the API" }
    - { status: 404, when: '.body.code == "none_yet"', as: empty }
    - { status: [400, 200], when: '.body.code == "bad_key"', as: unauthorized }
    - { status: 503, when: '.body.code == "slow_down"', as: rate_limited }
    - { status: [409, 200], when: '.body.code == "busy"', as: retry }
    - { status: [400, 200], when: '.body.code == "scope"', as: missing_scope, scopes: [costs.read, orgs.read] }
    - { status: 400, when: '.body.code == "some_scope"', as: missing_scope }
    - { status: 204, as: empty }
    - { status: 203, when: '.headers["x-errors"] != null', code: upstream_failed, message: "an error in a header" }
    - { status: 200, when: '.body.error != null', code: upstream_failed, message: "an error in a good status" }
`

func answers(status int, header map[string]string, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestProvidersErrors(t *testing.T) {
	j := map[string]string{"Content-Type": "application/json"}
	for _, c := range []struct {
		name    string
		status  int
		header  map[string]string
		body    string
		code    problem.Code
		want    int
		message string // within it
	}{
		{"400", 400, j, `{"message":"bad date","description":"use YYYY"}`, problem.RemoteError, 400, "bad date: use YYYY"},
		{"404 of a list", 404, j, `{}`, problem.RemoteError, 404, "Not Found"},
		{"409", 409, j, `{"errors":[{"detail":"d","title":"t","code":"c"}]}`, problem.RemoteError, 409, "(d)"},
		{"418 with a bare string", 418, j, `{"errors":["short and stout"]}`, problem.RemoteError, 418, "short and stout"},
		{"422 in plain text", 422, map[string]string{"Content-Type": "text/plain"}, "no such month\n", problem.RemoteError, 422, "(no such month)"},
		{"451 without a body", 451, nil, "", problem.RemoteError, 451, "Unavailable For Legal Reasons"},
		{"401", 401, j, `{"message":"who are you"}`, problem.NeedsReauth, 401, "who are you"},
		{"403 without a check call", 403, j, `{"message":"not you"}`, problem.RemoteForbidden, 403, "not you"},
		{"429", 429, j, `{"message":"slow"}`, problem.RateLimited, 429, "slow"},
		{"500", 500, j, `{"message":"oops"}`, problem.UpstreamFailed, 502, "500 (oops)"},
		{"503 in HTML", 503, map[string]string{"Content-Type": "text/html"}, "<h1>down</h1>", problem.UpstreamFailed, 502, "Service Unavailable"},
		{"504", 504, nil, "", problem.UpstreamFailed, 502, "Gateway Timeout"},
		{"599", 599, nil, "", problem.UpstreamFailed, 502, "no reason given"},
		{"302", 302, map[string]string{"Location": "https://eu.acme.example/x?secret=1"}, "", problem.UpstreamRedirect, 502, "to https://eu.acme.example,"},
		{"304", 304, nil, "", problem.UpstreamRedirect, 502, "redirects,"},
		{"600", 600, nil, "", problem.UpstreamUnexpected, 502, "600"},
		{"a rule for a redirect", 301, map[string]string{"Location": "https://eu.acme.example"}, "", problem.AccountMisconfig, 400, "set context.base_url to https://eu.acme.example"},
		{"a rule over the body", 400, j, `{"code":"plan"}`, problem.PlanUnsupported, 400, "the plan lacks the API"},
		{"a rule says unauthorized", 400, j, `{"code":"bad_key"}`, problem.NeedsReauth, 401, "credentials"},
		{"a rule says unauthorized of a good status", 200, j, `{"code":"bad_key"}`, problem.NeedsReauth, 401, "credentials"},
		{"a rule says rate limited", 503, j, `{"code":"slow_down"}`, problem.RateLimited, 429, "rate"},
		{"a rule says that it will pass", 409, j, `{"code":"busy","message":"later"}`, problem.Unavailable, 503, "out of order for a while (later)"},
		{"a rule says that a good status will pass", 200, j, `{"code":"busy"}`, problem.Unavailable, 503, "out of order"},
		{"a rule names the missing scopes", 400, j, `{"code":"scope"}`, problem.RemoteForbidden, 403, "lack costs.read, orgs.read"},
		{"a rule names no scopes", 400, j, `{"code":"some_scope"}`, problem.RemoteForbidden, 403, "lack a permission"},
		{"an error in a long answer, by its header", 203, map[string]string{"X-Errors": "1"}, strings.Repeat(" ", MaxErrorBody), problem.UpstreamFailed, 502, "an error in a header"},
		{"an error in a good status", 200, j, `{"error":{}}`, problem.UpstreamFailed, 502, "an error in a good status"},
		{"a web page in a good status", 200, map[string]string{"Content-Type": "text/html; charset=utf-8"}, "<html>login</html>", problem.UpstreamUnexpected, 502, "web page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, answers(c.status, c.header, c.body), Config{Attempts: 1}, keyAuth, acmeErrors)
			p := a.fails(get("x"), c.code)
			if p.Status != c.want || !p.Remote || !strings.Contains(p.Message, c.message) {
				t.Errorf("status %d, remote %v, message %q; want %d, %q", p.Status, p.Remote, p.Message, c.want, c.message)
			}
			if p.Code == problem.Unavailable && p.RetryAfter != 1 {
				t.Errorf("try again after %d", p.RetryAfter)
			}
			if string(p.Raw) != c.body {
				t.Errorf("raw %q, want %q", p.Raw, c.body)
			}
			if strings.Contains(string(p.Encode("r")), "secret=1") {
				t.Error("a redirect's query is shown")
			}
			if c.status >= 300 && p.Details["status"] != c.status {
				t.Errorf("details %v", p.Details)
			}
			if !json.Valid(p.Encode("r")) {
				t.Error("the problem does not encode")
			}
		})
	}
}

func TestProvidersGoodAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		kind   string
		body   string
		empty  bool
	}{
		{"200", 200, "application/json", `{"data":[]}`, false},
		{"202", 202, "application/json", `{"jobId":"1"}`, false},
		{"204, of which a rule says that it is empty", 204, "", "", true},
		{"a rule says that an error is an empty answer", 404, "application/json", `{"code":"none_yet"}`, true},
		{"JSON that is called a web page", 200, "text/html", `{"data":[1]}`, false},
		{"longer than any error", 200, "application/json", `{"data":"` + strings.Repeat("x", 2*MaxErrorBody) + `"}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, answers(c.status, map[string]string{"Content-Type": c.kind, "X-RateLimit-Remaining": "3"}, c.body), Config{}, keyAuth, acmeErrors)
			reply, err := a.session().Do(t.Context(), get("x"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadAll(reply, 0)
			want := c.body
			if c.empty {
				want = ""
			}
			if err != nil || string(got) != want || reply.Empty != c.empty || reply.Status != c.status {
				t.Errorf("%d bytes, %v, empty %v, status %d", len(got), err, reply.Empty, reply.Status)
			}
			if reply.RateLimit.Get("Ratelimit-Remaining") != "3" {
				t.Errorf("rate limit %v", reply.RateLimit)
			}
		})
	}
	t.Run("a web page through custom is passed on", func(t *testing.T) {
		a := newAcme(t, answers(200, map[string]string{"Content-Type": "text/html"}, "<p>"), Config{}, keyAuth)
		if got, err := a.read(connector.Call{Purpose: "custom", Method: "GET", Path: "x"}); err != nil || got != "<p>" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestErrorBodiesAreBounded(t *testing.T) {
	deep := strings.Repeat(`{"message":`, 5000) + `"x"` + strings.Repeat("}", 5000)
	for _, c := range []struct {
		name, body string
		raw        int
		message    string
	}{
		{"at the bound", `{"message":"m","x":"` + strings.Repeat("y", MaxErrorBody-22) + `"}`, MaxErrorBody, "(m)"},
		{"one past it", `{"message":"m","x":"` + strings.Repeat("y", MaxErrorBody-21) + `"}`, MaxErrorBody, "(Bad Request)"},
		{"1 MiB of text", strings.Repeat("é", 1<<19), MaxErrorBody, "(Bad Request)"},
		{"cut within a character", "x" + strings.Repeat("é", MaxErrorBody), MaxErrorBody - 1, "(Bad Request)"},
		{"too deep for a reader", deep, len(deep), "(Bad Request)"},
		{"deep and whole", strings.Repeat("[", 1000) + strings.Repeat("]", 1000), 2000, "(Bad Request)"},
		{"a message without end", `{"message":"` + strings.Repeat("é", 1000) + `"}`, 2014, "…"},
		{"not text", "\xff\xfe\x00", 3, "(Bad Request)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, answers(400, map[string]string{"Content-Type": "application/json"}, c.body), Config{}, keyAuth, acmeErrors)
			p := a.fails(get("x"), problem.RemoteError)
			if len(p.Raw) != c.raw || !strings.Contains(p.Message, c.message) || len(p.Message) > maxWords+100 || !utf8.ValidString(p.Message) {
				t.Errorf("raw %d, message %.80q; want %d, %q", len(p.Raw), p.Message, c.raw, c.message)
			}
			if !json.Valid(p.Encode("r")) {
				t.Error("the problem does not encode")
			}
		})
	}
}

func TestErrorDetails(t *testing.T) {
	a := newAcme(t, answers(400, map[string]string{"Content-Type": "application/json", "X-RateLimit-Limit": "9"}, `{"code":"c1","fields":[{"name":"month"}]}`), Config{}, keyAuth, acmeErrors)
	p := a.fails(get("x"), problem.RemoteError)
	if got := fmt.Sprintf("%v %s", p.Details["provider_code"], p.Details["fields"]); got != `c1 [{"name":"month"}]` {
		t.Error(got)
	}
	if p.Header.Get("Ratelimit-Limit") != "9" || p.Insight == nil || p.Insight.Remote == "" {
		t.Errorf("%v %+v", p.Header, p.Insight)
	}
	if p := a.fails(connector.Call{Purpose: "get", Method: "GET", Path: "x"}, problem.RemoteError); p.Status != 400 {
		t.Error(p)
	}
	b := newAcme(t, answers(404, nil, ""), Config{}, keyAuth)
	if p := b.fails(connector.Call{Purpose: "get", Method: "GET", Path: "x"}, problem.NotFound); p.Status != 404 || !p.Remote {
		t.Error(p)
	}
}

func TestRateLimitedSaysWhen(t *testing.T) {
	clock := func() time.Time { return noon }
	for _, c := range []struct {
		name   string
		header map[string]string
		want   int
	}{
		{"seconds", map[string]string{"Retry-After": "17"}, 17},
		{"HTTP date", map[string]string{"Retry-After": "Fri, 02 Jan 2026 12:00:31 GMT"}, 31},
		{"absent", nil, 1},
		{"garbage", map[string]string{"Retry-After": "later"}, 1},
		{"1e9", map[string]string{"Retry-After": "1000000000"}, 1000000000},
		{"negative", map[string]string{"Retry-After": "-3"}, 1},
		{"a reset in relative seconds", map[string]string{"X-RateLimit-Reset": "42", "X-RateLimit-Limit": "60"}, 42},
		{"a reset as an epoch", map[string]string{"X-RateLimit-Reset": "1767355260"}, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, answers(429, c.header, ""), Config{Attempts: 1, Clock: clock}, keyAuth)
			start := time.Now()
			p := a.fails(get("x"), problem.RateLimited)
			if p.RetryAfter != c.want || p.Insight.RateLimit == "" || p.Status != 429 {
				t.Errorf("wait %d, want %d; %+v", p.RetryAfter, c.want, p.Insight)
			}
			if time.Since(start) > 5*time.Second {
				t.Error("it was waited for")
			}
			if c.header["X-RateLimit-Reset"] != "" && p.Header.Get("Ratelimit-Reset") != fmt.Sprint(c.want) {
				t.Errorf("normalised headers: %v", p.Header)
			}
		})
	}
}
