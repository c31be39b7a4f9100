package gateway_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/internal/principal"
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
				got := h.ask(t, r.Methods[0], fill(r.Path), "", func(q *http.Request) {
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

// matrix is who gets what on each route, asked for acme-1. GET stands for HEAD too, ANY for every other method that the
// route has. A route or method that is not here fails the test.
const matrix = `
                                                         nobody wrong cut expired revoked orphan stranger other tenant reader narrow table passer minted everyone
GET  /unified/:model/:resource                              401   401 401     401     401    401      404   404    200    200    200   403    403    200      200
GET  /unified/:model/:resource/:id                          401   401 401     401     401    401      404   404    200    200    200   403    403    200      200
GET  /unified/:model/:resource/meta/:method                 401   401 401     401     401    401      404   404    200    200    200   200    200    200      200
GET  /unified/:model/:resource/:connector/meta/:method      401   401 401     401     401    401      200   200    200    200    200   200    200    200      200
GET  /proxy/:resource                                       401   401 401     401     401    401      404   404    200    200    403   403    200    200      200
ANY  /proxy/:resource                                       401   401 401     401     401    401      404   404    403    403    403   403    403    200      200
GET  /proxy/:resource/:id                                   401   401 401     401     401    401      404   404    200    200    403   403    200    200      200
ANY  /proxy/:resource/:id                                   401   401 401     401     401    401      404   404    403    403    403   403    403    200      200
GET  /custom/*                                              401   401 401     401     401    401      404   404    200    200    403   403    200    200      200
ANY  /custom/*                                              401   401 401     401     401    401      404   404    403    403    403   403    403    200      200
GET  /integrated-account                                    401   401 401     401     401    401      200   200    200    200    200   200    200    200      200
GET  /integrated-account/:id                                401   401 401     401     401    401      404   404    200    200    200   200    200    200      200
GET  /integrated-account/:id/capabilities                   401   401 401     401     401    401      404   404    200    200    200   200    200    200      200
ANY  /integrated-account/:id/token                          401   401 401     401     401    401      404   404    201    201    201   201    201    403      201
GET  /metrics                                               401   401 401     401     401    401      200   200    200    200    403   200    200    403      200
GET  /healthz                                               200   200 200     200     200    200      200   200    200    200    200   200    200    200      200
GET  /readyz                                                200   200 200     200     200    200      200   200    200    200    200   200    200    200      200
GET  /openapi.json                                          200   200 200     200     200    200      200   200    200    200    200   200    200    200      200
GET  /docs                                                  200   200 200     200     200    200      200   200    200    200    200   200    200    200      200
GET  /docs/*                                                200   200 200     200     200    200      200   200    200    200    200   200    200    200      200
GET  /                                                      302   302 302     302     302    302      302   302    302    302    302   302    302    302      302
`

// callers are the columns of the matrix.
func callers(t *testing.T, h *house) map[string]string {
	orphan := h.mint(t, revoked, "acme-1", `{"write":true}`)
	minted := h.mint(t, everyone, "acme-1", `{"write":true}`)
	h.revoke(t)
	return map[string]string{
		"nobody": "", "wrong": "wrong-token-of-sixteen", "cut": principal.NewToken()[:50], "expired": expired, "revoked": revoked, "orphan": orphan,
		"stranger": stranger, "other": other, "tenant": tenant, "reader": reader, "narrow": narrow, "table": table, "passer": passer, "minted": minted, "everyone": everyone,
	}
}

func TestEachRouteAnswersEachCallerAsItShould(t *testing.T) {
	h := newHouse(t)
	tokens, rows := callers(t, h), strings.Split(strings.TrimSpace(matrix), "\n")
	columns, stated := strings.Fields(rows[0]), map[string]bool{}
	if len(columns) != len(tokens) {
		t.Fatalf("%d columns for %d callers", len(columns), len(tokens))
	}
	for _, row := range rows[1:] {
		cells := strings.Fields(row)
		at := slices.IndexFunc(gatewayRoutes(), func(r gateway.RouteInfo) bool { return r.Path == cells[1] })
		if at < 0 || len(cells) != 2+len(columns) {
			t.Errorf("no row for a route: %s", row)
			continue
		}
		r := gatewayRoutes()[at]
		for _, method := range r.Methods {
			if reads := method == http.MethodGet || method == http.MethodHead; reads != (cells[0] == "GET") {
				continue
			}
			stated[method+" "+r.Path] = true
			for i, caller := range columns {
				got := h.ask(t, method, fill(r.Path), tokens[caller])
				if want := cells[2+i]; strconv.Itoa(got.status) != want {
					t.Errorf("%s %s for %s: %d, want %s: %s", method, r.Path, caller, got.status, want, got.body)
				}
				if method == http.MethodHead && len(got.body) > 0 {
					t.Errorf("HEAD %s has a body", r.Path)
				}
				if got.status == http.StatusUnauthorized && !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s %s for %s: WWW-Authenticate %q", method, r.Path, caller, got.header.Get("WWW-Authenticate"))
				}
			}
		}
	}
	for _, r := range gatewayRoutes() {
		for _, method := range r.Methods {
			if !stated[method+" "+r.Path] {
				t.Errorf("who may %s %s stands nowhere", method, r.Path)
			}
		}
	}
}

// A method that a route has not is refused whoever asks, before anything is asked of anybody.
func TestNoRouteHasMoreMethodsThanTheTableSays(t *testing.T) {
	h := newHouse(t)
	for _, r := range gatewayRoutes() {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "PROPFIND"} {
			if slices.Contains(r.Methods, method) {
				continue
			}
			if got := h.ask(t, method, fill(r.Path), everyone); got.status != http.StatusMethodNotAllowed && !(method == http.MethodOptions && got.status == http.StatusNoContent) {
				t.Errorf("%s %s: %d", method, r.Path, got.status)
			}
		}
	}
	if asked := h.provider.asked(); len(asked) > 0 {
		t.Errorf("the provider was asked %v", asked)
	}
}

