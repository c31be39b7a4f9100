package upstream

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// heard is every request that a server got, as text.
type heard struct {
	mu   sync.Mutex
	text []string
}

func (h *heard) add(r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, fmt.Sprintf("%s %s %v", r.Method, r.URL, r.Header))
}

func (h *heard) all() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.text, "\n")
}

var everyAuth = map[string]string{"headers": keyAuth, "basic": basicAuth, "query": queryAuth}

func TestNoRedirectIsFollowed(t *testing.T) {
	var second heard
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { second.add(r) }))
	defer other.Close()
	for name, auth := range everyAuth {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, to := range []string{other.URL + "/stolen", "//" + strings.TrimPrefix(other.URL, "http://") + "/x", "/same-host", "file:///etc/passwd", "http://169.254.169.254/latest"} {
				t.Run(fmt.Sprintf("%s %d to %s", name, status, to), func(t *testing.T) {
					var first heard
					a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
						first.add(r)
						w.Header().Set("Location", to)
						w.WriteHeader(status)
					}, Config{}, auth)
					a.fails(get("v1/usage"), problem.UpstreamRedirect)
					if n := strings.Count(first.all(), "GET "); n != 1 {
						t.Errorf("the first host was called %d times", n)
					}
				})
			}
		}
	}
	if second.all() != "" {
		t.Errorf("the second host heard: %s", second.all())
	}
}

func TestNextLinkElsewhereSendsNothing(t *testing.T) {
	var other heard
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { other.add(r) }))
	defer elsewhere.Close()
	for name, auth := range everyAuth {
		t.Run(name, func(t *testing.T) {
			var first heard
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) { first.add(r) }, Config{}, auth)
			a.fails(connector.Call{Method: "GET", URL: elsewhere.URL + "/next?page=2"}, problem.EgressDenied)
			if _, err := a.read(connector.Call{Method: "GET", URL: "https://api.acme.example/usage?page=2"}); err != nil {
				t.Error(err)
			}
			if got := first.all(); !strings.Contains(got, "GET /usage?page=2") || strings.Count(got, "GET ") != 1 {
				t.Errorf("the account's own host heard: %s", got)
			}
		})
	}
	if other.all() != "" {
		t.Errorf("another host heard: %s", other.all())
	}
}

func TestDownloadGoesWithoutCredentials(t *testing.T) {
	var other heard
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		other.add(r)
		_, _ = w.Write([]byte("a,b\n"))
	}))
	defer elsewhere.Close()
	for name, auth := range everyAuth {
		t.Run(name, func(t *testing.T) {
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {}, Config{}, auth)
			ctx, trace := WithTrace(t.Context())
			reply, err := a.session().Do(ctx, connector.Call{Purpose: "download", Method: "GET", URL: elsewhere.URL + "/report?sig=presigned", NoAuth: true})
			if err != nil {
				t.Fatal(err)
			}
			if b, err := ReadAll(reply, 0); err != nil || string(b) != "a,b\n" {
				t.Errorf("%q, %v", b, err)
			}
			if e := trace.Exchanges()[0]; strings.Contains(e.URL, "presigned") || !strings.Contains(e.URL, "[redacted]") || reply.URL != e.URL {
				t.Errorf("the link shows its signature: %s", e.URL)
			}
		})
	}
	for _, s := range []string{"Authorization", "X-Api-Key", "X-App", "Cookie", "Referer", "canary"} {
		if strings.Contains(other.all(), s) {
			t.Errorf("%s reached the other host: %s", s, other.all())
		}
	}
	if !strings.Contains(other.all(), "sig=presigned") {
		t.Error("the download lost its own query")
	}
}

func TestRefusedDownloadSaysNothingAboutTheAccount(t *testing.T) {
	for _, status := range []int{401, 403} {
		var calls heard
		a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
			calls.add(r)
			w.WriteHeader(status)
		}, Config{}, keyAuth, `check: { get: /check }`, `errors: { confirm_unauthorized: 1h }`)
		_, err := a.read(connector.Call{Purpose: "download", Method: "GET", URL: a.url + "/report", NoAuth: true})
		if p := problem.From(err); p == nil || p.Details["status"] != status {
			t.Errorf("%d: %v", status, err)
		}
		if st := a.states.Get("acct-1"); st.Status != "active" || strings.Count(calls.all(), "GET ") != 1 {
			t.Errorf("%d: the account is %s after %s", status, st.Status, calls.all())
		}
	}
}

