package connector

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/problem"
)

const contextYAML = `connector: acme
title: Acme
context:
  base_url: { default: "https://api.{{ .context.site }}" }
  token_url: { default: "https://{{ .context.tenant }}.{{ .context.site }}/token" }
  site: { default: "{{ if .context.region == \"eu\" then \"acme.eu\" else \"acme.example\" end }}" }
  region: { default: us, enum: [us, eu] }
  tenant: { title: the tenant's name }
  flag: { type: boolean, default: false }
  share: { type: number }
  tags: { type: list, default: [a, "{{ .context.region }}"] }
  prices: { type: map, default: { base: 0.07, of: "{{ .context.region }}" } }
credentials: { id: {}, key: {} }
auth:
  headers: { A: "Key ${id}:${key}@{{ .context.region }}", B: "${key}" }
  oauth2: { grant: client_credentials, token_url: "{{ .context.token_url }}", client_id: "${id}", client_secret: "${key}", scopes: "{{ .context.tags }}" }
check: { get: /status, expect: [{ that: '.body.plan == "full"', code: plan_unsupported, message: "the plan is {{ .body.plan }}" }] }
errors:
  message: [errors.0.detail, errors.0, message]
  detail: [description]
  code: [code]
  details: fields
  rules:
    - { status: 301, code: account_misconfigured, message: "set context.region to that of {{ .headers.location }}" }
    - { status: [403, 404], when: '.body.message | test("account type")', code: plan_unsupported, message: no }
    - { status: 404, as: empty }
    - { when: '.body == "quota"', as: rate_limited }
resources: { usage: { default: "{{ .context.region }}", list: { get: /usage } }, products: { granularities: [month], list: { get: /p } }, users: { list: { get: /u } } }
`

func acme(t *testing.T) *Connector {
	t.Helper()
	c, finds := Parse("acme.yaml", []byte(contextYAML))
	if c == nil {
		t.Fatal(finds)
	}
	return c
}

func TestResolveContext(t *testing.T) {
	type m = map[string]any
	c := acme(t)
	for _, x := range []struct {
		name  string
		given m
		want  m      // of the result
		err   string // begins so
	}{
		{"defaults in the order in which they need each other", m{"tenant": "t"}, m{
			"base_url": "https://api.acme.example", "token_url": "https://t.acme.example/token", "site": "acme.example", "region": "us", "tenant": "t",
			"flag": false, "share": nil, "tags": []any{"a", "us"}, "prices": m{"base": 0.07, "of": "us"}}, ""},
		{"what is given goes before defaults and into them", m{"tenant": "t", "region": "eu", "flag": true, "tags": []string{"x"}},
			m{"base_url": "https://api.acme.eu", "site": "acme.eu", "flag": true, "tags": []any{"x"}}, ""},
		{"addresses lose their slash", m{"tenant": "t", "base_url": "http://127.0.0.1:9/acme/"}, m{"base_url": "http://127.0.0.1:9/acme"}, ""},
		{"a number may stand for text", m{"tenant": 42}, m{"tenant": "42"}, ""},
		{"numbers of every kind", m{"tenant": "t", "share": int64(3)}, m{"share": 3}, ""},
		{"a map of scalars", m{"tenant": "t", "prices": m{"sku-1": json.Number("0.10000000000000000001"), "sku-2": int64(3), "free": true, "none": nil, "list": "p"}},
			m{"prices": m{"sku-1": json.Number("0.10000000000000000001"), "sku-2": 3, "free": true, "list": "p"}}, ""},
		{"a map of lists", m{"tenant": "t", "prices": m{"a": 1, "sku": []any{1}}}, nil, "context.prices has at sku what is neither text nor a number nor true or false"},
		{"a map that is text", m{"tenant": "t", "prices": "0.07"}, nil, "context.prices is a string, wanted is a map"},
		{"a map for a list", m{"tenant": "t", "tags": m{"a": 1}}, nil, "context.tags has the wrong type, wanted is a list"},
		{"null is not given", m{"tenant": "t", "region": nil}, m{"region": "us"}, ""},
		{"an unknown variable", m{"tenant": "t", "regoin": "eu"}, nil, "context.regoin is not a variable of connector acme; did you mean region?"},
		{"a value outside of the enum", m{"tenant": "t", "region": "uss"}, nil, "context.region takes us, eu; did you mean us?"},
		{"a wrong type", m{"tenant": "t", "flag": "yes"}, nil, "context.flag is a string, wanted is a boolean"},
		{"a list for text", m{"tenant": []any{"t"}}, nil, "context.tenant has the wrong type, wanted is a string"},
		{"an object", m{"tenant": m{}}, nil, "context.tenant has the wrong type"},
		{"no address", m{"tenant": "t", "base_url": "api.acme.example"}, nil, "context.base_url is not an absolute address"},
		{"an address with a user", m{"tenant": "t", "base_url": "https://a:b@acme.example"}, nil, "context.base_url has a user"},
		{"a default that lacks its variable", m{}, nil, "context.token_url is required; it follows from context.tenant, which is not set"},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, err := c.ResolveContext(x.given)
			if x.err != "" {
				var ce *ContextError
				if !errors.As(err, &ce) || !strings.HasPrefix(err.Error(), x.err) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for k, want := range x.want {
				if !reflect.DeepEqual(got[k], want) {
					t.Errorf("%s: got %#v, want %#v", k, got[k], want)
				}
			}
		})
	}
}

