package simulate

import (
	"slices"
	"strings"
	"testing"
)

func TestNoExchangeSaysWhy(t *testing.T) {
	cases := []struct{ name, method, path, body, want string }{
		{"another path", "GET", "/acme/v2/costs", "", `"method or path"`},
		{"another method", "DELETE", "/acme/v1/costs", "", `"method or path"`},
		{"a missing parameter", "GET", "/acme/v1/costs?start_date=2026-09-01", "", "query end_date: missing"},
		{"a bad date", "GET", costs("2026-9-1", "2026-10-01"), "", `query start_date: \"2026-9-1\" is not of the form 2006-01-02`},
		{"given twice", "GET", costs("2026-09-01", "2026-10-01") + "&end_date=2026-10-02", "", "query end_date: given 2 times"},
		{"an unknown page", "GET", costs("2026-09-01", "2026-10-01") + "&page_token=zz", "", "query page_token: belongs to another exchange"},
		{"an optional parameter with another value", "GET", "/acme/v1/regions/eu?page=2", "", `query page: \"2\" is not 1`},
		{"more than a strict pattern names", "GET", "/acme/v1/regions/eu?x=1", "", "query x: not allowed"},
		{"no JSON", "POST", "/acme/v1/report", "{", "body: not JSON"},
		{"a missing header", "POST", "/acme/v1/report", "{}", "header Accept: missing"},
		{"a missing key", "POST", "/acme/v1/report", "{}", "body startDate: missing"},
		{"another type", "POST", "/acme/v1/report", `{"detailed":"false"}`, `body detailed: \"false\" is not false`},
		{"a number for a string", "POST", "/acme/v1/report", `{"startDate":3}`, "body startDate: 3 is not the string {start:date}"},
		{"inside an array", "POST", "/acme/v1/report", `{"options":[{"kind":"x","n":2}]}`, "body options.0.n: 2 is not 1"},
		{"an array's length", "POST", "/acme/v1/report", `{"options":[]}`, "is not an array of 1"},
		{"an unknown cassette", "GET", "/nobody/x", "", `no cassette \"nobody\"`},
	}
	c := newClient(t, false, noShift)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := c.want(404, tc.method, tc.path, tc.body, basic); !strings.Contains(got, tc.want) {
				t.Errorf("%s is missing in %s", tc.want, got)
			}
		})
	}
}

func TestPlaceholders(t *testing.T) {
	c := newClient(t, false, noShift)
	got := c.want(200, "GET", `/acme/v1/regions/a%2Fb%22`, "", basic)
	want := `{"name": "a/b\"", "home": "` + c.base + `/acme/v1/regions/a/b\"", "text": "{kept}"}` + "\n"
	if got != want {
		t.Errorf("the body is %s, want %s", got, want)
	}
	seen := c.sim.Seen("acme")
	if len(seen) != 1 || seen[0].Exchange != "regions" || seen[0].Path != "/v1/regions/a%2Fb%22" || seen[0].Status != 200 {
		t.Errorf("seen: %+v", seen)
	}
}

func TestAccounts(t *testing.T) {
	c := newClient(t, false, noShift)
	accts := c.sim.Accounts(c.base)
	names := []string{accts[0].Connector, accts[1].Connector}
	if !slices.Equal(names, []string{"acme", "globex"}) {
		t.Fatalf("accounts are %v", names)
	}
	if got := accts[0].Context; got["base_url"] != c.base+"/acme" || got["region"] != "eu" {
		t.Errorf("acme's context is %v", got)
	}
	if got := accts[1].Context; got["base_url"] != c.base+"/globex/api" || got["token_url"] != c.base+"/globex/oauth/token" {
		t.Errorf("globex's context is %v", got)
	}
	if got := c.want(200, "GET", "/_simulate/accounts", ""); !strings.Contains(got, c.base+"/globex/api") {
		t.Errorf("over HTTP: %s", got)
	}
}