// Why a caller was refused is said by the code.
func TestARefusalSaysWhatIsMissing(t *testing.T) {
	h := newHouse(t)
	tokens := callers(t, h)
	const of = "?integrated_account_id=acme-1"
	for _, c := range []struct{ caller, method, target, want string }{
		{"nobody", "GET", "/integrated-account", "unauthorized"}, {"wrong", "GET", "/integrated-account", "unauthorized"}, {"revoked", "GET", "/integrated-account", "unauthorized"},
		{"orphan", "GET", "/integrated-account", "unauthorized"}, {"cut", "GET", "/integrated-account", "token_malformed"}, {"expired", "GET", "/integrated-account", "token_expired"},
		{"reader", "POST", "/custom/x" + of, "write_forbidden"}, {"narrow", "GET", "/custom/x" + of, "resource_forbidden"}, {"narrow", "GET", "/unified/usage-metering/usage" + of, "resource_forbidden"},
		{"narrow", "GET", "/unified/usage-metering/usage/meta/list" + of, "resource_forbidden"}, {"narrow", "GET", "/unified/usage-metering/usage/acme/meta/list", "resource_forbidden"}, {"narrow", "GET", "/metrics", "resource_forbidden"},
		{"passer", "GET", "/unified/usage-metering/usage" + of + "&truto_response_format=raw", "format_forbidden"}, {"passer", "GET", "/proxy/invoices" + of + "&truto_response_format=debug", "format_forbidden"},
		{"table", "GET", "/unified/usage-metering/usage" + of, "format_forbidden"}, {"minted", "POST", "/integrated-account/acme-1/token", "mint_forbidden"},
	} {
		if got := h.ask(t, c.method, c.target, tokens[c.caller]); got.problem(t).Code != c.want {
			t.Errorf("%s %s for %s: %s", c.method, c.target, c.caller, got.body)
		}
	}
	if asked := h.provider.asked(); len(asked) > 0 {
		t.Errorf("the provider was asked %v", asked)
	}
}

