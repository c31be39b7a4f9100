package gateway_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const (
	alice = "alice-administers-the-gateway"
	bob   = "bob-administers-it-too-but-no"
)

// estate is a gateway whose accounts live in a database, with both its surfaces.
type estate struct {
	data, admin house
	config      *config.Config
	base        string // of the provider
	provider    *provider
	store       string // the address of the database
	built       *assembly.House
}

// flush waits until what was asked so far is in the request log.
func (e *estate) flush(t *testing.T) {
	t.Helper()
	if err := e.built.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) { databasetest.Main(m) }

func newEstate(t *testing.T) *estate {
	t.Helper()
	return newEstateAt(t, databasetest.SQLite(t))
}

func newEstateAt(t *testing.T, address string) *estate {
	t.Helper()
	e := &estate{provider: new(provider)}
	upstream := httptest.NewServer(e.provider)
	t.Cleanup(upstream.Close)
	cfg := config.Default()
	cfg.Connectors.Dir, cfg.Mappings.Dir, cfg.Egress.Allow = "testdata/house/connectors", "testdata/house/mappings", assembly.Loopback
	e.store = address
	cfg.Accounts.Store = secret.New(address)
	cfg.SecretKeys = []secret.Value{secret.New(strings.Repeat("k", config.KeyBytes))}
	cfg.Auth.Tokens = []config.Token{config.NewToken("everyone", secret.New(everyone), []string{"*"}, true), config.NewToken("tenant", secret.New(tenant), []string{"tenant:north"}, false)}
	cfg.Admin.Tokens = []config.Token{config.NewToken("alice", secret.New(alice), nil, false)}
	built, err := assembly.Build(cfg, assembly.Options{Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { built.Close() })
	e.built = built
	e.base, e.config = upstream.URL+"/v1", cfg
	e.data = house{url: serve(t, built), client: http.DefaultClient}
	e.admin = house{url: serve(t, built.Admin), client: http.DefaultClient}
	return e
}

// do sends a body as alice, and wants a status.
func (e *estate) do(t *testing.T, status int, method, target, body string) reply {
	t.Helper()
	got := e.admin.ask(t, method, target, alice, func(r *http.Request) {
		if body != "" {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.ReplaceAll(body, "BASE", e.base))), -1
		}
	})
	if got.status != status {
		t.Fatalf("%s %s %s: %d, want %d: %s", method, target, body, got.status, status, got.body)
	}
	return got
}

// view is an account as it is answered.
type view struct {
	ID          string
	Status      string
	TenantID    *string `json:"tenant_id"`
	LastError   *string `json:"last_error"`
	Context     map[string]any
	Credentials []string
	CreatedAt   *string `json:"created_at"`
}

func (r reply) view(t *testing.T) view {
	t.Helper()
	var v view
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%s: %v", r.body, err)
	}
	return v
}

const first = `{"id": "first", "connector": "acme", "tenant_id": "north", "context": {"base_url": "BASE"}, "credentials": {"api_key": "key"}}`

func TestTheAdminSurfaceOpensToItsOwnTokensAlone(t *testing.T) {
	e := newEstate(t)
	e.do(t, 201, "POST", "/integrated-account", first)
	var m struct{ Token string }
	if got := e.data.ask(t, "POST", "/integrated-account/first/token", everyone); json.Unmarshal(got.body, &m) != nil || m.Token == "" {
		t.Fatalf("minting: %d %s", got.status, got.body)
	}
	minted, stored := m.Token, e.make(t, `{"name": "app", "accounts": ["*"], "write": true}`).Token
	document := e.do(t, 200, "GET", "/openapi.json", "")
	var table struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(document.body, &table); err != nil || len(table.Paths) < 6 {
		t.Fatalf("%d paths, %v", len(table.Paths), err)
	}
	callers := map[string]string{"nobody": "", "a stranger": bob, "a cut one": principal.NewToken()[:50], "a token of the data surface": everyone, "a tenant's": tenant, "one that it minted": minted, "one that was made here": stored}
	for path, methods := range table.Paths {
		target := strings.NewReplacer("{id}", "first").Replace(path)
		for method := range methods {
			if path == "/healthz" {
				continue
			}
			for name, token := range callers {
				if got := e.admin.ask(t, strings.ToUpper(method), target, token); got.status != 401 || !strings.Contains(got.problem(t).Message, "admin.tokens") {
					t.Errorf("%s %s for %s: %d %s", method, path, name, got.status, got.body)
				}
			}
		}
	}
	if got := e.admin.ask(t, "GET", "/healthz", ""); got.status != 200 {
		t.Errorf("/healthz: %d", got.status)
	}
	if got := e.data.ask(t, "GET", "/integrated-account", alice); got.status != 401 {
		t.Errorf("an operator's token on the data surface: %d", got.status)
	}
	for _, method := range []string{"POST", "PATCH", "DELETE"} {
		if got := e.data.ask(t, method, "/integrated-account/first", everyone); got.status != 405 {
			t.Errorf("%s on the data surface: %d", method, got.status)
		}
	}
}

