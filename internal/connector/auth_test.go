package connector

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/record"
)

func authed(t *testing.T, credentials, rest string) *Connector {
	t.Helper()
	c, finds := Parse("acme.yaml", []byte(minimal("credentials: "+credentials+"\n"+rest)))
	if c == nil {
		t.Fatal(finds)
	}
	return c
}

func has(names string) func(string) bool {
	return func(name string) bool { return strings.Contains(" "+names+" ", " "+name+" ") }
}

func TestMissingCredentials(t *testing.T) {
	const either = `auth: { headers: { X: "${x}", Y: "${y}" }, any: [ { oauth2: { grant: client_credentials, token_url: "https://a.example", client_id: "${id}", client_secret: "${secret}" } }, { basic: { username: "${user}", password: "${secret}" } } ] }` + "\n" + oneResource
	const apart = `auth: { headers: { X: "${x}", Y: "${y}" } }` + "\n" + `resources: { usage: { list: { get: /u, auth: { digest: { username: "${user}", password: "${secret}" } } } }, users: { list: { get: /u, auth: { headers: { X: "${id}" } } } } }`
	for _, c := range []struct {
		name, rest, have, want string
	}{
		{"all are there", either, "x id secret", ""},
		{"the second alternative", either, "x user secret", ""},
		{"an optional one is there", either, "x y user secret", ""},
		{"no alternative", either, "x id", "id and secret, or secret and user"},
		{"nothing", either, "", "x; id and secret, or secret and user"},
		{"of requests too", apart, "x secret", "user; id"},
		{"nothing twice", apart, "", "x; secret; user; id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := authed(t, "{ x: {}, y: { optional: true }, id: {}, secret: {}, user: {} }", c.rest)
			var got []string
			for _, l := range conn.MissingCredentials(has(c.have)) {
				got = append(got, l.String())
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("missing %q, want %q", got, c.want)
			}
		})
	}
}

func TestAlternative(t *testing.T) {
	conn := authed(t, "{ a: {}, b: {}, o: { optional: true } }", `auth: { any: [ { headers: { X: "${a}", O: "${o}" } }, { query: { x: "${b}" } } ] }`+"\n"+oneResource)
	for _, c := range []struct{ have, want string }{
		{"a", "X"}, {"a b", "X"}, {"a o", "X"}, {"b", "x"}, {"b o", "x"}, {"o", "it takes a, or b"}, {"", "it takes a, or b"},
	} {
		got, err := conn.Alternative(&conn.Auth, has(c.have))
		var missing *MissingCredentialError
		switch {
		case err != nil:
			if !errors.As(err, &missing) || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("%q: %v", c.have, err)
			}
		case fmt.Sprint(append(got.Headers, got.Query...)[0].Key) != c.want:
			t.Errorf("%q: %+v", c.have, got)
		}
	}
	if got, err := conn.Alternative(&Auth{}, has("")); got != nil || err != nil {
		t.Errorf("an auth without alternatives: %v %v", got, err)
	}
	x := conn.Auth.Any[0].Headers
	if conn.Spares(x[0].Value, has("")) || !conn.Spares(x[1].Value, has("a")) || conn.Spares(x[1].Value, has("o")) {
		t.Error("the wrong texts are left out")
	}
}

// TestRequestsAuth: a request's own auth is on its call, a request without one leaves it to the connector.
func TestRequestsAuth(t *testing.T) {
	conn := authed(t, "{ a: {} }", `auth: { headers: { X: "${a}" } }
check: { get: /check, auth: none }
resources:
  usage: { list: { get: /u, auth: { query: { x: "${a}" } } } }
  users:
    list:
      auth: none
      calls: [ { name: a, get: /a }, { name: b, get: /b, fallback: true, auth: { query: { y: "${a}" } } } ]
  products: { list: { get: /p }, get: { get: /p/1 } }
proxy:
  a: { list: { get: /a, auth: { query: { z: "${a}" } }, page: { next_token: next, then: { get: "/a/{{ .token }}" } } } }
  b: { list: { get: /b, page: { next_token: next, then: { get: "/b/{{ .token }}", auth: none } } } }
`)
	paged := func(m *Method) Call {
		t.Helper()
		c, err := m.At(&Scope{}, record.Position{Token: []byte("t")})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	at := func(m *Method, call int) Call {
		t.Helper()
		c, err := m.At(&Scope{}, record.Position{Call: uint8(call)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	check, err := conn.Check.Call(&Scope{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		call   Call
		own    string // key of the own auth, "" for none at all
		signed bool
	}{
		{"the check", check, "", false},
		{"its own", at(conn.Resources["usage"].List, 0), "x", true},
		{"what stands beside calls", at(conn.Resources["users"].List, 0), "", false},
		{"a call's own before it", at(conn.Resources["users"].List, 1), "y", true},
		{"the connector's", at(conn.Resources["products"].List, 0), "connector", true},
		{"a later page has the first one's", paged(conn.Proxy["a"].List), "z", true},
		{"or its own", paged(conn.Proxy["b"].List), "", false},
		{"of a get", at(conn.Resources["products"].Get, 0), "connector", true},
		{"a download", Call{NoAuth: true}, "connector", false},
	} {
		got := "connector"
		if a := c.call.Auth; a != nil && len(a.Query) > 0 {
			got = a.Query[0].Key
		} else if a != nil {
			got = ""
		}
		if got != c.own || c.call.Signed() != c.signed {
			t.Errorf("%s: %q, signed %v", c.name, got, c.call.Signed())
		}
	}
}

func TestClaimSet(t *testing.T) {
	for _, c := range []struct{ claims, want string }{
		{`'{iss: (.context.base_url + "." + .fingerprint), exp: (.now + 60)}'`, "map[exp:1790000060 iss:https://api.acme.example.f]"},
		{`.now`, "gives no object"},
		{`.context.base_url.x`, "the claims of the JWT"},
	} {
		conn := authed(t, "{ pem: {} }", `auth: { jwt: { alg: RS256, private_key: "${pem}", claims: `+c.claims+` } }`+"\n"+oneResource)
		got, err := conn.Auth.JWT.ClaimSet(map[string]any{"base_url": "https://api.acme.example"}, time.Unix(1790000000, 5), "f")
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.claims, err)
			}
		} else if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v", c.claims, got)
		}
	}
}

func TestTokenCall(t *testing.T) {
	conn := authed(t, "{ id: {}, pem: {} }", `auth: { oauth2: { grant: client_credentials, send: private_key_jwt, token_url: "{{ .context.base_url }}/token", client_id: "${id}", private_key: "${pem}", audience: "{{ .context.base_url }}", params: { resource: "r {{ .context.base_url }}", none: "{{ null }}" } } }`+"\n"+oneResource)
	got, err := conn.Auth.OAuth2.Resolve(map[string]any{"base_url": "https://b"})
	if want := "{https://b/token [] https://b [{resource r https://b 0}]}"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v %v, want %s", got, err, want)
	}
}
