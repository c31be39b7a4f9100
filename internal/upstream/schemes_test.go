package upstream

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// cassetteHead is a provider of the simulator, whose code shares nothing with what signs here.
const cassetteHead = `An invented provider that looks at credentials.
-- cassette.yaml --
month: 2026-09
now: 2026-10-05T12:00:00Z
credentials: %s
auth: %s
-- exchange/usage --
GET /usage

200
Content-Type: application/json

{"data": []}
-- exchange/report --
POST /report
body: { from: "{from}" }

200
Content-Type: application/json

{"from": "{from}"}
-- exchange/open --
GET /open
auth: refused

200

open
-- exchange/token --
POST /token
form: { grant_type: client_credentials, client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_id: "{client}" }
auth: { form.client_assertion: "{jwt:pem}" }

200
Content-Type: application/json

{"access_token": "{token}", "token_type": "Bearer", "expires_in": 600}
`

func pemOf(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/keys/" + name + ".pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// newSimulated is an account of a provider that wants auth of a request, given credentials as a cassette says them.
func newSimulated(t *testing.T, credentials map[string]string, wants, auth string) (*acme, *simulate.Simulator) {
	t.Helper()
	var said []string
	for k, v := range credentials {
		said = append(said, fmt.Sprintf("%s: %q", k, v))
	}
	said = append(said, fmt.Sprintf("pem: %q", pemOf(t, "ec8")))
	tape, err := simulate.Parse("acme.txtar", fmt.Appendf(nil, cassetteHead, "{ "+strings.Join(said, ", ")+" }", wants))
	if err != nil {
		t.Fatal(err)
	}
	sim, err := simulate.New(simulate.Config{Cassettes: []*simulate.Cassette{tape}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	a := acmeAt(t, server.URL+"/acme", Config{Clock: func() time.Time { return tape.Now }}, keyAuth)
	a.conn = parseWith(t, auth)
	for k, v := range credentials {
		a.acct.Credentials[k] = secret.New(v)
	}
	return a, sim
}

// parseWith is a connector with more credentials than parse's. Its own call names them all, so that none counts as unused.
func parseWith(t testing.TB, auth string) *connector.Connector {
	t.Helper()
	c, finds := connector.Parse("acme.yaml", []byte(`connector: acme
title: Acme
context: { base_url: { default: "https://api.acme.example" }, token_url: { default: "https://api.acme.example/token" } }
credentials: { id: {}, key: {}, session: { optional: true }, pem: {} }
resources: { usage: { list: { get: /usage, items: data, auth: { query: { a: "${id}", b: "${key}", c: "${session}", d: "${pem}" } } } } }
`+auth))
	if c == nil {
		t.Fatalf("the test's connector: %v\n%s", finds, auth)
	}
	return c
}

const (
	digestAuth = `auth: { digest: { username: "${id}", password: "${key}" } }`
	sigv4Auth  = `auth: { aws_sigv4: { access_key_id: "${id}", secret_access_key: "${key}", session_token: "${session}", region: "{{ \"eu-west-1\" }}", service: ce } }`
	cookieAuth = `auth: { cookies: { session: "${session}", id: "${id}" } }`
)

// TestSchemes signs for a provider that verifies: every way of asking, then with a wrong key.
func TestSchemes(t *testing.T) {
	report := connector.Call{Purpose: "submit", Method: "POST", Path: "report", Body: []byte(`{"from":"ä b"}`), ContentType: "application/json",
		Header: []connector.Param{{Key: "X-Note", Value: "  two   spaces "}, {Key: "X-Note", Value: "twice"}}}
	query := connector.Call{Purpose: "list", Method: "GET", Path: "usage", Query: []connector.Param{{Key: "b", Value: "x y+z/ä~*"}, {Key: "a-b", Value: "1"},
		{Key: "a", Value: "2"}, {Key: "a", Value: "1"}, {Key: "empty", Value: ""}}}
	link := connector.Call{Purpose: "list", Method: "GET", URL: "/acme/usage?page=a%2Fb&z=1"}
	for _, c := range []struct {
		name, wants, auth string
		session           string
		calls             int // that the simulator sees of three
	}{
		{"digest", `{ Authorization: "Digest {digest:id:key}" }`, digestAuth, "", 4},
		{"sigv4", `{ Authorization: "AWS4-HMAC-SHA256 {sigv4:id:key}" }`, sigv4Auth, "", 3},
		{"sigv4 with a session token", `{ Authorization: "AWS4-HMAC-SHA256 {sigv4:id:key}", X-Amz-Security-Token: "{session}" }`, sigv4Auth, "canary-session/+=", 3},
		{"cookies", `{ cookie.session: "{session}", cookie.id: "{id}" }`, cookieAuth, "canary-session", 3},
		{"cookies without an optional one", `{ Cookie: "id={id}" }`, cookieAuth, "", 3},
		{"the second alternative", `[ { X-Key: "{key}" }, { Authorization: "Digest {digest:id:key}" } ]`, digestAuth, "", 4},
		{"the first alternative", `[ { X-Key: "{key}" }, { Authorization: "Digest {digest:id:key}" } ]`, `auth: { headers: { X-Key: "${key}" } }`, "", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			creds := map[string]string{"id": theID, "key": theKey}
			if c.session != "" {
				creds["session"] = c.session
			}
			a, sim := newSimulated(t, creds, c.wants, c.auth)
			ctx, trace := WithTrace(t.Context())
			for _, call := range []connector.Call{query, report, link} {
				reply, err := a.session().Do(ctx, call)
				if err != nil {
					t.Fatal(err)
				}
				if body, err := io.ReadAll(reply.Body); err != nil || call.Method == "POST" && !strings.Contains(string(body), "ä b") {
					t.Errorf("%q %v", body, err)
				}
				_ = reply.Body.Close()
			}
			if n := len(sim.Seen("acme")); n != c.calls {
				t.Errorf("%d requests, want %d", n, c.calls)
			}
			for _, e := range trace.Exchanges() {
				shown := fmt.Sprint(e.URL, e.RequestHeader)
				if e.Status == 200 && !strings.Contains(shown, "[redacted]") || strings.Contains(shown, "canary") || strings.Contains(shown, "Signature") {
					t.Errorf("shown: %s", shown)
				}
			}
			if _, err := a.read(connector.Call{Purpose: "list", Method: "GET", Path: "open", Auth: new(connector.Auth)}); err != nil {
				t.Errorf("a request that signs nothing: %v", err)
			}
			a.acct.Credentials["key"], a.acct.Credentials["session"], a.acct.Credentials["id"] = secret.New("wrong-key-0123"), secret.New("wrong-session"), secret.New(theID+"x")
			a.fails(query, problem.NeedsReauth)
			if st := a.states.Get("acct-1").Status; st != account.NeedsReauth {
				t.Errorf("the account is %s", st)
			}
		})
	}
}

func TestUnsignedCallSaysNothingAboutTheAccount(t *testing.T) {
	a := newAcme(t, answers(401, nil, ""), Config{}, keyAuth)
	if _, err := a.read(connector.Call{Purpose: "list", Method: "GET", Path: "x", Auth: new(connector.Auth)}); err == nil {
		t.Fatal("no error")
	}
	if st := a.states.Get("acct-1").Status; st != account.Active {
		t.Errorf("the account is %s", st)
	}
	if _, err := a.read(connector.Call{Purpose: "list", Method: "GET", URL: "https://elsewhere.example/x", Auth: new(connector.Auth)}); problem.From(err).Code != problem.EgressDenied {
		t.Errorf("a call that signs nothing leaves the account's host: %v", err)
	}
}

func TestAlternativesByCredentials(t *testing.T) {
	const auth = `auth: { headers: { X-Both: "${session}" }, any: [ { headers: { X-Key: "${key}" } }, { basic: { username: "${id}", password: "${session}" } } ] }`
	for _, c := range []struct {
		name string
		have []string
		want string // key, user, both
	}{
		{"the first", []string{"key", "id"}, "canary-key-0123456789  "},
		{"the second, its optional half left out", []string{"id"}, " canary-id-0123456789: "},
		{"the second, whole", []string{"id", "session"}, " canary-id-0123456789:the-session the-session"},
		{"none", []string{"session"}, "the call can't be signed: the account has the credentials of no alternative: it takes key, or id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var heardText string
			a := newAcme(t, nil, Config{}, keyAuth)
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				user, password, ok := r.BasicAuth()
				if ok {
					user += ":"
				}
				heardText = strings.Join([]string{r.Header.Get("X-Key"), user + password, r.Header.Get("X-Both")}, " ")
			}))
			defer server.Close()
			a.acct.Context["base_url"] = server.URL
			a.conn = parseWith(t, auth)
			all := map[string]string{"id": theID, "key": theKey, "session": "the-session"}
			a.acct.Credentials = map[string]secret.Value{}
			for _, name := range c.have {
				a.acct.Credentials[name] = secret.New(all[name])
			}
			_, err := a.read(get("usage"))
			if err != nil {
				heardText = wants(t, err, problem.AccountMisconfig, "").Message
			}
			if heardText != c.want {
				t.Errorf("heard %q, want %q", heardText, c.want)
			}
		})
	}
}

func TestCredentialsThatNothingCarries(t *testing.T) {
	for _, c := range []struct{ name, auth, id string }{
		{"a header", `auth: { headers: { X: "${id}" } }`, "a\nb"},
		{"a cookie", cookieAuth, "a;b"},
		{"a cookie with a space", cookieAuth, "a b"},
		{"sigv4", sigv4Auth, "a\nb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, sim := newSimulated(t, map[string]string{"key": theKey}, `{ X: "{key}" }`, c.auth)
			a.acct.Credentials["id"] = secret.New(c.id)
			a.fails(get("usage"), problem.AccountMisconfig)
			if len(sim.Seen("acme")) > 0 {
				t.Error("it was called")
			}
		})
	}
}
