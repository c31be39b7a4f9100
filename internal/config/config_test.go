package config

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/principal"
)

// environ is an environment out of pairs.
func environ(pairs ...string) func(string) (string, bool) {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

func mustParse(t *testing.T, text string, env ...string) *Config {
	t.Helper()
	c, errs := Parse("config.yaml", []byte(text), environ(env...))
	if len(errs) > 0 {
		t.Fatalf("%v\nin\n%s", errs, text)
	}
	return c
}

const whole = `
server:
  listen: 127.0.0.1:0
auth:
  tokens:
    - name: billing-app
      token: ${MB_TOKEN}          # or token_sha256: <hex>
      accounts: ["*"]             # ids, or tenant:ID, or *
      write: true
    - { name: hashed, token_sha256: 1B4F0E9851971998E732078544C96B36C3D01CEDF7CAA332359D6F1D83567014, accounts: [a-1, tenant:t1], resources: [usage-metering/*, custom], formats: [csv], expires: 2027-01-31, limit: { rate: 1000000, per: 24h } }
limits: { token: { rate: 600, per: 1m }, account: { rate: 10 } }
accounts:
  static:
    - id: 62f44730-dd91-461e-bd6a-aedd9e0ad79d
      connector: acme
      tenant_id: 42
      context: { site: acme.example, base_url: "http://127.0.0.1:9090/acme", price: 0.10000000000000000001, seats: 3, deep: true, orgs: [a, 7], none: ~, prices: { sku-1: 0.10000000000000000001, "2": "${ACME_PRICE:-3}", sku-3: ~ } }
      credentials: { api_key: ${ACME_KEY}, application_key: ${ACME_APP:-app, "key" #1} }
connectors: { dir: ./my-connectors }
mappings:   { dir: /srv/my-mappings, check_every: 0 }
secret_key: ${MB_SECRET_KEY:-}
cursors:    { store: redis, ttl: 36h }
redis:      { url: "redis://:pass@127.0.0.1:6379/0" }
egress:     { allow: [127.0.0.0/8, 10.1.2.3, fd00::1/8] }
`

func TestWholeFile(t *testing.T) {
	c := mustParse(t, whole, "MB_TOKEN", "a-token-of-32-characters-or-less", "ACME_KEY", `{"k": 'v'} # not YAML`)
	if c.Server.Listen != "127.0.0.1:0" || c.Cursors != (Cursors{StoreRedis, 36 * time.Hour}) || c.Redis.URL.Reveal() != "redis://:pass@127.0.0.1:6379/0" {
		t.Errorf("got %+v", c)
	}
	if c.Connectors.Dir != "my-connectors" || c.Mappings.Dir != "/srv/my-mappings" || c.CheckEvery != 0 || c.SecretKeys != nil {
		t.Errorf("got %+v", c)
	}
	want := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.2.3/32"), netip.MustParsePrefix("fd00::/8")}
	if !reflect.DeepEqual(c.Egress.Allow, want) {
		t.Errorf("egress %v", c.Egress.Allow)
	}
	one, two := c.Auth.Tokens[0], c.Auth.Tokens[1]
	if one.Name != "billing-app" || one.Token.Reveal() != "a-token-of-32-characters-or-less" || one.Sum != sha256.Sum256([]byte(one.Token.Reveal())) || !one.Write {
		t.Errorf("got %+v", one)
	}
	if !two.Token.IsZero() || two.Sum != sha256.Sum256([]byte("test1")) || two.Write || !reflect.DeepEqual(two.Accounts, []string{"a-1", "tenant:t1"}) {
		t.Errorf("got %+v", two)
	}
	narrow := principal.Grants{Accounts: []string{"a-1", "tenant:t1"}, Resources: []string{"usage-metering/*", "custom"}, Formats: []string{"csv"}}
	if !reflect.DeepEqual(two.Grants, narrow) || !two.Expires.Equal(time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)) || two.Limit != (kv.Rate{Requests: kv.MaxRate, Per: kv.MaxRatePer}) || two.ID != "config:hashed" {
		t.Errorf("got %+v", two)
	}
	if c.Limits != (Limits{Token: kv.Rate{Requests: 600, Per: time.Minute}, Account: kv.Rate{Requests: 10, Per: time.Second}}) {
		t.Errorf("limits %+v", c.Limits)
	}
	a := c.Accounts.Static[0]
	if a.ID != "62f44730-dd91-461e-bd6a-aedd9e0ad79d" || a.Connector != "acme" || a.TenantID != "42" || !a.BaseURLSet {
		t.Errorf("got %+v", a)
	}
	context := map[string]any{"site": "acme.example", "base_url": "http://127.0.0.1:9090/acme", "price": json.Number("0.10000000000000000001"), "seats": 3, "deep": true, "orgs": []any{"a", 7}, "prices": map[string]any{"sku-1": json.Number("0.10000000000000000001"), "2": "3"}}
	if !reflect.DeepEqual(a.Context, context) {
		t.Errorf("context %#v", a.Context)
	}
	if got := a.Credentials["api_key"].Reveal(); got != `{"k": 'v'} # not YAML` {
		t.Errorf("api_key %q", got)
	}
	if got := a.Credentials["application_key"].Reveal(); got != `app, "key" #1` {
		t.Errorf("application_key %q", got)
	}
	for _, s := range []string{fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", one)} {
		for _, canary := range []string{"a-token-of", ":pass@", "not YAML", "app, "} {
			if strings.Contains(s, canary) {
				t.Errorf("a printed configuration has %q", canary)
			}
		}
	}
	if _, shared, err := c.Keyring(); shared || err != nil {
		t.Errorf("a random keyring is shared: %v, %v", shared, err)
	}
}