func TestAnAccountsLife(t *testing.T) {
	e := newEstate(t)
	made := e.do(t, 201, "POST", "/integrated-account", first)
	if v := made.view(t); v.Status != "active" || v.CreatedAt == nil || v.LastError != nil || *v.TenantID != "north" || strings.Join(v.Credentials, " ") != "api_key" {
		t.Errorf("made: %s", made.body)
	}
	if got := e.data.ask(t, "GET", "/unified/usage-metering/usage?integrated_account_id=first&start_date=2026-09-01&end_date=2026-09-30", tenant); got.status != 200 || !bytes.Contains(got.body, []byte("123.4567890123456789")) {
		t.Errorf("it is not served: %d %s", got.status, got.body)
	}
	e.do(t, 409, "POST", "/integrated-account", first)
	if v := e.do(t, 201, "POST", "/integrated-account", `{"connector": "acme", "context": {"base_url": "BASE"}, "credentials": {"api_key": "wrong"}}`).view(t); v.ID == "" || v.Status != "validation_error" || v.LastError == nil {
		t.Errorf("one that the provider refuses: %+v", v)
	}
	if v := e.do(t, 201, "POST", "/integrated-account", `{"connector": "acme", "context": {"base_url": "http://127.0.0.1:1"}, "credentials": {"api_key": "key"}}`).view(t); v.Status != "connecting" || v.LastError == nil {
		t.Errorf("one whose provider can't be asked: %+v", v)
	}
	if v := e.do(t, 200, "PATCH", "/integrated-account/first", `{"credentials": {"api_key": "wrong"}}`).view(t); v.Status != "validation_error" {
		t.Errorf("wrong credentials: %+v", v)
	}
	if v := e.do(t, 200, "PATCH", "/integrated-account/first", `{"credentials": {"api_key": "key"}, "tenant_id": "south"}`).view(t); v.Status != "active" || *v.TenantID != "south" || v.Context["base_url"] != e.base {
		t.Errorf("the right ones again: %+v", v)
	}
	if got := e.data.ask(t, "GET", "/integrated-account/first", tenant); got.status != 404 {
		t.Errorf("its tenant of before sees it still: %d", got.status)
	}
	e.provider.asked()
	e.do(t, 200, "PATCH", "/integrated-account/first", `{"tenant_id": "north"}`)
	if asked := e.provider.asked(); len(asked) > 0 {
		t.Errorf("a change of the tenant asks the provider: %v", asked)
	}
	e.do(t, 200, "PATCH", "/integrated-account/first", `{"status": "blocked"}`)
	if got := e.data.ask(t, "GET", "/unified/usage-metering/usage?integrated_account_id=first", everyone); got.status != 403 || got.problem(t).Code != "account_blocked" {
		t.Errorf("a blocked one: %d %s", got.status, got.body)
	}
	if v := e.do(t, 200, "POST", "/integrated-account/first/check", "").view(t); v.Status != "blocked" {
		t.Errorf("a check lifts a block: %+v", v)
	}
	e.do(t, 200, "PATCH", "/integrated-account/first", `{"status": "active"}`)
	for _, got := range []reply{made, e.do(t, 200, "GET", "/integrated-account", ""), e.do(t, 200, "GET", "/integrated-account/first", "")} {
		if bytes.Contains(got.body, []byte(`"key"`)) || bytes.Contains(got.body, []byte("wrong")) {
			t.Errorf("a secret came back: %s", got.body)
		}
	}
	if got := e.do(t, 204, "DELETE", "/integrated-account/first", ""); len(got.body) > 0 {
		t.Errorf("DELETE answers %s", got.body)
	}
	e.do(t, 404, "DELETE", "/integrated-account/first", "")
	e.do(t, 404, "PATCH", "/integrated-account/first", `{}`)
	if got := e.data.ask(t, "GET", "/integrated-account/first", everyone); got.status != 404 {
		t.Errorf("a removed one: %d", got.status)
	}
}

