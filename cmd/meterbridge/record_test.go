package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The canaries of a recording: none of them may be met again, in any form.
const (
	canaryUser   = "canary-user-8731"
	canarySecret = "cAnArY+s3cret/with=odd&chars%41"
	canaryToken  = "canary-access-token-6f1c0b"
	canaryFresh  = "canary-refresh-token-77aa01"
	canaryJWT    = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5"
	canaryAWS    = "AKIACANARY0000EXAMPLE"
	canarySign   = "5c4nary0f7e9d8c6b5a4938271605f4e3d2c1b0a"
	canaryMail   = "jane.canary@corp.example"
	canaryCookie = "sid-canary-cookie-000111"
)

// canaries are all forms in which something secret may come.
func canaries() map[string]string {
	out := map[string]string{"jwt": canaryJWT, "access key": canaryAWS, "signature": canarySign, "e-mail": canaryMail, "cookie": canaryCookie}
	for _, s := range []string{canaryUser, canarySecret, canaryToken, canaryFresh} {
		out["raw "+s], out["hex "+s], out["HEX "+s] = s, hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s)))
		out["query "+s], out["path "+s] = url.QueryEscape(s), url.PathEscape(s)
		out["base64 "+s], out["base64url "+s] = base64.StdEncoding.EncodeToString([]byte(s)), base64.URLEncoding.EncodeToString([]byte(s))
	}
	out["basic"] = base64.StdEncoding.EncodeToString([]byte(canaryUser + ":" + canarySecret))
	return out
}

// tattler is a provider that tells its clients' secrets wherever it can.
type tattler struct{ *httptest.Server }

func newTattler(t *testing.T) *tattler {
	t.Helper()
	tell := &tattler{}
	tell.Server = httptest.NewServer(tell)
	t.Cleanup(tell.Close)
	return tell
}