// Each format is a grant of its own, however it is asked for.
func TestFormatsAreGrantedOneByOne(t *testing.T) {
	h := newHouse(t)
	asks := map[string]string{"unified": "", "normalized": "normalized", "stream": "stream", "raw": "raw", "debug": "debug", "csv": "text/csv"}
	for _, granted := range []string{"unified", "normalized", "stream", "csv", "raw", "debug", "remote_data", "passthrough"} {
		token := h.mint(t, everyone, "acme-1", `{"formats":["`+granted+`"]}`)
		for format, ask := range asks {
			target := "/unified/usage-metering/usage?integrated_account_id=acme-1"
			if format != "csv" {
				target += "&truto_response_format=" + ask
			}
			got := h.ask(t, http.MethodGet, target, token, func(r *http.Request) {
				if format == "csv" {
					r.Header.Set("Accept", ask)
				}
			})
			if want := format == granted; (got.status == http.StatusOK) != want || !want && got.problem(t).Code != "format_forbidden" {
				t.Errorf("%s with a grant of %s: %d %s", format, granted, got.status, got.body)
			}
			if got.status == http.StatusOK && format != "raw" && format != "debug" && bytes.Contains(got.body, []byte(`"remote_data"`)) {
				t.Errorf("%s without a grant of remote_data has it: %s", format, got.body)
			}
		}
		got := h.ask(t, http.MethodGet, "/unified/usage-metering/usage?integrated_account_id=acme-1", token, func(r *http.Request) { r.Header.Set("Accept", "text/event-stream") })
		if (got.status == http.StatusOK) != (granted == "stream") {
			t.Errorf("events with a grant of %s: %d", granted, got.status)
		}
	}
	for _, accept := range []string{"text/csv", "application/x-ndjson"} { // which a single object never is
		if got := h.ask(t, http.MethodGet, "/unified/usage-metering/workspaces/w1?integrated_account_id=acme-1", table, func(r *http.Request) { r.Header.Set("Accept", accept) }); got.status != http.StatusForbidden {
			t.Errorf("one object as %s with a grant of csv: %d %s", accept, got.status, got.body)
		}
	}
	both := h.mint(t, everyone, "acme-1", `{"formats":["unified","remote_data"]}`)
	if got := h.ask(t, http.MethodGet, "/unified/usage-metering/usage?integrated_account_id=acme-1", both); !bytes.Contains(got.body, []byte(`"remote_data"`)) {
		t.Errorf("with both grants: %s", got.body)
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

// ofNoAccount are the routes behind a token that are about no one account.
var ofNoAccount = []string{"/unified/:model/:resource/:connector/meta/:method", "/integrated-account", "/metrics"}

// What another token's account is answered with must not tell that there is one: neither in the body nor in a header.
func TestAForeignAccountIsAnsweredLikeAnUnknownOne(t *testing.T) {
	h := newHouse(t)
	minted := h.mint(t, everyone, "acme-1", `{"write":true}`) // of acme-1
	for _, c := range []struct{ foreign, token string }{{"acme-1", other}, {"acme-1", stranger}, {"acme-2", tenant}, {"acme-2", reader}, {"acme-2", minted}} {
		for _, r := range gatewayRoutes() {
			target := strings.Replace(fill(r.Path), "acme-1", "ID", 1)
			if r.Public || slices.Contains(ofNoAccount, r.Path) {
				continue
			}
			for _, method := range r.Methods {
				asOne := func(id string) string {
					got := h.ask(t, method, strings.Replace(target, "ID", id, 1), c.token)
					if got.status != http.StatusNotFound || method != http.MethodHead && got.problem(t).Code != "account_not_found" {
						t.Errorf("%s %s of %s: %d %s", method, target, id, got.status, got.body)
					}
					body := strings.ReplaceAll(string(got.body), got.header.Get("X-Request-Id"), "REQUEST")
					for _, own := range []string{"X-Request-Id", "Date"} {
						got.header.Del(own)
					}
					return strings.ReplaceAll(fmt.Sprintf("%s\n%v", body, got.header), id, "ACCOUNT")
				}
				if foreign, unknown := asOne(c.foreign), asOne("acme-9"); foreign != unknown {
					t.Errorf("%s %s: a foreign account\n%s\nan unknown one\n%s", method, target, foreign, unknown)
				}
			}
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
