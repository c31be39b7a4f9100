package gateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/gateway"
)

func TestAnOrderForATokenIsReadStrictly(t *testing.T) {
	h := newHouse(t)
	long := func(n int) string { return `{"write":false}` + strings.Repeat(" ", n-len(`{"write":false}`)) }
	for _, c := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"nothing", "", 201, ""},
		{"an empty order", "{}", 201, ""},
		{"as long as may be", long(gateway.MaxOrder), 201, ""},
		{"one byte more", long(gateway.MaxOrder) + " x", 413, "request_too_large"},
		{"no JSON", "expires_in=5", 400, "invalid_body"},
		{"an unknown key", `{"accounts":["*"]}`, 400, "invalid_body"},
		{"another type", `{"write":"true"}`, 400, "invalid_body"},
		{"something behind it", `{} {}`, 400, "invalid_body"},
		{"too long a life", `{"expires_in":3601}`, 400, "invalid_body"},
		{"a life past all bounds", `{"expires_in":9223372036854775807}`, 400, "invalid_body"},
		{"a life of nothing", `{"expires_in":-1}`, 400, "invalid_body"},
		{"no such format", `{"formats":["pdf"]}`, 400, "invalid_body"},
		{"no format at all", `{"formats":[]}`, 400, "invalid_body"},
		{"wider than the minter", `{"write":true}`, 403, "write_forbidden"},
	} {
		got := h.ask(t, http.MethodPost, "/integrated-account/acme-1/token", reader, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(c.body)) })
		if got.status != c.status || c.code != "" && got.problem(t).Code != c.code {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
}

func TestAnAccountTokenIsShownOnceAndAsDocumented(t *testing.T) {
	h, schema := newHouse(t), documented(t)
	got := h.ask(t, http.MethodPost, "/integrated-account/acme-1/token", everyone, func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(`{"expires_in":60,"resources":["usage-metering/usage"],"formats":["unified"]}`))
	})
	conforms(t, schema("AccountToken"), "the token", got.body)
	if got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", got.header.Get("Cache-Control"))
	}
	var m struct {
		Token      string
		Expires_at time.Time
	}
	if err := json.Unmarshal(got.body, &m); err != nil || !m.Expires_at.Equal(today.Add(time.Minute)) {
		t.Fatalf("%s: %v", got.body, err)
	}
	// It is bound to its account, which it need not name, and to the resource.
	for target, want := range map[string]int{
		"/unified/usage-metering/usage": 200, "/unified/usage-metering/workspaces": 403, "/unified/usage-metering/usage?integrated_account_id=acme-2": 404, "/integrated-account/acme-2": 404,
	} {
		if got := h.ask(t, http.MethodGet, target, m.Token); got.status != want {
			t.Errorf("%s: %d, want %d: %s", target, got.status, want, got.body)
		}
	}
}

// A walk that one token began another one of the same account goes on with; a foreign one does not.
func TestACursorIsItsAccountsWhateverTheToken(t *testing.T) {
	h := newHouse(t)
	const page = "/unified/usage-metering/workspaces?limit=1&integrated_account_id="
	next := func(r reply) string {
		var l struct{ Next_cursor string }
		if err := json.Unmarshal(r.body, &l); err != nil || r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		return l.Next_cursor
	}
	cursor := next(h.ask(t, http.MethodGet, page+"acme-1", everyone))
	if cursor == "" {
		t.Fatal("the walk has one page")
	}
	minted := h.mint(t, reader, "acme-1", "")
	if got := h.ask(t, http.MethodGet, page+"acme-1&next_cursor="+cursor, minted); got.status != http.StatusOK {
		t.Errorf("an account token: %d %s", got.status, got.body)
	}
	altered := cursor[:len(cursor)-9] + "AAAAAAAAA"
	foreign, wrong := h.ask(t, http.MethodGet, page+"acme-2&next_cursor="+cursor, other), h.ask(t, http.MethodGet, page+"acme-2&next_cursor="+altered, other)
	for _, r := range []*reply{&foreign, &wrong} {
		r.body = []byte(strings.ReplaceAll(string(r.body), r.header.Get("X-Request-Id"), "ID"))
	}
	if foreign.status != http.StatusBadRequest || string(foreign.body) != string(wrong.body) {
		t.Errorf("of another account\n%d %s\naltered\n%d %s", foreign.status, foreign.body, wrong.status, wrong.body)
	}
}
