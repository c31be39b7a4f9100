package upstream

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const jwtAuth = `auth: { jwt: { alg: ES256, private_key: "${pem}", key_id: "${id}", claims: '{iss: (.context.base_url + ".SHA256:" + .fingerprint), iat: .now, exp: (.now + 3540)}' } }`

// payload is the part of a JWT at index 0 or 1.
func payload(t *testing.T, token string, i int) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(strings.TrimPrefix(token, "Bearer "), ".")[i])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestJWT: the simulator checks the signature with the public half of the key; the fingerprints are openssl's.
func TestJWT(t *testing.T) {
	const ecPrint, rsaPrint = "6NDjQrYMg8ptAcZU7uYXFErfRw6R7Y91wjVQnW2lD3Y=", "iAJ5i2ra1lg2ejxepXzFqZpeAmzzIZIrdp5/P37K+w4="
	for _, c := range []struct {
		name, alg, pem string
		print          string
	}{
		{"EC in PKCS#8", "ES256", pemOf(t, "ec8"), ecPrint},
		{"EC in SEC 1", "ES256", pemOf(t, "ec1"), ecPrint},
		{"RSA in PKCS#8", "RS256", pemOf(t, "rsa8"), rsaPrint},
		{"RSA in PKCS#1", "RS256", pemOf(t, "rsa1"), rsaPrint},
		{"with line ends written out", "RS256", strings.ReplaceAll(pemOf(t, "rsa8"), "\n", `\n`), rsaPrint},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _ := newSimulated(t, map[string]string{"id": theID, "key": c.pem}, `{ Authorization: "Bearer {jwt:key}" }`, strings.ReplaceAll(jwtAuth, "ES256", c.alg))
			a.acct.Credentials["pem"] = secret.New(c.pem)
			ctx, trace := WithTrace(t.Context())
			reply, err := a.session().Do(ctx, get("usage"))
			if err != nil {
				t.Fatal(err)
			}
			_ = reply.Body.Close()
			if h := trace.Exchanges()[0].RequestHeader.Get("Authorization"); h != secret.Redacted {
				t.Errorf("shown: %s", h)
			}
			sig, err := a.session().signature(t.Context(), get("usage"))
			if err != nil {
				t.Fatal(err)
			}
			head, claims := payload(t, sig.token.Access, 0), payload(t, sig.token.Access, 1)
			if head["kid"] != theID || head["alg"] != c.alg || head["typ"] != "JWT" {
				t.Errorf("header %v", head)
			}
			now := float64(a.client.cfg.Clock().Unix())
			if want := a.url + ".SHA256:" + c.print; claims["iss"] != want || claims["iat"] != now || claims["exp"] != now+3540 {
				t.Errorf("claims %v, want iss %s", claims, want)
			}
			if !slices.Contains(a.session().secrets(sig), sig.token.Access) {
				t.Error("the token is not among what is scrubbed")
			}
			// Another key is refused, and tried once more with a fresh token.
			a.acct.Credentials["pem"] = secret.New(otherKey(t, c.alg))
			a.fails(get("usage"), problem.NeedsReauth)
		})
	}
}

// otherKey is a key of the same kind.
func otherKey(t *testing.T, alg string) string {
	t.Helper()
	if alg == "RS256" {
		return pemOf(t, "rsa8-other")
	}
	return pemOf(t, "ec8-other")
}

func TestKeysThatSignNothing(t *testing.T) {
	for _, c := range []struct{ name, alg, key, want string }{
		{"no PEM", "ES256", "canary-key-0123456789", "is not in PEM"},
		{"empty lines", "RS256", `\n\n`, "is not in PEM"},
		{"encrypted", "ES256", pemOf(t, "ecenc"), "is encrypted"},
		{"RSA for EC", "ES256", pemOf(t, "rsa8"), "of another kind"},
		{"EC for RSA", "RS256", pemOf(t, "ec8"), "of another kind"},
		{"damaged", "RS256", strings.Replace(pemOf(t, "rsa8"), "M", "A", 1), "or damaged"},
		{"another curve", "ES256", pemOf(t, "ec384"), "wrong size"},
		{"too small", "RS256", pemOf(t, "rsa512"), "wrong size"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, sim := newSimulated(t, map[string]string{"id": theID, "key": theKey}, `{ X: "{key}" }`, strings.ReplaceAll(jwtAuth, "ES256", c.alg))
			a.acct.Credentials["pem"] = secret.New(c.key)
			p := a.fails(get("usage"), problem.AccountMisconfig)
			if !strings.Contains(p.Message, c.want) {
				t.Error(p.Message)
			}
			for line := range strings.Lines(c.key) {
				if line = strings.TrimSpace(line); len(line) > 10 && strings.Contains(string(p.Encode("r")), line) {
					t.Errorf("the problem holds a line of the key: %s", p.Encode("r"))
				}
			}
			if len(sim.Seen("acme")) > 0 {
				t.Error("it was called")
			}
		})
	}
}