func (s *tattler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Set-Cookie", "session="+canaryCookie)
	h.Set("X-Echo", r.Header.Get("Authorization"))
	h.Set("X-RateLimit-Remaining", "9; key="+canarySecret)
	basic := base64.StdEncoding.EncodeToString([]byte(canaryUser + ":" + canarySecret))
	switch r.URL.Path {
	case "/oauth/token":
		fmt.Fprintf(w, `{"access_token": %q, "refresh_token": %q, "id_token": %q, "token_type": "Bearer", "expires_in": 600, "scope": "usage", "owner": %q}`, canaryToken, canaryFresh, canaryJWT, canaryMail)
		return
	case "/me":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"message": "no %s"}`, canarySecret)
		return
	case "/names":
		fmt.Fprintf(w, `{"names": [{"id": "p1", "name": "Storage", "owner": %q, "webhook": "https://hooks.example/x?signature=%s&n=1"}]}`, canaryMail, canarySign)
		return
	}
	next := fmt.Sprintf(`"%s/usage?from=%s&to=%s&api_key=%s&cursor=%s"`, s.URL, r.URL.Query().Get("from"), r.URL.Query().Get("to"), url.QueryEscape(canarySecret), "next-"+canaryJWT)
	n := 1
	if r.URL.Query().Get("cursor") != "" {
		next, n = "null", 2
	}
	h.Set("Link", fmt.Sprintf(`<%s/usage?api_key=%s>; rel="self"`, s.URL, url.QueryEscape(canarySecret)))
	fmt.Fprintf(w, `{"debug": {"authorization": %q, "basic": %q, "headers": {"Cookie": "session=%s"}, "escaped": "%s", "curl": "curl -u %s -H 'Authorization: Bearer %s'",
  "hex": %q, "base64": "x%s", "deep": %q, "signed": "https://files.example/f.csv?X-Amz-Credential=%s%%2F20260901&X-Amz-Signature=%s&Expires=9", "password": "hunter2hunter2",
  "pem": "-----BEGIN PRIVATE KEY-----\nMIIBVQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----", "jwt": "token=%s;"},
 "next": %s,
 "data": [
  {"id": "r%d", "day": "2026-09-0%d", "product": "p1", "cost": 12.3456789012345678901, "user": %q, "mailto": "mailto:%s?x=1", "encoded": %q, "key_of_user": %q},
  {"id": "s%d", "day": "2026-09-0%d", "product": "p1", "cost": 1.10, "user": "other@corp.example", "mailto": null, "encoded": "", "%s": 1}
 ]}`,
		r.Header.Get("Authorization"), basic, canaryCookie, strings.ReplaceAll(canarySecret, "/", `\/`), canaryUser+":"+canarySecret, canaryToken,
		hex.EncodeToString([]byte(canarySecret)), base64.StdEncoding.EncodeToString([]byte("ab"+canarySecret+"cd")), canarySecret+canaryUser, canaryAWS, canarySign, canaryJWT,
		next, n, n, canaryMail, strings.ReplaceAll(canaryMail, "@", "%40"), url.QueryEscape(canarySecret), canaryUser, n, n, canarySecret)
}

const tattlerMapping = `# Acme.
def usage: {id, product: {id: .product, name: $lookups.names[.product].name}, user: {id: .user, email: .user}, charges: [{amount: .cost, currency: "USD", type: "total"}],
  start_date: (.day | day_start), end_date: (.day | add_days(1)), dimensions: {encoded}};
`

// tattlerConnector is signed in one way of several.
func tattlerConnector(credentials, auth, context string) string {
	return `connector: acme
title: Acme
context: { base_url: { default: https://api.acme.example }, token_url: { default: https://api.acme.example/oauth/token }` + context + ` }
credentials: ` + credentials + `
auth: ` + auth + `
check: { get: /me }
rate_limit_headers: { remaining: [X-RateLimit-Remaining] }
lookups: { names: { get: /names, items: names, key: id } }
resources:
  usage:
    granularities: [day]
    list:
      get: /usage
      query: { from: "{{ .window.start | date }}", to: "{{ .window.end | date }}" }
      window: { max: 1 month, align: month, resolution: day }
      items: data
      page: { next_url: [next], token_param: cursor }
`
}

// workshop is a folder with a connector in the layout's paths.
func workshop(t *testing.T, connector, mapping string) (dir string, f folders) {
	t.Helper()
	dir = t.TempDir()
	f = folders{Connectors: filepath.Join(dir, "connectors"), Mappings: filepath.Join(dir, "mappings")}
	for path, text := range map[string]string{filepath.Join(f.Connectors, "acme.yaml"): connector, filepath.Join(f.Mappings, "usage-metering", "acme.jq"): mapping} {
		if err := writeNew(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, f
}

// record makes a recording and gives its text.
func record(t *testing.T, v *recordVerb) (string, error) {
	t.Helper()
	var out bytes.Buffer
	if err := v.Run(context.Background(), std{&out, &out}); err != nil {
		return out.String(), err
	}
	f := folders{Connectors: filepath.Dir(v.Name), Mappings: filepath.Join(filepath.Dir(filepath.Dir(v.Name)), "mappings")}
	text, err := os.ReadFile(filepath.Join(f.Connectors, "testdata", "acme.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	test := &testVerb{Names: []string{"acme"}, folders: f}
	if err := test.Run(context.Background(), std{&said, &said}); err != nil {
		t.Errorf("the recording does not pass its test: %v\n%s", err, said.String())
	}
	return string(text), nil
}

func TestRecordingsHoldNoSecret(t *testing.T) {
	for _, c := range []struct{ name, credentials, auth string }{
		{"bearer", `{ key: { title: Key }, user: { title: User } }`, `{ headers: { Authorization: "Bearer ${key}", X-User: "${user}" } }`},
		{"basic", `{ user: { title: User, secret: false }, key: { title: Key } }`, `{ basic: { username: "${user}", password: "${key}" } }`},
		{"basic with more", `{ user: { title: User }, key: { title: Key } }`, `{ basic: { username: "${user}/token", password: "${key}" } }`},
		{"query and cookie", `{ key: { title: Key }, user: { title: User } }`, `{ query: { api_key: "${key}" }, cookies: { sid: "${user}" } }`},
		{"client credentials", `{ user: { title: Id }, key: { title: Secret } }`, `{ oauth2: { grant: client_credentials, token_url: "{{ .context.token_url }}", client_id: "${user}", client_secret: "${key}" } }`},
		{"client credentials in the form", `{ user: { title: Id }, key: { title: Secret } }`, `{ oauth2: { grant: client_credentials, token_url: "{{ .context.token_url }}", client_id: "${user}", client_secret: "${key}", send: body } }`},
		{"a signature over all", `{ user: { title: Id }, key: { title: Secret } }`, `{ aws_sigv4: { access_key_id: "${user}", secret_access_key: "${key}", region: eu-1, service: ce } }`},
		{"an alternative", `{ user: { title: User }, key: { title: Key }, other: { title: Other } }`, `{ any: [{ headers: { X-Other: "${other}" } }, { basic: { username: "${user}", password: "${key}" } }] }`},
	} {
		t.Run(c.name, func(t *testing.T) {
			provider := newTattler(t)
			for name, value := range map[string]string{"KEY": canarySecret, "USER": canaryUser, "BASE_URL": provider.URL, "TOKEN_URL": provider.URL + "/oauth/token"} {
				t.Setenv("MB_ACME_"+name, value)
			}
			_, f := workshop(t, tattlerConnector(c.credentials, c.auth, ""), tattlerMapping)
			text, err := record(t, &recordVerb{Name: filepath.Join(f.Connectors, "acme.yaml"), Resource: "usage", Start: "2026-09", Pages: 3})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			lower := strings.ToLower(text)
			for form, canary := range canaries() {
				if strings.Contains(lower, strings.ToLower(canary)) {
					t.Errorf("the recording holds the canary in the form %s: %s", form, canary)
				}
			}
			for _, part := range []string{canarySecret[3:19], canaryToken[:16], "hunter2", "MIIBVQIBADANBgkqhkiG9w0", "@corp.example", "%40corp.example"} {
				if strings.Contains(text, part) {
					t.Errorf("the recording holds %s", part)
				}
			}
			for _, want := range []string{"user-1@example.com", "GET /usage?from={start:date}&to={end:date}\n", "items: \"data\"\ndate: \"day\"\nid: id\n", "12.3456789012345678901", `"next": "{`, "next-redacted-"} {
				if !strings.Contains(text, want) {
					t.Errorf("the recording lacks %s:\n%s", want, text)
				}
			}
		})
	}
}
