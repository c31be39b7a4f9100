package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/connector"
)

const acmeYAML = `
connector: acme-cloud
title: Acme
context:
  base_url: { default: https://api.acme.example }
  view:  { enum: [all, own], default: all }
  deep:  { type: boolean, default: false }
  price: { type: number }
  tags:  { type: list }
  rates: { type: map }
credentials:
  api_key: { title: API key, docs: "https://acme.example/keys" }
  key_id:  { title: Its id, secret: false }
auth: { basic: { username: "${key_id}", password: "${api_key}" } }
resources:
  usage: { list: { get: /usage, items: data } }
`

func TestEnvironmentAccount(t *testing.T) {
	conn, findings := connector.Parse("acme.yaml", []byte(acmeYAML))
	if conn == nil {
		t.Fatal(findings)
	}
	keys := map[string]string{"MB_ACME_CLOUD_API_KEY": "k", "MB_ACME_CLOUD_KEY_ID": "i"}
	for _, c := range []struct {
		name string
		env  map[string]string
		want string // of the error; "" for none
	}{
		{"credentials alone", nil, ""},
		{"one is missing", map[string]string{"MB_ACME_CLOUD_API_KEY": ""}, "MB_ACME_CLOUD_API_KEY        API key, https://acme.example/keys"},
		{"typed context", map[string]string{"MB_ACME_CLOUD_DEEP": "true", "MB_ACME_CLOUD_PRICE": "0.15", "MB_ACME_CLOUD_TAGS": "a, b"}, ""},
		{"no boolean", map[string]string{"MB_ACME_CLOUD_DEEP": "yes"}, `MB_ACME_CLOUD_DEEP: wants true or false, and got "yes"`},
		{"no number", map[string]string{"MB_ACME_CLOUD_PRICE": "cheap"}, `MB_ACME_CLOUD_PRICE: wants a number, and got "cheap"`},
		{"a map", map[string]string{"MB_ACME_CLOUD_RATES": `{"sku-1": 0.10000000000000000001, "plan": "gold"}`}, ""},
		{"no map", map[string]string{"MB_ACME_CLOUD_RATES": "sku-1=0.07"}, `MB_ACME_CLOUD_RATES: wants a JSON object such as {"sku-1": 0.07}, and got "sku-1=0.07"`},
		{"two maps", map[string]string{"MB_ACME_CLOUD_RATES": `{}{}`}, `MB_ACME_CLOUD_RATES: wants a JSON object such as {"sku-1": 0.07}, and got "{}{}"`},
		{"a map of maps", map[string]string{"MB_ACME_CLOUD_RATES": `{"a": {"b": 1}}`}, `MB_ACME_CLOUD_RATES has at a what is neither text nor a number nor true or false`},
		{"not of the enum", map[string]string{"MB_ACME_CLOUD_VIEW": "none"}, "MB_ACME_CLOUD_VIEW takes all, own"},
		{"no address", map[string]string{"MB_ACME_CLOUD_BASE_URL": "acme"}, "MB_ACME_CLOUD_BASE_URL is not an absolute address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := environmentAccount(conn, func(name string) (string, bool) {
				if v, ok := c.env[name]; ok {
					return v, true
				}
				v, ok := keys[name]
				return v, ok
			})
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("got %v, want %s", err, c.want)
			case c.want == "" && (a.Credentials["api_key"].Reveal() != "k" || a.BaseURLSet):
				t.Errorf("got %+v", a)
			case len(c.env) == 3 && (a.Context["deep"] != true || a.Context["price"] != 0.15 || len(a.Context["tags"].([]any)) != 2):
				t.Errorf("got %v", a.Context)
			case c.name == "a map" && a.Context["rates"].(map[string]any)["sku-1"] != json.Number("0.10000000000000000001"):
				t.Errorf("got %v", a.Context)
			}
		})
	}
}

// TestAlternativesOfAnAccount: what is missing is told of each alternative.
func TestAlternativesOfAnAccount(t *testing.T) {
	conn, findings := connector.Parse("acme.yaml", []byte(`
connector: acme
title: Acme
context: { base_url: { default: https://api.acme.example } }
credentials: { org: { title: Organization }, id: { title: Client id }, secret: {}, key: { title: Public key }, trace: { optional: true } }
auth:
  headers: { X-Org: "${org}", X-Trace: "${trace}" }
  any: [ { basic: { username: "${id}", password: "${secret}" } }, { digest: { username: "${key}", password: "${secret}" } } ]
resources: { usage: { list: { get: /usage, items: data } } }
`))
	if conn == nil {
		t.Fatal(findings)
	}
	for _, c := range []struct {
		name, have, want string
	}{
		{"the first alternative", "MB_ACME_ORG MB_ACME_ID MB_ACME_SECRET", ""},
		{"the second", "MB_ACME_ORG MB_ACME_KEY MB_ACME_SECRET", ""},
		{"half of each", "MB_ACME_ID MB_ACME_KEY", "missing:\n  MB_ACME_ORG                  Organization\n  MB_ACME_ID                   Client id\n  MB_ACME_SECRET               \n  or\n  MB_ACME_KEY                  Public key\n  MB_ACME_SECRET               "},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := environmentAccount(conn, func(name string) (string, bool) {
				if strings.Contains(c.have+" ", name+" ") {
					return "x", true
				}
				return "", false
			})
			if (err == nil) != (c.want == "") || err != nil && !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("got %q", err)
			}
		})
	}
}

func TestOwnMachine(t *testing.T) {
	for _, c := range []struct {
		base string
		own  bool
	}{
		{"", false}, {"https://api.acme.example", false}, {"http://127.0.0.1:9090/acme", true}, {"http://localhost:1", true},
		{"http://[::1]:1", true}, {"http://10.0.0.1", false}, {"http://localhost.acme.example", false}, {"::", false},
	} {
		t.Run(c.base, func(t *testing.T) {
			if got := len(ownMachine(c.base)) > 0; got != c.own {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestCallQuery(t *testing.T) {
	for _, c := range []struct {
		name string
		verb callVerb
		want string
		err  string
	}{
		{"the provider's own parameters keep order and nesting",
			callVerb{Start: "2026-01", Remote: []string{"z=1", "filter[tag][]=a b", "a=2=3"}},
			"start_date=2026-01&remote_query%5Bz%5D=1&remote_query%5Bfilter%5D%5Btag%5D%5B%5D=a+b&remote_query%5Ba%5D=2%3D3", ""},
		{"filters add up", callVerb{Filter: []string{"product_id=a,b", "product_id=c"}}, "product_id%5B%5D=a%2Cb&product_id%5B%5D=c", ""},
		{"an unknown filter", callVerb{Filter: []string{"product=a"}}, "", `no "product"`},
		{"no value", callVerb{Remote: []string{"page"}}, "", "--remote wants KEY=VALUE"},
		{"a day and a range", callVerb{Date: "2026-01-01", End: "2026-01-02"}, "", "--date is one day"},
		{"an account and a connector", callVerb{Account: "a", ownAccount: ownAccount{Connector: "b"}}, "", "take one of them"},
		{"a gateway and a connector", callVerb{URL: "http://a", ownAccount: ownAccount{Connector: "b"}}, "", "take --account"},
		{"a limit below nothing", callVerb{Limit: -1}, "", "--limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.verb.query()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil || strings.Join(got, "&") != c.want {
				t.Errorf("got %s, %v\nwant %s", strings.Join(got, "&"), err, c.want)
			}
		})
	}
}