func TestGoodDownloadSaysNothingAboutTheAccountEither(t *testing.T) {
	a := newAcme(t, answers(200, nil, "a,b"), Config{}, keyAuth)
	a.states.Set("acct-1", account.NeedsReauth, "refused")
	if _, err := a.read(connector.Call{Purpose: "download", Method: "GET", URL: "/report", NoAuth: true}); err != nil {
		t.Fatal(err)
	}
	if st := a.states.Get("acct-1").Status; st != account.NeedsReauth {
		t.Errorf("a call without credentials made the account %s", st)
	}
}

func TestSigning(t *testing.T) {
	for _, c := range []struct {
		name, auth string
		call       connector.Call
		want       map[string]string // header, or query with ?
	}{
		{"headers", keyAuth, get("x"), map[string]string{"X-Api-Key": theKey, "X-App": "app " + theID}},
		{"basic", basicAuth, get("x"), map[string]string{"Authorization": "Basic Y2FuYXJ5LWlkLTAxMjM0NTY3ODk6Y2FuYXJ5LWtleS0wMTIzNDU2Nzg5"}},
		{"query", queryAuth, get("x"), map[string]string{"?api_key": theKey, "?id": theID}},
		{"a call's own headers don't stand over it", keyAuth, connector.Call{Method: "GET", Header: []connector.Param{
			{Key: "x-api-key", Value: "mine"}, {Key: "Authorization", Value: "mine"}, {Key: "Host", Value: "evil.example"}, {Key: "Cookie", Value: "c"}, {Key: "X-Other", Value: "kept"}}},
			map[string]string{"X-Api-Key": theKey, "Authorization": "", "Cookie": "", "X-Other": "kept"}},
		{"a call's own query doesn't stand before it", queryAuth, connector.Call{Method: "GET", Query: []connector.Param{{Key: "api_key", Value: "mine"}, {Key: "a", Value: "b"}}},
			map[string]string{"?api_key": theKey, "?a": "b"}},
		{"nor that of a link", queryAuth, connector.Call{Method: "GET", URL: "/next?page=2&api%5Fkey=old"}, map[string]string{"?api_key": theKey, "?page": "2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var a *acme
			a = newAcme(t, func(w http.ResponseWriter, r *http.Request) {
				if "http://"+r.Host != a.url {
					t.Errorf("host %s", r.Host)
				}
				for k, want := range c.want {
					got := r.Header.Get(k)
					if name, ok := strings.CutPrefix(k, "?"); ok {
						got = strings.Join(r.URL.Query()[name], " and ")
					}
					if got != want {
						t.Errorf("%s: %q, want %q", k, got, want)
					}
				}
			}, Config{}, c.auth)
			ctx, trace := WithTrace(t.Context())
			reply, err := a.session().Do(ctx, c.call)
			if err != nil {
				t.Fatal(err)
			}
			_ = reply.Body.Close()
			shown := fmt.Sprint(trace.Exchanges(), reply.URL, reply.Header)
			if strings.Contains(shown, "canary") || strings.Contains(shown, "Y2FuYXJ5") || !strings.Contains(shown, "[redacted]") {
				t.Errorf("the exchange shows a credential: %s", shown)
			}
		})
	}
}

func TestSigningFails(t *testing.T) {
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) { t.Error("called") }, Config{}, keyAuth)
	t.Run("a credential is missing", func(t *testing.T) {
		delete(a.acct.Credentials, "id")
		if p := a.fails(get("x"), problem.AccountMisconfig); !strings.Contains(p.Message, "id") {
			t.Error(p.Message)
		}
	})
	t.Run("a header of the call breaks the line", func(t *testing.T) {
		a := newAcme(t, func(w http.ResponseWriter, r *http.Request) { t.Error("called") }, Config{}, keyAuth)
		for _, h := range []connector.Param{{Key: "X", Value: "a\r\nHost: b"}, {Key: "X\r\nY", Value: "a"}, {Key: "X", Value: "a\x00"}, {Key: "", Value: "a"}} {
			a.fails(connector.Call{Method: "GET", Header: []connector.Param{h}}, problem.InvalidParameter)
		}
	})
}

func TestProvidersWordsLoseTheCredentials(t *testing.T) {
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		_, _ = fmt.Fprintf(w, `{"message":"no such key %s"}`, r.Header.Get("X-Api-Key"))
	}, Config{}, keyAuth, `errors: { message: [message] }`)
	p := a.fails(get("x"), problem.RemoteError)
	if !strings.Contains(string(p.Raw), "no such key [redacted]") || !strings.Contains(p.Message, "no such key [redacted]") {
		t.Errorf("%s %s", p.Message, p.Raw)
	}
}
