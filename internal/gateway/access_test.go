package gateway_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func TestWithoutAGoodTokenNothingIsSaid(t *testing.T) {
	h := newHouse(t)
	for name, header := range map[string]string{
		"no header": "", "another scheme": "Basic " + everyone, "no token": "Bearer", "an empty token": "Bearer ", "a wrong token": "Bearer wrong-token-of-sixteen",
		"a token's beginning": "Bearer " + everyone[:len(everyone)-1], "a token and more": "Bearer " + everyone + "x", "two tokens": "Bearer " + everyone + " " + everyone,
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range gatewayRoutes() {
				if r.Public {
					continue
				}
				got := h.ask(t, http.MethodGet, fill(r.Path), "", func(q *http.Request) {
					if header != "" {
						q.Header.Set("Authorization", header)
					}
				})
				if got.status != http.StatusUnauthorized {
					t.Fatalf("%s answered %d", r.Path, got.status)
				}
				if p := got.problem(t); p.Code != "unauthorized" || p.Remote != nil {
					t.Errorf("%s: %s", r.Path, got.body)
				}
				if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s: WWW-Authenticate %q", r.Path, got.header.Get("WWW-Authenticate"))
				}
			}
		})
	}
	if asked := h.provider.asked(); len(asked) > 0 {
		t.Errorf("the provider was asked %v", asked)
	}
}

func TestAGoodTokenIsReadLeniently(t *testing.T) {
	h := newHouse(t)
	for name, header := range map[string]string{"plain": "Bearer " + everyone, "lower case": "bearer " + everyone, "spaces": "Bearer   " + everyone + " "} {
		t.Run(name, func(t *testing.T) {
			got := h.ask(t, http.MethodGet, "/integrated-account", "", func(q *http.Request) { q.Header.Set("Authorization", header) })
			if got.status != http.StatusOK {
				t.Fatalf("answered %d: %s", got.status, got.body)
			}
		})
	}
}

// matrix is who gets what on each route, asked for acme-1. A route that is not here fails the test.
var matrix = map[string]struct{ nobody, stranger, other, tenant, reader, everyone int }{
	"/unified/:model/:resource":                         {401, 404, 404, 200, 200, 200},
	"/unified/:model/:resource/:id":                     {401, 404, 404, 200, 200, 200},
	"/unified/:model/:resource/meta/:method":            {401, 404, 404, 200, 200, 200},
	"/unified/:model/:resource/:connector/meta/:method": {401, 200, 200, 200, 200, 200}, // of the installation, of nobody's account
	"/proxy/:resource":                                  {401, 404, 404, 200, 200, 200},
	"/proxy/:resource/:id":                              {401, 404, 404, 200, 200, 200},
	"/custom/*":                                         {401, 404, 404, 200, 200, 200},
	"/integrated-account":                               {401, 200, 200, 200, 200, 200}, // each its own
	"/integrated-account/:id":                           {401, 404, 404, 200, 200, 200},
	"/integrated-account/:id/capabilities":              {401, 404, 404, 200, 200, 200},
	"/metrics":                                          {401, 200, 200, 200, 200, 200},
	"/healthz":                                          {200, 200, 200, 200, 200, 200},
	"/readyz":                                           {200, 200, 200, 200, 200, 200},
	"/openapi.json":                                     {200, 200, 200, 200, 200, 200},
	"/docs":                                             {200, 200, 200, 200, 200, 200},
	"/docs/*":                                           {200, 200, 200, 200, 200, 200},
	"/":                                                 {302, 302, 302, 302, 302, 302},
}

func TestEachRouteAnswersEachCallerAsItShould(t *testing.T) {
	h := newHouse(t)
	for _, r := range gatewayRoutes() {
		want, ok := matrix[r.Path]
		if !ok {
			t.Errorf("who may call %s stands nowhere", r.Path)
			continue
		}
		for _, c := range []struct {
			name, token string
			want        int
		}{{"nobody", "", want.nobody}, {"stranger", stranger, want.stranger}, {"other", other, want.other}, {"tenant", tenant, want.tenant}, {"reader", reader, want.reader}, {"everyone", everyone, want.everyone}} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				got := h.ask(t, method, fill(r.Path), c.token)
				if got.status != c.want {
					t.Errorf("%s %s for %s: %d, want %d: %s", method, r.Path, c.name, got.status, c.want, got.body)
				}
				if method == http.MethodHead && len(got.body) > 0 {
					t.Errorf("HEAD %s has a body", r.Path)
				}
			}
		}
	}
	for path := range matrix {
		if !contains(gatewayRoutes(), path) {
			t.Errorf("%s is no route", path)
		}
	}
}

