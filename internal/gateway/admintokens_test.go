package gateway_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// madeToken is the answer to who makes a token.
type madeToken struct {
	Token     string
	Principal struct {
		ID, Name  string
		CreatedAt string `json:"created_at"`
	}
}

// make makes a token as alice.
func (e *estate) make(t *testing.T, draft string) madeToken {
	t.Helper()
	var m madeToken
	if err := json.Unmarshal(e.do(t, 201, "POST", "/token", draft).body, &m); err != nil || !principal.Whole(m.Token) || m.Principal.ID == "" {
		t.Fatalf("%+v, %v", m, err)
	}
	return m
}

func TestATokensLife(t *testing.T) {
	e := newEstate(t)
	e.do(t, 201, "POST", "/integrated-account", first)
	const data = "/unified/usage-metering/workspaces?integrated_account_id=first"
	draft := `{"name": "app", "accounts": ["tenant:north"], "resources": ["usage-metering/workspaces"], "formats": ["unified"], "expires": "2126-01-31T12:00:00Z", "limit": {"rate": 100, "per": "24h"}}`
	made := e.make(t, draft)
	got := e.data.ask(t, "GET", data, made.Token)
	if got.status != 200 || got.header.Get("RateLimit-Policy") != `"token";q=100;w=86400` {
		t.Errorf("it is not served, or not by its limit: %d %s %v", got.status, got.body, got.header)
	}
	if strings.Contains(string(got.body), "remote_data") {
		t.Errorf("more than it is granted: %s", got.body)
	}
	for target, code := range map[string]string{
		"/unified/usage-metering/usage?integrated_account_id=first": "resource_forbidden", data + "&truto_response_format=raw": "format_forbidden", "/custom/x?integrated_account_id=first": "resource_forbidden",
	} {
		if got := e.data.ask(t, "GET", target, made.Token); got.problem(t).Code != code {
			t.Errorf("%s: %s", target, got.body)
		}
	}
	list := e.do(t, 200, "GET", "/token", "")
	if strings.Contains(string(list.body), made.Token) || !strings.Contains(string(list.body), made.Principal.ID) || !strings.Contains(string(list.body), `"per":"24h0m0s"`) {
		t.Errorf("the list: %s", list.body)
	}
	minted := e.data.mint(t, made.Token, "first", "")
	if got := e.data.ask(t, "GET", data, minted); got.status != 200 {
		t.Errorf("an account token of it: %d %s", got.status, got.body)
	}
	e.do(t, 409, "POST", "/token", draft)
	e.do(t, 204, "DELETE", "/token/"+made.Principal.ID, "")
	for name, token := range map[string]string{"revoked": made.Token, "its account token": minted} {
		if got := e.data.ask(t, "GET", data, token); got.status != 401 || got.problem(t).Code != "unauthorized" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	e.do(t, 404, "DELETE", "/token/"+made.Principal.ID, "")
	if list := e.do(t, 200, "GET", "/token", ""); !strings.Contains(string(list.body), `"result":[]`) {
		t.Errorf("the list: %s", list.body)
	}
}

// What one replica revokes ends in the other one, whose cache has it, within five seconds; and an account token with it.
func TestATokenEndsInEveryReplica(t *testing.T) {
	e := newEstate(t)
	e.do(t, 201, "POST", "/integrated-account", first)
	other, err := assembly.Build(e.config, assembly.Options{Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	replica := house{url: serve(t, other), client: http.DefaultClient}
	made := e.make(t, `{"name": "app", "accounts": ["*"]}`)
	minted := e.data.mint(t, made.Token, "first", "")
	for _, token := range []string{made.Token, minted} { // which opens there, too
		if got := replica.ask(t, "GET", "/integrated-account/first", token); got.status != 200 {
			t.Fatalf("the other replica: %d %s", got.status, got.body)
		}
	}
	e.do(t, 204, "DELETE", "/token/"+made.Principal.ID, "")
	for _, token := range []string{made.Token, minted} {
		if got := e.data.ask(t, "GET", "/integrated-account/first", token); got.status != 401 {
			t.Errorf("where it was revoked: %d", got.status)
		}
		for end := time.Now().Add(time.Minute); ; { // the bound itself is proven where time is not the machine's
			if got := replica.ask(t, "GET", "/integrated-account/first", token); got.status == 401 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("it never ends")
			}
		}
	}
}

func TestADraftOfATokenIsHeldToItsBounds(t *testing.T) {
	e := newEstate(t)
	list := func(n int) string { return `["` + strings.Repeat(`a","`, n-1) + `a"]` }
	for name, c := range map[string]struct {
		draft string
		field string // that is wrong; "": it is made
	}{
		"least":                 {`{"name": "least", "accounts": ["a"]}`, ""},
		"the longest name":      {`{"name": "` + strings.Repeat("n", 100) + `", "accounts": ["a"]}`, ""},
		"a byte more":           {`{"name": "` + strings.Repeat("n", 101) + `", "accounts": ["a"]}`, "name"},
		"no name":               {`{"accounts": ["a"]}`, "name"},
		"a name of two lines":   {`{"name": "a\nb", "accounts": ["a"]}`, "name"},
		"no accounts":           {`{"name": "x"}`, "accounts"},
		"as many accounts":      {`{"name": "many", "accounts": ` + list(100) + `}`, ""},
		"one more":              {`{"name": "x", "accounts": ` + list(101) + `}`, "accounts"},
		"an empty tenant":       {`{"name": "x", "accounts": ["tenant:"]}`, "accounts"},
		"a word that is none":   {`{"name": "x", "accounts": ["a"], "resources": ["usage"]}`, "resources"},
		"no format":             {`{"name": "x", "accounts": ["a"], "formats": []}`, "formats"},
		"an end that is none":   {`{"name": "x", "accounts": ["a"], "expires": "tomorrow"}`, "expires"},
		"an end in the past":    {`{"name": "x", "accounts": ["a"], "expires": "2020-01-01T00:00:00Z"}`, "expires"},
		"the highest rate":      {`{"name": "fast", "accounts": ["a"], "limit": {"rate": 1000000, "per": "24h"}}`, ""},
		"one more than that":    {`{"name": "x", "accounts": ["a"], "limit": {"rate": 1000001, "per": "1s"}}`, "limit"},
		"a period past a day":   {`{"name": "x", "accounts": ["a"], "limit": {"rate": 1, "per": "24h1ns"}}`, "limit"},
		"a rate without period": {`{"name": "x", "accounts": ["a"], "limit": {"rate": 1}}`, "limit"},
		"a token of one's own":  {`{"name": "x", "accounts": ["a"], "token": "umt_mine"}`, "token"},
	} {
		got := e.admin.ask(t, "POST", "/token", alice, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(c.draft)) })
		if c.field == "" && got.status != 201 || c.field != "" && (got.status != 400 || got.problem(t).Details["parameter"] != c.field) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// A gateway without a database has its tokens in its configuration, and says so.
func TestTokensOfTheConfigurationAreNotChangedOverHTTP(t *testing.T) {
	h := newHouse(t)
	next := *h.config
	next.Admin.Tokens = []config.Token{config.NewToken("alice", secret.New(alice), nil, false)}
	if err := h.built.Load(&next); err != nil {
		t.Fatal(err)
	}
	admin := house{url: serve(t, h.built.Admin), client: http.DefaultClient}
	for _, r := range []struct{ method, path string }{{"GET", "/token"}, {"POST", "/token"}, {"DELETE", "/token/x"}} {
		if got := admin.ask(t, r.method, r.path, alice); got.status != 409 || got.problem(t).Code != "token_read_only" {
			t.Errorf("%s %s: %d %s", r.method, r.path, got.status, got.body)
		}
	}
}
