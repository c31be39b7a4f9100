package recorder

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

func walkOf(t *testing.T, credentials map[string]string) *Walk {
	t.Helper()
	conn, finds := connector.Parse("acme.yaml", []byte(`connector: acme
title: Acme
context: { base_url: { default: https://api.acme.example/v1 } }
credentials: { key: { title: Key }, half: { title: Id, secret: false } }
auth: { basic: { username: "${half}", password: "${key}" } }
resources: { usage: { list: { get: /usage, items: data } } }
`))
	if conn == nil {
		t.Fatal(finds)
	}
	at, err := url.Parse("https://api.acme.example/v1/usage")
	if err != nil {
		t.Fatal(err)
	}
	return &Walk{Connector: conn, Resource: "usage", Credentials: credentials,
		Taken: []*upstream.Taken{{Call: connector.Call{Purpose: "list", Method: "GET"}, Target: at, Base: "https://api.acme.example/v1", Status: 200, Body: []byte(`{"data": []}`)}}}
}

func TestScrub(t *testing.T) {
	s := newScrubber(walkOf(t, map[string]string{"key": "k3y+with/odd=chars", "half": "id-of-a-key"}))
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "GB-hour of storage, 12.50 USD", "GB-hour of storage, 12.50 USD"},
		{"a credential", "key k3y+with/odd=chars!", "key demo-key-0001!"},
		{"in a link", "?a=k3y%2Bwith%2Fodd%3Dchars&b", "?a=demo-key-0001&b"},
		{"half of one", "id-of-a-key", "demo-half-0001"},
		{"words that are no scheme", "Basic authentication is required, Bearer tokens too", "Basic authentication is required, Bearer tokens too"},
		{"a scheme", "Authorization: Bearer abcdef0123456789", "Authorization: Bearer redacted-"},
		{"a JWT", "x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_1 y", "x redacted-"},
		{"an access key", "(AKIAIOSFODNN7EXAMPLE)", "(redacted-"},
		{"a signature", "https://f.example/x?page=2&X-Amz-Signature=0a1b2c&n=1", "https://f.example/x?page=2&X-Amz-Signature=redacted-"},
		{"a page's token stays", "?page_token=abc&cursor=def", "?page_token=abc&cursor=def"},
		{"an address", "Jane.Doe+x@mail.corp.example wrote", "user-1@example.com wrote"},
		{"the same again", "JANE.doe+x%40mail.corp.example", "user-1%40example.com"},
		{"in an id", "D:jane.doe~2Bx:jane.doe+x~40mail.corp.example:x", "D:jane.doe~2Bx:user-1~40example.com:x"},
		{"another", "joe@corp.example", "user-2@example.com"},
		{"the provider's own", "https://api.acme.example/v1/usage?page=2", "{base}/usage?page=2"},
		{"beside the base", "https://api.acme.example/v2/usage", "{base}/v2/usage"},
		{"somebody else's", "https://acme.example/v1", "https://acme.example/v1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.text(c.text)
			if got != c.want && !(strings.HasSuffix(c.want, "redacted-") && strings.HasPrefix(got, c.want)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if what := s.found(s.stands.Replace(got)); what != "" {
				t.Errorf("the sweep finds %s in %s", what, got)
			}
		})
	}
}

func TestScrubOfBodies(t *testing.T) {
	s := newScrubber(walkOf(t, map[string]string{"key": `k"y\with/odd`, "half": "id-of-a-key"}))
	for _, c := range []struct{ name, body, want string }{
		{"an escape hides nothing", `{ "a":"k\u0022y\\with\/odd" , "n":1.50}`, `{ "a":"demo-key-0001" , "n":1.50}`},
		{"a key", `{"k\"y\\with/odd":1}`, `{"demo-key-0001":1}`},
		{"a member's name tells of what looks like ours", `{"auth_token":"demo-key-0002"}`, `{"auth_token":"redacted-`},
		{"and of what is ours", `{"auth_token":"id-of-a-key"}`, `{"auth_token":"demo-half-0001"}`},
		{"a member's name tells", `{"password":"hunter2","api_key":"x","note":"x"}`, `{"password":"redacted-`},
		{"a document a line", "{\"a\":\"joe@corp.example\"}\n\n{\"a\":2}\n", "{\"a\":\"user-1@example.com\"}\n\n{\"a\":2}\n"},
		{"a table", "day,user\n2026-09-01,joe@corp.example\n", "day,user\n2026-09-01,user-1@example.com\n"},
		{"no body", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(s.json([]byte(c.body))); got != c.want && !(strings.HasSuffix(c.want, "redacted-") && strings.HasPrefix(got, c.want)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestSweep(t *testing.T) {
	const secret = "0123456789abcdefghij"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", `{"a": 1}`, ""},
		{"a credential", secret, "a credential"},
		{"in capitals", strings.ToUpper(secret), "a credential"},
		{"as much of it as tells", secret[2 : 2+window], "a part of a credential"},
		{"less of it than tells", secret[2 : 1+window], ""},
		{"half of a pair as a whole", "id-0123456789-abcdef", "a credential"},
		{"a part of a half", "id-0123456789-abcde", ""},
		{"what stands for one", demoText("key"), ""},
		{"a scheme", "Basic dXNlcjpwYXNzd29yZDE=", "an Authorization header"},
		{"a key", "-----BEGIN RSA PRIVATE KEY-----", "a token or a key"},
		{"an address", "joe@corp.example", "an e-mail address"},
		{"a signature", "?sig=abc123", "a signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScrubber(walkOf(t, map[string]string{"key": secret, "half": "id-0123456789-abcdef"}))
			err := s.sweep([]simulate.File{{Name: "exchange/list", Data: []byte(c.text)}})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), "exchange/list would hold "+c.want) || strings.Contains(err.Error(), secret)) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestShortCredentialsAreInEveryText(t *testing.T) {
	for _, c := range []struct{ secret, want string }{{"abcdef"[:minSecret], "demo-key-0001 x"}, {"abcdef"[:minSecret-1], "abcde x"}} {
		s := newScrubber(walkOf(t, map[string]string{"key": c.secret}))
		if got := s.text(c.secret + " x"); got != c.want {
			t.Errorf("%s: got %s, want %s", c.secret, got, c.want)
		}
	}
}

func TestZerosTellNothing(t *testing.T) {
	for _, c := range []struct {
		part string
		want bool
	}{{"abcdefaaaaaaaaaa", true}, {"abcdeaaaaaaaaaaa", false}} {
		if got := telling(c.part); got != c.want {
			t.Errorf("%s: %v", c.part, got)
		}
	}
}

// An editor that changes nothing leaves every byte.
func FuzzEdit(f *testing.F) {
	f.Add(`{"a": [1, {"b": "c\u00e9"}, []], "d": {} , "e":null}`)
	f.Add(` [ ] `)
	f.Add(`"x"`)
	f.Fuzz(func(t *testing.T, text string) {
		if !record.IsDocument([]byte(text)) {
			return
		}
		n := 0
		got := editor{value: func([]string, []byte) []byte { n++; return nil }, key: func(k string) string { return k }}.edit([]byte(text))
		if !bytes.Equal(got, []byte(text)) || n == 0 {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
