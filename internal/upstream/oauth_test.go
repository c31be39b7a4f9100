package upstream

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

func TestHundredRequestsMakeOneTokenCall(t *testing.T) {
	s := &issuer{expires: 3600}
	a := newAcme(t, s.ServeHTTP, Config{}, oauthAuth, "limits: { concurrency: 100 }")
	for _, err := range together(100, func() error { _, err := a.read(get("usage")); return err }) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if s.count() != 1 {
		t.Fatalf("%d token calls", s.count())
	}
	// All find it revoked: it is dropped once, and one new one is fetched.
	s.revoke()
	for _, err := range together(100, func() error { _, err := a.read(get("usage")); return err }) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if s.count() != 2 {
		t.Fatalf("%d token calls after a revocation, want 2", s.count())
	}
	if st := a.states.Get("acct-1").Status; st != account.Active {
		t.Errorf("the account is %s", st)
	}
}

func TestFreshTokenThatIsRefusedToo(t *testing.T) {
	s := &issuer{expires: 3600}
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r)
		s.revoke()
	}, Config{}, oauthAuth)
	a.fails(get("usage"), problem.NeedsReauth)
	if s.count() != 2 || s.calls.Load() != 2 {
		t.Errorf("%d token calls and %d calls, want 2 and 2", s.count(), s.calls.Load())
	}
	if st := a.states.Get("acct-1").Status; st != account.NeedsReauth {
		t.Errorf("the account is %s", st)
	}
}

func TestTokensLifeFollowsTheClientsClock(t *testing.T) {
	s, now := &issuer{expires: 3600}, noon // a clock years away from the library's own
	a := newAcme(t, s.ServeHTTP, Config{Clock: func() time.Time { return now }}, oauthAuth)
	for _, c := range []struct {
		after time.Duration
		calls int
	}{{0, 1}, {58 * time.Minute, 1}, {2 * time.Minute, 2}} {
		now = now.Add(c.after)
		if _, err := a.read(get("usage")); err != nil || s.count() != c.calls {
			t.Fatalf("%v later: %d token calls, want %d; %v", c.after, s.count(), c.calls, err)
		}
	}
}

func TestTokenRequest(t *testing.T) {
	for _, c := range []struct {
		name, send, scopes string
		want               string
		form               map[string]string
	}{
		{"in basic", "basic", "", "Basic ", map[string]string{"grant_type": "client_credentials", "scope": "", "client_id": "", "client_secret": ""}},
		{"in the body", "body", "", " ", map[string]string{"grant_type": "client_credentials", "client_id": theID, "client_secret": theKey}},
		{"scopes where they are configured", "basic", "usage:read accounts:read", "Basic ", map[string]string{"scope": "usage:read accounts:read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &issuer{expires: 3600}
			auth := strings.Replace(oauthAuth, "send: basic", `scopes: "{{ .context.scopes }}", send: `+c.send, 1)
			a := newAcme(t, s.ServeHTTP, Config{}, auth)
			if c.scopes != "" {
				a.acct.Context["scopes"] = c.scopes
			}
			ctx, trace := WithTrace(t.Context())
			reply, err := a.session().Do(ctx, get("usage"))
			if err != nil {
				t.Fatal(err)
			}
			_ = reply.Body.Close()
			head, body, _ := strings.Cut(s.forms[0], "grant")
			if !strings.HasPrefix(head, c.want) && c.want != " " || c.want == " " && strings.HasPrefix(head, "Basic") {
				t.Errorf("Authorization %q", head)
			}
			form, err := url.ParseQuery(strings.TrimSpace("grant" + body))
			if c.want == " " {
				form, err = url.ParseQuery(strings.TrimSpace(s.forms[0]))
			}
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range c.form {
				if form.Get(k) != v {
					t.Errorf("%s = %q, want %q", k, form.Get(k), v)
				}
			}
			list := trace.Exchanges()
			if len(list) != 2 || list[0].Purpose != "token" || list[1].Purpose != "list" {
				t.Fatalf("exchanges %+v", list)
			}
			if shown := fmt.Sprint(list); strings.Contains(shown, "canary") || strings.Contains(shown, "Basic") || strings.Contains(shown, "Bearer") {
				t.Errorf("shown: %s", shown)
			}
		})
	}
}

