package simulate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestSigV4Vectors: requests and signatures of AWS's published test suite, and the example of its documentation.
func TestSigV4Vectors(t *testing.T) {
	const key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	for _, c := range []struct {
		name, method, url, body, service string
		header                           map[string]string
		signed, signature                string
	}{
		{"get-vanilla", "GET", "https://example.amazonaws.com/", "", "service", nil,
			"host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-vanilla-query-order-key-case", "GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", "", "service", nil,
			"host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"get-header-value-trim", "GET", "https://example.amazonaws.com/", "", "service", map[string]string{"My-Header1": " value1", "My-Header2": ` "a   b   c"`},
			"host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		{"post-x-www-form-urlencoded", "POST", "https://example.amazonaws.com/", "Param1=value1", "service", map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
			"content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
		{"ListUsers", "GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", "", "iam", map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
			"content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.url, strings.NewReader(c.body))
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			r.Header.Set("X-Amz-Date", "20150830T123600Z")
			given := fmt.Sprintf("Credential=AKIDEXAMPLE/20150830/us-east-1/%s/aws4_request, SignedHeaders=%s, Signature=%s", c.service, c.signed, c.signature)
			g := guard{r: r, body: []byte(c.body), now: time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)}
			if !g.sigv4Holds(given, "AKIDEXAMPLE", key) {
				t.Error("the published signature does not hold")
			}
			spoil := map[string]func(g *guard, given, id, key *string){
				"another key":     func(_ *guard, _, _, key *string) { *key += "x" },
				"another id":      func(_ *guard, _, id, _ *string) { *id += "x" },
				"another body":    func(g *guard, _, _, _ *string) { g.body = append(g.body, 'x') },
				"another method":  func(g *guard, _, _, _ *string) { g.r.Method = "PUT" },
				"another query":   func(g *guard, _, _, _ *string) { g.r.URL.RawQuery += "&a=b" },
				"another path":    func(g *guard, _, _, _ *string) { g.r.URL.Path = "/a b" },
				"another host":    func(g *guard, _, _, _ *string) { g.r.Host = "evil.example" },
				"a late date":     func(g *guard, _, _, _ *string) { g.now = g.now.Add(maxSkew + time.Second) },
				"an unsigned one": func(g *guard, _, _, _ *string) { g.r.Header.Set("X-Amz-Security-Token", "t") },
				"host unsigned":   func(_ *guard, given, _, _ *string) { *given = strings.Replace(*given, "host;", "", 1) },
			}
			for name, do := range spoil {
				bad := g
				bad.r = g.r.Clone(t.Context())
				text, id, key := given, "AKIDEXAMPLE", key
				do(&bad, &text, &id, &key)
				if bad.sigv4Holds(text, id, key) {
					t.Errorf("%s: it holds", name)
				}
			}
			g.now = g.now.Add(maxSkew)
			if !g.sigv4Holds(given, "AKIDEXAMPLE", key) {
				t.Error("refused at the bound of the clock")
			}
		})
	}
}

const guarded = `-- cassette.yaml --
month: 2026-09
now: 2026-10-05T12:00:00Z
credentials: { user: demo, password: s3cret, key: k, pem: %q }
auth: %s
-- exchange/usage --
GET /usage

200

fine
-- answer/unauthorized --
401

no
`

// ask makes one request of a cassette that wants auth, and gives the status and the challenge.
func ask(t *testing.T, sim http.Handler, header, value string) (int, string) {
	t.Helper()
	r, w := httptest.NewRequest("GET", "/acme/usage?a=b", nil), httptest.NewRecorder()
	r.RequestURI = "/acme/usage?a=b"
	if header != "" {
		r.Header.Set(header, value)
	}
	sim.ServeHTTP(w, r)
	return w.Code, w.Header().Get("WWW-Authenticate")
}

func guardedBy(t *testing.T, pem, auth string) *Simulator {
	t.Helper()
	tape, err := Parse("acme.txtar", fmt.Appendf(nil, guarded, pem, auth))
	if err != nil {
		t.Fatal(err)
	}
	sim, err := New(Config{Cassettes: []*Cassette{tape}})
	if err != nil {
		t.Fatal(err)
	}
	return sim
}