func TestSecretText(t *testing.T) {
	c := acme(t)
	secrets := map[string]string{"id": "i", "key": "k"}
	get := func(name string) (string, bool) { s, ok := secrets[name]; return s, ok }
	context := map[string]any{"region": "eu", "token_url": "https://t/token", "tags": []any{"a", "b"}}
	text := c.Auth.Headers[0].Value
	if got, err := text.Resolve(context, get); got != "Key i:k@eu" || err != nil || c.Auth.Headers[0].Key != "A" {
		t.Errorf("%q %v", got, err)
	}
	if got := strings.Join(text.Credentials(), " "); got != "id key" {
		t.Errorf("credentials %s", got)
	}
	if strings.Contains(text.String(), "k@") || text.IsZero() || !(SecretText{}).IsZero() {
		t.Errorf("%s", text)
	}
	delete(secrets, "key")
	var missing *MissingCredentialError
	if _, err := text.Resolve(context, get); !errors.As(err, &missing) || missing.Lack.String() != "key" {
		t.Errorf("%v", err)
	}
	for _, x := range []struct {
		tags any
		want string
	}{{[]any{"a", "b"}, "a b"}, {"a  b", "a b"}, {nil, ""}} {
		context["tags"] = x.tags
		got, err := c.Auth.OAuth2.Resolve(context)
		if got.URL != "https://t/token" || got.Audience != got.URL || strings.Join(got.Scopes, " ") != x.want || err != nil {
			t.Errorf("%v: %+v %v", x.tags, got, err)
		}
	}
}

func TestErrorRules(t *testing.T) {
	c := acme(t)
	for _, x := range []struct {
		name   string
		status int
		body   string
		as     string // "" for no rule
		code   problem.Code
		msg    string
	}{
		{"by status, with a header", 301, ``, "fail", problem.AccountMisconfig, "set context.region to that of https://eu"},
		{"by status and body", 403, `{"message":"not for your account type"}`, "fail", problem.PlanUnsupported, "no"},
		{"the body differs", 403, `{"message":"other"}`, "", "", ""},
		{"a condition that fails does not match", 403, `{"message":null}`, "", "", ""},
		{"the next rule of the same status", 404, `{"message":"other"}`, "empty", "", ""},
		{"a body that is text", 200, `quota`, "rate_limited", "", ""},
		{"a body that nests too deep is text", 200, strings.Repeat("[", 100000), "", "", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			a := Answer{Status: x.status, Header: http.Header{"Location": {"https://eu"}}, Body: []byte(x.body)}
			r := c.Errors.Rule(a)
			if r == nil || x.as == "" {
				if r != nil || x.as != "" {
					t.Errorf("%+v", r)
				}
				return
			}
			if code, msg := r.Problem(a); r.As != x.as || code != x.code || msg != x.msg {
				t.Errorf("%s %s %q", r.As, code, msg)
			}
		})
	}
}

func TestErrorRead(t *testing.T) {
	c := acme(t)
	for body, want := range map[string][3]string{
		`{"errors":[{"detail":"d","title":"t"}],"code":"c"}`:               {"d", "c", ""},
		`{"errors":["plain"],"code":403}`:                                  {"plain", "403", ""},
		`{"message":"m","description":"more","fields":[{"name":"x"}]}`:     {"m: more", "", `[{"name":"x"}]`},
		`{"message":"m","description":"m","fields":"text"}`:                {"m", "", ""},
		`{"description":"alone"}`:                                          {"alone", "", ""},
		`{"errors":[],"message":""}`:                                       {"", "", ""},
		`{"message":"m"} and more`:                                         {"", "", ""},
		`<html>`:                                                           {"", "", ""},
		strings.Repeat(`{"errors":`, 100) + "1" + strings.Repeat("}", 100): {"", "", ""},
	} {
		msg, code, fields := c.Errors.Read([]byte(body))
		if got := [3]string{msg, code, string(fields)}; got != want {
			t.Errorf("%.60s: %q", body, got)
		}
	}
}

func TestCheck(t *testing.T) {
	c := acme(t)
	call, err := c.Check.Call(&Scope{})
	if err != nil || call.Purpose != "check" || call.Path != "/status" || call.Method != "GET" {
		t.Errorf("%+v %v", call, err)
	}
	if p := c.Check.Verify(Answer{Status: 200, Body: []byte(`{"plan":"full"}`)}); p != nil {
		t.Error(p)
	}
	if p := c.Check.Verify(Answer{Status: 200, Body: []byte(`{"plan":"small"}`)}); p == nil || p.Code != problem.PlanUnsupported || p.Message != "the plan is small" || !p.Remote {
		t.Errorf("%+v", p)
	}
}

func TestDefaultGranularity(t *testing.T) {
	c := acme(t)
	for resource, want := range map[string]string{"usage": "eu", "products": "month", "users": ""} {
		if got, err := c.Resources[resource].DefaultGranularity(map[string]any{"region": "eu"}); got != want || err != nil {
			t.Errorf("%s: %q %v", resource, got, err)
		}
	}
}

func TestDocsNameEveryKey(t *testing.T) {
	docs := string(Docs())
	for _, key := range []string{"rate_limit_headers", "confirm_unauthorized", "token_param", "control_total", "fallback", "`.window`", "credential text"} {
		if !strings.Contains(docs, key) {
			t.Errorf("the reference does not mention %s", key)
		}
	}
}