// TestJWTIsRenewed before it ends, and after a refusal at once.
func TestJWTIsRenewed(t *testing.T) {
	var mu sync.Mutex
	var heard []string
	refuse := false
	now := noon
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if token := r.Header.Get("Authorization"); !slices.Contains(heard, token) {
			heard = append(heard, token)
			if refuse {
				refuse = false
				w.WriteHeader(401)
			}
		} else if refuse {
			w.WriteHeader(401)
		}
	}, Config{Clock: func() time.Time { return now }}, keyAuth)
	a.conn = parseWith(t, jwtAuth)
	a.acct.Credentials["pem"] = secret.New(pemOf(t, "ec8"))
	for _, c := range []struct {
		after  time.Duration
		refuse bool
		tokens int
	}{{0, false, 1}, {57 * time.Minute, false, 1}, {time.Minute, false, 2}, {time.Minute, false, 2}, {time.Minute, true, 3}} {
		now = now.Add(c.after)
		mu.Lock()
		refuse = c.refuse
		mu.Unlock()
		_, err := a.read(get("usage"))
		mu.Lock()
		if n := len(heard); n != c.tokens || err != nil && !c.refuse {
			t.Fatalf("%v later: %d tokens, want %d; %v", c.after, n, c.tokens, err)
		}
		mu.Unlock()
	}
	if len(a.client.tokens.byKey) != 1 {
		t.Error("tokens pile up")
	}
	// Another context makes another token: its claims may differ.
	a.acct.Context["token_url"] = "https://other.example/token"
	if _, err := a.read(get("usage")); err != nil || len(heard) != 4 {
		t.Errorf("%d tokens, %v", len(heard), err)
	}
}

func TestPrivateKeyJWT(t *testing.T) {
	const auth = `auth: { oauth2: { grant: client_credentials, send: private_key_jwt, alg: ES256, key_id: k1, token_url: "{{ .context.token_url }}", client_id: "${id}", private_key: "${pem}", scopes: "a b" } }`
	a, sim := newSimulated(t, map[string]string{"id": theID, "key": theKey}, `{ Authorization: "Bearer {token}" }`, auth)
	a.acct.Context["token_url"] = a.url + "/token"
	a.acct.Credentials["pem"] = secret.New(pemOf(t, "ec8"))
	for range 2 {
		if _, err := a.read(get("usage")); err != nil {
			t.Fatal(err)
		}
	}
	seen := sim.Seen("acme")
	if len(seen) != 3 || seen[0].Exchange != "token" {
		t.Fatalf("%+v", seen)
	}
	for _, want := range []string{"client_id=" + theID, "scope=a+b", "grant_type=client_credentials"} {
		if !strings.Contains(seen[0].Body, want) {
			t.Errorf("%s lacks %s", seen[0].Body, want)
		}
	}
	if strings.Contains(seen[0].Body, "client_secret") {
		t.Error("a secret is sent too")
	}
	g, err := a.session().grant(a.conn.Auth.OAuth2)
	if err != nil {
		t.Fatal(err)
	}
	one, hidden, err := g.config("")
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := g.config("")
	if err != nil {
		t.Fatal(err)
	}
	proof := one.EndpointParams.Get("client_assertion")
	head, claims := payload(t, proof, 0), payload(t, proof, 1)
	now := float64(a.client.cfg.Clock().Unix())
	if head["kid"] != "k1" || claims["iss"] != theID || claims["sub"] != theID || claims["aud"] != a.url+"/token" || claims["iat"] != now || claims["exp"] != now+300 {
		t.Errorf("%v %v", head, claims)
	}
	if claims["jti"] == payload(t, two.EndpointParams.Get("client_assertion"), 1)["jti"] || !slices.Contains(hidden, proof) {
		t.Error("an assertion is used twice, or may come back in an error")
	}
	// Another key is not believed.
	a.acct.Credentials["pem"] = secret.New(otherKey(t, "ES256"))
	a.fails(get("usage"), problem.NeedsReauth)
}

func TestTokenParams(t *testing.T) {
	s := &issuer{expires: 3600}
	a := newAcme(t, s.ServeHTTP, Config{}, strings.Replace(oauthAuth, "send: basic", `send: body, params: { audience: "{{ .context.base_url }}", none: "{{ null }}" }`, 1))
	if _, err := a.read(connector.Call{Purpose: "list", Method: "GET", Path: "usage"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.forms[0], "audience=http%3A%2F%2F127.0.0.1") || strings.Contains(s.forms[0], "none") {
		t.Error(s.forms[0])
	}
}