func TestWritesNeedTheRight(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/proxy/invoices", "/proxy/invoices/1", "/custom/v2/things"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			target := path + "?integrated_account_id=acme-1"
			h.provider.asked()
			if got := h.ask(t, method, target, reader); got.status != http.StatusForbidden || got.problem(t).Code != "write_forbidden" {
				t.Errorf("%s %s for a reader: %d %s", method, path, got.status, got.body)
			}
			if asked := h.provider.asked(); len(asked) > 0 {
				t.Errorf("%s %s for a reader reached the provider: %v", method, path, asked)
			}
			if got := h.ask(t, method, target, everyone); got.status != http.StatusOK || !strings.Contains(string(got.body), method) {
				t.Errorf("%s %s for a writer: %d %s", method, path, got.status, got.body)
			}
		}
	}
}

// What another token's account is answered with must not tell that there is one.
func TestAForeignAccountIsAnsweredLikeAnUnknownOne(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{
		"/unified/usage-metering/usage?integrated_account_id=ID", "/unified/usage-metering/workspaces/w1?integrated_account_id=ID", "/unified/usage-metering/usage/meta/list?integrated_account_id=ID",
		"/proxy/invoices?integrated_account_id=ID", "/custom/x?integrated_account_id=ID", "/integrated-account/ID", "/integrated-account/ID/capabilities",
	} {
		asOne := func(id string) []byte {
			got := h.ask(t, http.MethodGet, strings.Replace(path, "ID", id, 1), other)
			if got.status != http.StatusNotFound || got.problem(t).Code != "account_not_found" {
				t.Errorf("%s of %s: %d %s", path, id, got.status, got.body)
			}
			body := bytes.ReplaceAll(got.body, []byte(got.header.Get("X-Request-Id")), []byte("ID"))
			return bytes.ReplaceAll(body, []byte(id), []byte("ACCOUNT"))
		}
		if foreign, unknown := asOne("acme-1"), asOne("acme-9"); !bytes.Equal(foreign, unknown) {
			t.Errorf("%s: a foreign account\n%s\nan unknown one\n%s", path, foreign, unknown)
		}
	}
	if asked := h.provider.asked(); len(asked) > 0 {
		t.Errorf("the provider was asked %v", asked)
	}
}

func TestATokenBoundToOneAccountNeedNotNameIt(t *testing.T) {
	h := newHouse(t)
	if got := h.ask(t, http.MethodGet, "/unified/usage-metering/workspaces", reader); got.status != http.StatusOK {
		t.Errorf("bound to one: %d %s", got.status, got.body)
	}
	for name, token := range map[string]string{"all": everyone, "a tenant's": tenant, "none": stranger} {
		if got := h.ask(t, http.MethodGet, "/unified/usage-metering/workspaces", token); got.status != http.StatusBadRequest || got.problem(t).Code != "missing_parameter" {
			t.Errorf("a token of %s: %d %s", name, got.status, got.body)
		}
	}
}

func TestAccountsAreListedToThoseWhoMaySeeThem(t *testing.T) {
	h := newHouse(t)
	for token, want := range map[string]int{everyone: 2, reader: 1, tenant: 1, other: 1, stranger: 0} {
		got := h.ask(t, http.MethodGet, "/integrated-account", token)
		if n := bytes.Count(got.body, []byte(`"connector":"acme"`)); n != want {
			t.Errorf("%s sees %d accounts: %s", token, n, got.body)
		}
		if bytes.Contains(got.body, []byte("api_key")) {
			t.Errorf("credentials in %s", got.body)
		}
	}
}
