package upstream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	keyAuth   = `auth: { headers: { X-Api-Key: "${key}", X-App: "app ${id}" } }`
	basicAuth = `auth: { basic: { username: "${id}", password: "${key}" } }`
	queryAuth = `auth: { query: { api_key: "${key}", id: "${id}" } }`
	oauthAuth = `auth: { oauth2: { grant: client_credentials, token_url: "{{ .context.token_url }}", client_id: "${id}", client_secret: "${key}", send: basic } }`

	theKey = "canary-key-0123456789"
	theID  = "canary-id-0123456789"
)

// acme is a provider that a test scripts.
type acme struct {
	t      testing.TB
	url    string
	client *Client
	states *account.States
	acct   *account.Account
	conn   *connector.Connector
}

// newAcme serves h and gives an account of it, whose connector has the given auth and further lines of YAML.
func newAcme(t testing.TB, h http.HandlerFunc, cfg Config, auth string, yaml ...string) *acme {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return acmeAt(t, server.URL, cfg, auth, yaml...)
}

func acmeAt(t testing.TB, url string, cfg Config, auth string, yaml ...string) *acme {
	t.Helper()
	if cfg.Allow == nil {
		cfg.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	cfg.States = account.NewStates(nil)
	a := &acme{t: t, url: url, client: New(cfg), states: cfg.States, conn: parse(t, auth, yaml...)}
	t.Cleanup(a.client.CloseIdle)
	a.acct = &account.Account{ID: "acct-1", Connector: "acme", BaseURLSet: true, Context: map[string]any{"base_url": url, "token_url": url + "/token"},
		Credentials: map[string]secret.Value{"key": secret.New(theKey), "id": secret.New(theID)}}
	return a
}

func parse(t testing.TB, auth string, yaml ...string) *connector.Connector {
	t.Helper()
	text := `connector: acme
title: Acme
context: { base_url: { default: "https://api.acme.example" }, token_url: { default: "https://api.acme.example/token" }, scopes: { type: string } }
credentials: { key: { title: Key }, id: { title: Id } }
resources: { usage: { list: { get: /usage, items: data } } }
` + auth + "\n" + strings.Join(yaml, "\n")
	c, finds := connector.Parse("acme.yaml", []byte(text))
	if c == nil {
		t.Fatalf("the test's connector: %v\n%s", finds, text)
	}
	return c
}

func (a *acme) session() *Session {
	a.t.Helper()
	values, err := a.conn.ResolveContext(a.acct.Context)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.client.For(a.acct, a.conn, values)
}

func get(path string) connector.Call {
	return connector.Call{Purpose: "list", Method: "GET", Path: path}
}

// read makes a call and reads its whole body.
func (a *acme) read(call connector.Call) (string, error) {
	reply, err := a.session().Do(a.t.Context(), call)
	if err != nil {
		return "", err
	}
	defer func() { _ = reply.Body.Close() }()
	b, err := io.ReadAll(reply.Body)
	return string(b), err
}

// fails makes a call that has to end in a problem of this code.
func (a *acme) fails(call connector.Call, code problem.Code) *problem.Problem {
	a.t.Helper()
	body, err := a.read(call)
	return wants(a.t, err, code, body)
}

func wants(t testing.TB, err error, code problem.Code, about string) *problem.Problem {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s; got %.100q", code, about)
	}
	p := problem.From(err)
	if p.Code != code {
		t.Fatalf("code %s, want %s: %v", p.Code, code, err)
	}
	for _, s := range []string{theKey, theID} {
		if strings.Contains(string(p.Encode("r")), s) {
			t.Fatalf("a credential is in the problem: %s", p.Encode("r"))
		}
	}
	return p
}

// impatient are times that a test can wait for, apart enough from each other to tell them.
func impatient() Timeouts {
	return Timeouts{Dial: 2 * time.Second, TLS: 300 * time.Millisecond, Header: 300 * time.Millisecond, IdleBody: 300 * time.Millisecond, Token: 2 * time.Second}
}