func ecKey(t *testing.T) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestDigestIsVerified(t *testing.T) {
	_, key := ecKey(t)
	sim := guardedBy(t, key, `{ Authorization: "Digest {digest:user:password}" }`)
	sum := func(parts ...string) string {
		b := sha256.Sum256([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(b[:])
	}
	nonceOf := func(challenge string) string {
		_, rest, _ := strings.Cut(challenge, `nonce="`)
		nonce, _, _ := strings.Cut(rest, `"`)
		return nonce
	}
	digest := func(nonce, nc, user, password, uri string) string {
		return fmt.Sprintf(`Digest username="%s", realm="acme", nonce="%s", uri="%s", algorithm=SHA-256, opaque="of-the-simulator", qop=auth, nc=%s, cnonce="c", response="%s"`,
			user, nonce, uri, nc, sum(sum(user, "acme", password), nonce, nc, "c", "auth", sum("GET", uri)))
	}
	status, challenge := ask(t, sim, "", "")
	nonce := nonceOf(challenge)
	if status != 401 || nonce == "" || strings.Contains(challenge, "stale") {
		t.Fatalf("%d %s", status, challenge)
	}
	const uri = "/acme/usage?a=b"
	for _, c := range []struct {
		name, given string
		status      int
		stale       bool
	}{
		{"right", digest(nonce, "00000001", "demo", "s3cret", uri), 200, false},
		{"the same again", digest(nonce, "00000001", "demo", "s3cret", uri), 401, true},
		{"the count goes on", digest(nonce, "0000000a", "demo", "s3cret", uri), 200, false},
		{"a nonce that it never gave", digest("n", "00000001", "demo", "s3cret", uri), 401, true},
		{"a wrong password", digest(nonce, "0000000b", "demo", "secret", uri), 401, false},
		{"another user", digest(nonce, "0000000b", "dem", "s3cret", uri), 401, false},
		{"another place", digest(nonce, "0000000b", "demo", "s3cret", "/acme/usage"), 401, false},
		{"a count of another form", digest(nonce, "b", "demo", "s3cret", uri), 401, true},
		{"no digest", "Basic eDp5", 401, false},
	} {
		status, challenge := ask(t, sim, "Authorization", c.given)
		if status != c.status || strings.Contains(challenge, "stale=true") != c.stale || status == 401 && nonceOf(challenge) == "" {
			t.Errorf("%s: %d %s", c.name, status, challenge)
		}
	}
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, httptest.NewRequest("DELETE", "/_simulate/tokens", nil))
	if status, challenge := ask(t, sim, "Authorization", digest(nonce, "0000000c", "demo", "s3cret", uri)); status != 401 || !strings.Contains(challenge, "stale=true") {
		t.Errorf("a nonce that was cleared: %d %s", status, challenge)
	}
	for range maxNonces + 1 {
		ask(t, sim, "", "")
	}
	if n := len(sim.tapes["acme"].nonces); n > maxNonces {
		t.Errorf("%d nonces", n)
	}
}

func TestJWTIsVerified(t *testing.T) {
	key, text := ecKey(t)
	other, _ := ecKey(t)
	sim := guardedBy(t, text, `[ { X-Key: "{key}" }, { Authorization: "Bearer {jwt:pem}" } ]`)
	enc := base64.RawURLEncoding.EncodeToString
	sign := func(k *ecdsa.PrivateKey, head, claims string) string {
		body := enc([]byte(head)) + "." + enc([]byte(claims))
		sum := sha256.Sum256([]byte(body))
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + body + "." + enc(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
	}
	at := func(d time.Duration) string {
		return fmt.Sprintf(`{"exp":%d}`, time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC).Add(d).Unix())
	}
	const es = `{"alg":"ES256"}`
	ahead := fmt.Sprintf(`{"exp":%d}`, time.Now().Add(time.Hour).Unix())
	past := `{"exp":1000000000}`
	for _, c := range []struct {
		name, header, value string
		status              int
	}{
		{"right, by the cassette's clock", "Authorization", sign(key, es, at(time.Second)), 200},
		{"right, by the machine's", "Authorization", sign(key, es, ahead), 200},
		{"at its end", "Authorization", sign(key, es, past), 401},
		{"without an end", "Authorization", sign(key, es, `{}`), 401},
		{"another key", "Authorization", sign(other, es, ahead), 401},
		{"no algorithm", "Authorization", sign(key, `{"alg":"none"}`, ahead), 401},
		{"no signature", "Authorization", "Bearer " + enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(ahead)) + ".", 401},
		{"no JWT", "Authorization", "Bearer x", 401},
		{"the other alternative", "X-Key", "k", 200},
		{"nothing", "", "", 401},
	} {
		if status, challenge := ask(t, sim, c.header, c.value); status != c.status || challenge != "" {
			t.Errorf("%s: %d %s", c.name, status, challenge)
		}
	}
}

func TestAuthOfCassettesIsChecked(t *testing.T) {
	for auth, want := range map[string]string{
		`{ Authorization: "Digest {digest:user:pasword}" }`:       `there is no credential "pasword"`,
		`{ Authorization: "{digest:user:password}" }`:             `write "Digest {digest:user:password}"`,
		`{ Authorization: "AWS4 {sigv4:user:password}" }`:         `write "AWS4-HMAC-SHA256 {sigv4:user:password}"`,
		`{ Authorization: "Bearer {jwt:user}" }`:                  "credential user: is no key in PEM",
		`[]`:                                                      "an empty list",
		`[ { X: "{key}" }, {} ]`:                                  "an empty mapping",
		`[ { X: "{key}" }, { Authorization: "Bearer {token}" } ]`: "auth wants a {token}",
	} {
		if _, err := Parse("acme.txtar", fmt.Appendf(nil, guarded, "", auth)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", auth, err, want)
		}
	}
}

// TestACredentialMayBeCalledToken: it is what a request carries then, and nothing has to issue it.
func TestACredentialMayBeCalledToken(t *testing.T) {
	const text = `-- cassette.yaml --
month: 2026-09
now: 2026-10-05T12:00:00Z
credentials: { token: its-own }
auth: { Authorization: "Bearer {token}" }
requests: {}
-- exchange/usage --
GET /usage

200

{}
-- answer/unauthorized --
401

{}
`
	c, err := Parse("acme.txtar", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sim, err := New(Config{Cassettes: []*Cassette{c}})
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]int{"its-own": 200, "{token}": 401, "another": 401} {
		if status, _ := ask(t, sim, "Authorization", "Bearer "+token); status != want {
			t.Errorf("%s: %d, want %d", token, status, want)
		}
	}
}