func TestDefaults(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "comments": "# nothing\n", "null": "~", "empty sections": "server:\nauth:\n  tokens:\naccounts:\n  static:\nsecret_key:\nredis:\n  url:\n"} {
		t.Run(name, func(t *testing.T) {
			got, want := mustParse(t, text), Default()
			got.places, got.File = nil, ""
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// TestShippedFile holds the file that operators start from to the code: it loads, it says the defaults, its examples
// load too, and it has every key.
func TestShippedFile(t *testing.T) {
	raw, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, want := mustParse(t, string(raw)), Default()
	got.places, got.File = nil, ""
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the shipped file says %+v, the defaults are %+v", got, want)
	}
	text := strings.NewReplacer("tokens: []\n", "tokens:\n", "static: []\n", "static:\n", "  #  ", "     ").Replace(string(raw))
	text = strings.ReplaceAll(text, "file:/run/secrets/dd_application_key", "not-a-file")
	c := mustParse(t, text, "MB_TOKEN", strings.Repeat("x", MinToken), "MB_ADMIN_TOKEN", strings.Repeat("y", MinToken), "DD_API_KEY", "x")
	if len(c.Auth.Tokens) != 1 || len(c.Admin.Tokens) != 1 || len(c.Accounts.Static) != 1 {
		t.Errorf("the examples give %d tokens and %d accounts", len(c.Auth.Tokens), len(c.Accounts.Static))
	}
	for _, f := range regexp.MustCompile(`field\{"(\w+)"`).FindAllStringSubmatch(source(t), -1) {
		if !regexp.MustCompile(`(?m)^[ #-]*` + f[1] + `:`).Match(raw) {
			t.Errorf("the shipped file does not show the key %s", f[1])
		}
	}
}

// source is the package's own text.
func source(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 5 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "bad.yaml")
	t.Setenv("MB_TEST_LISTEN", "127.0.0.1:1")
	for path, text := range map[string]string{good: "server: { listen: ${MB_TEST_LISTEN} }", bad: "sever: {}"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := Load(good); err != nil || c.Server.Listen != "127.0.0.1:1" || c.File != good {
		t.Errorf("got %+v, %v", c, err)
	}
	_, err := Load(bad)
	var errs Errors
	if !errors.As(err, &errs) || len(errs) != 1 {
		t.Errorf("got %v", err)
	}
	if _, err := Load(filepath.Join(dir, "absent.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestAt(t *testing.T) {
	c := mustParse(t, "accounts:\n  static:\n    - id: a\n      connector: acmee\n      context: { site: x }\n")
	for key, want := range map[string]string{
		"accounts.static[0].connector":      "config.yaml:4:18: accounts.static[0].connector: no connector of this name",
		"accounts.static[0].context.site":   "config.yaml:5:24: accounts.static[0].context.site: no connector of this name",
		"accounts.static[0].context.absent": "config.yaml:5:16: accounts.static[0].context.absent: no connector of this name",
		"accounts.static[0].credentials.k":  "config.yaml:3:7: accounts.static[0].credentials.k: no connector of this name",
		"cursors":                           "config.yaml:1:1: cursors: no connector of this name",
	} {
		if got := c.At(key, "no connector of this %s", "name").Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