func TestWhatIsWrongWithAnAccountIsNamed(t *testing.T) {
	e := newEstate(t)
	e.do(t, 201, "POST", "/integrated-account", first)
	for name, c := range map[string]struct{ method, body, field, says string }{
		"no JSON":               {"POST", `{"id"`, "", "ends too early"},
		"no object":             {"POST", `[]`, "", "the body is an array; it is an object"},
		"two of them":           {"POST", `{} {}`, "", "more than one"},
		"nothing":               {"POST", ``, "", "the body is missing"},
		"an unknown field":      {"POST", `{"conector": "canary"}`, "conector", `the nearest is "connector"`},
		"no connector":          {"POST", `{"id": "x"}`, "connector", "connector is missing"},
		"an unknown connector":  {"POST", `{"connector": "acne"}`, "connector", `the nearest is "acme"`},
		"an id that is a grant": {"POST", `{"connector": "acme", "id": "tenant:x"}`, "id", "must not be *"},
		"an id too long":        {"POST", `{"connector": "acme", "id": "` + strings.Repeat("x", 201) + `"}`, "id", "longer than 200"},
		"a missing credential":  {"POST", `{"connector": "acme"}`, "credentials", "the credential api_key"},
		"an unknown one":        {"POST", `{"connector": "acme", "credentials": {"api_key": "canary", "apikey": "canary"}}`, "credentials.apikey", "the nearest is api_key"},
		"one that is no text":   {"POST", `{"connector": "acme", "credentials": {"api_key": 7}}`, "credentials", "wants text, not a number"},
		"context of a type":     {"POST", `{"connector": "acme", "context": {"base_url": ["x"]}, "credentials": {"api_key": "canary"}}`, "context.base_url", "wanted is a string"},
		"context that is none":  {"POST", `{"connector": "acme", "context": "x", "credentials": {"api_key": "canary"}}`, "context", "wants an object"},
		"an address":            {"POST", `{"connector": "acme", "context": {"base_url": "ftp://x"}, "credentials": {"api_key": "canary"}}`, "context.base_url", "https://"},
		"overrides":             {"POST", `{"connector": "acme", "context": {"base_url": "BASE"}, "credentials": {"api_key": "canary"}, "overrides": {"mappings": {"usage": "{metric_name: now}"}}}`, "overrides.mappings.usage", "1:15: clock"},
		"a status of theirs":    {"PATCH", `{"status": "needs_reauth"}`, "status", "active or blocked"},
		"another connector":     {"PATCH", `{"connector": "acme"}`, "connector", "there is no field"},
		"credentials taken out": {"PATCH", `{"credentials": {"api_key": null}}`, "credentials", "is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			target := "/integrated-account"
			if c.method == "PATCH" {
				target += "/first"
			}
			got := e.do(t, 400, c.method, target, c.body)
			p := got.problem(t)
			if p.Code != "invalid_body" || !strings.Contains(string(got.body), c.says) && !strings.Contains(p.Message, c.says) {
				t.Errorf("%s, want %s", got.body, c.says)
			}
			if field, _ := p.Details["parameter"].(string); field != c.field {
				t.Errorf("the field is %q, want %q", field, c.field)
			}
			if bytes.Contains(got.body, []byte("canary")) {
				t.Errorf("a value that may be a secret came back: %s", got.body)
			}
		})
	}
	if got := e.do(t, 200, "GET", "/integrated-account", ""); !bytes.Contains(got.body, []byte(`"result_count":1`)) {
		t.Errorf("what was refused is there: %s", got.body)
	}
	large := `{"connector": "` + strings.Repeat("x", 256<<10) + `"}`
	e.do(t, 413, "POST", "/integrated-account", large)
	e.do(t, 400, "POST", "/integrated-account", large[:256<<10-2]+`"}`)
	if p := e.do(t, 400, "GET", "/integrated-account?tennant_id=x", "").problem(t); p.Code != "unknown_parameter" {
		t.Errorf("an unknown parameter: %+v", p)
	}
}

// A database that is lost takes no change and hurts no account that was used lately.
func TestWithoutItsDatabaseAGatewayServesOn(t *testing.T) {
	e := newEstateAt(t, databasetest.Postgres(t))
	e.do(t, 201, "POST", "/integrated-account", first)
	const usage = "/unified/usage-metering/usage?start_date=2026-09-01&end_date=2026-09-30&integrated_account_id="
	if got := e.data.ask(t, "GET", usage+"first", everyone); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	server := databasetest.Start(t)
	server.Stop()
	for name, got := range map[string]reply{
		"a new one":               e.do(t, 503, "POST", "/integrated-account", strings.Replace(first, `"first"`, `"second"`, 1)),
		"a change":                e.do(t, 503, "PATCH", "/integrated-account/first", `{"tenant_id": "south"}`),
		"a removal":               e.do(t, 503, "DELETE", "/integrated-account/first", ""),
		"a list":                  e.do(t, 503, "GET", "/integrated-account", ""),
		"one that is not known":   e.do(t, 503, "GET", "/integrated-account/second", ""),
		"data of one, not known":  e.data.ask(t, "GET", usage+"second", everyone),
		"a list of the data side": e.data.ask(t, "GET", "/integrated-account", everyone),
	} {
		if p := got.problem(t); got.status != 503 || p.Code != "store_unavailable" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := e.data.ask(t, "GET", usage+"first", everyone); got.status != 200 {
		t.Errorf("an account that is known: %d %s", got.status, got.body)
	}
	if got := e.data.ask(t, "GET", "/readyz", ""); got.status != 200 || !bytes.Contains(got.body, []byte(`"database":"down`)) {
		t.Errorf("/readyz: %d %s", got.status, got.body)
	}
	if err := server.Run(); err != nil {
		t.Fatal(err)
	}
	e.do(t, 200, "PATCH", "/integrated-account/first", `{"tenant_id": "south"}`)
}