func TestTokenEndpointErrors(t *testing.T) {
	say := func(status int, kind, body string) func(int, http.ResponseWriter) bool {
		return func(_ int, w http.ResponseWriter) bool {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Retry-After", "9")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	const j = "application/json"
	for _, c := range []struct {
		name   string
		refuse func(int, http.ResponseWriter) bool
		code   problem.Code
		status int
		state  account.Status
		words  string
	}{
		{"400 invalid_client", say(400, j, `{"error":"invalid_client","error_description":"unknown client `+theID+`"}`), problem.NeedsReauth, 401, account.NeedsReauth, "unknown client [redacted]"},
		{"401 invalid_client", say(401, j, `{"error":"invalid_client"}`), problem.NeedsReauth, 401, account.NeedsReauth, "invalid_client"},
		{"401 without words", say(401, "text/html", `<h1>401</h1>`), problem.NeedsReauth, 401, account.NeedsReauth, ""},
		{"400 invalid_scope", say(400, j, `{"error":"invalid_scope"}`), problem.RemoteError, 400, account.Active, "invalid_scope"},
		{"200 with an error", say(200, j, `{"error":"invalid_client"}`), problem.NeedsReauth, 401, account.NeedsReauth, ""},
		{"429", say(429, j, `{}`), problem.RateLimited, 429, account.Active, ""},
		{"500", say(500, j, `{}`), problem.UpstreamFailed, 502, account.Active, ""},
		{"302", say(302, j, ``), problem.UpstreamRedirect, 502, account.Active, ""},
		{"a web page", say(200, "text/html", `<html>`), problem.UpstreamUnexpected, 502, account.Active, ""},
		{"no token", say(200, j, `{"token_type":"bearer"}`), problem.UpstreamUnexpected, 502, account.Active, ""},
		{"a token that breaks the line", say(200, j, `{"access_token":"a\r\nX: y"}`), problem.UpstreamUnexpected, 502, account.Active, ""},
		{"nested past any reader", say(200, j, strings.Repeat(`{"a":`, 200000)), problem.UpstreamUnexpected, 502, account.Active, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &issuer{refuse: c.refuse}
			a := newAcme(t, s.ServeHTTP, Config{}, oauthAuth)
			p := a.fails(get("usage"), c.code)
			if p.Status != c.status || !p.Remote || !strings.Contains(p.Message, c.words) {
				t.Errorf("status %d, remote %v, %q", p.Status, p.Remote, p.Message)
			}
			if st := a.states.Get("acct-1").Status; st != c.state {
				t.Errorf("the account is %s", st)
			}
			if c.code == problem.RateLimited && p.RetryAfter != 9 {
				t.Errorf("wait %d", p.RetryAfter)
			}
			if s.calls.Load() != 0 || s.count() != 1 {
				t.Errorf("%d token calls, %d calls", s.count(), s.calls.Load())
			}
		})
	}
}

func TestTokenCallFollowsNoRedirect(t *testing.T) {
	var second heard
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { second.add(r) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, send := range []string{"basic", "body"} {
			a := newAcme(t, answers(status, map[string]string{"Location": other.URL + "/token"}, ""), Config{}, strings.Replace(oauthAuth, "send: basic", "send: "+send, 1))
			a.fails(get("usage"), problem.UpstreamRedirect)
		}
	}
	if second.all() != "" {
		t.Errorf("the second host heard: %s", second.all())
	}
}

func TestTokenRefusalIsConfirmedOnce(t *testing.T) {
	s := &issuer{expires: 3600, refuse: func(n int, w http.ResponseWriter) bool {
		if n == 1 {
			w.WriteHeader(401)
		}
		return n == 1
	}}
	a := newAcme(t, s.ServeHTTP, Config{}, oauthAuth, `errors: { confirm_unauthorized: 5ms }`)
	if _, err := a.read(get("usage")); err != nil {
		t.Fatal(err)
	}
	if s.count() != 2 {
		t.Errorf("%d token calls", s.count())
	}
}

func TestTokenGoesNowhereElse(t *testing.T) {
	s := &issuer{expires: 3600}
	a := newAcme(t, s.ServeHTTP, Config{}, oauthAuth)
	if _, err := a.read(get("usage")); err != nil {
		t.Fatal(err)
	}
	// Replaced credentials do not meet the old token.
	next := *a.acct
	next.Credentials = map[string]secret.Value{"id": secret.New(theID), "key": secret.New("another-secret")}
	a.acct = &next
	if _, err := a.read(get("usage")); err != nil || s.count() != 2 {
		t.Fatalf("%d token calls, %v", s.count(), err)
	}
	// Without its own token_url the allowed range is closed to the token call.
	next.Context = map[string]any{"base_url": a.url}
	sess := a.client.For(&next, a.conn, map[string]any{"base_url": a.url, "token_url": "http://acme.localhost/token"})
	_, err := sess.Do(t.Context(), connector.Call{Method: "GET", Path: "usage"})
	wants(t, err, problem.EgressDenied, "")
}
