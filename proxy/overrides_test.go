package proxy_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// recorded is acme with three lines; the second one has two records.
const recorded = `Lines of acme's.
-- cassette.yaml --
month: 2026-02
now: 2026-03-20T12:00:00Z
credentials: { key: ` + acmeKey + ` }
auth: { X-Api-Key: "{key}" }
-- exchange/lines --
GET /lines?from={start:date}&to={end:date}
items: data.lines
date: records.0.start_date

200
Content-Type: application/json

{"data":{"lines":[
  {"team":"blue","records":[{"id":"a","product":{"id":"p1","name":"One"},"charges":[{"amount":123.4567890123456789,"currency":"USD","type":"total"}],"start_date":"2026-02-01T00:00:00Z"}]},
  {"team":"red","records":[{"id":"b","product":{"id":"p1","name":"One"},"charges":[{"amount":0.10,"currency":"USD","type":"total"}],"start_date":"2026-02-02T00:00:00Z"},
             {"id":"c","product":{"id":"p2"},"charges":[],"start_date":"2026-02-02T00:00:00Z"}]},
  {"records":[{"id":"d","metric_name":"as it was","start_date":"2026-02-03T00:00:00Z"}]}
]},"meta":{"next":null}}
-- exchange/teams --
GET /teams

200
Content-Type: application/json

{"data":[]}
`

const (
	environment = `# Teams, and what they pay.
def markup: dmul(1.1);
def usage:
  if .team == null then empty
  else {dimensions: {team}, product: {name: "E \($base.product.id)"},
        charges: ($base.charges + [$base.charges[] | {amount: (.amount | markup), currency, type: "net"}])} end;
`
	ofAccount = `if $base.id == "d" then {metric_name: "as the account has it"} else {dimensions: {of: $account.tenant_id}, user: {id: $base.dimensions.team}} end`
)

// overridden is acme's recording behind a gateway with an environment's and an account's overrides.
func overridden(t *testing.T, environment string, own *account.Overrides) *house {
	t.Helper()
	c, err := simulate.Parse("acme.txtar", []byte(recorded))
	if err != nil {
		t.Fatal(err)
	}
	sim, err := simulate.New(simulate.Config{Cassettes: []*simulate.Cassette{c}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return newHouse(t, server.URL+"/acme", func(s *setup) {
		s.configure = func(cfg *config.Config) {
			if environment != "" {
				cfg.Overrides.Dir = overridesDir(t, map[string]string{"acme.jq": environment})
			}
			cfg.Accounts.Static[0].Overrides = own
		}
	})
}

func overridesDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "usage-metering"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "usage-metering", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mappingOf(text string) *account.Overrides {
	return &account.Overrides{Mappings: map[string]jq.Source{"usage": {File: "config.yaml", Line: 9, Col: 5, Text: text}}}
}

func requestsOf(text string) *account.Overrides {
	return &account.Overrides{Requests: jq.Source{File: "config.yaml", Text: text}}
}

const february = "start_date=2026-02"

// TestOverridesInEveryFormat: base, environment and account are laid over each other wherever records are written, and
// money keeps its digits on the way.
func TestOverridesInEveryFormat(t *testing.T) {
	h := overridden(t, environment, mappingOf(ofAccount))
	const a = `"charges":[{"amount":123.4567890123456789,"currency":"USD","type":"total"},{"amount":135.80246791358024679,"currency":"USD","type":"net"}]`
	records := h.walk(february + "&limit=1&truto_ignore_remote_data=true")
	if got := strings.Join(ids(t, records), " "); got != "a b c d" {
		t.Fatal(got)
	}
	want := []string{
		`"product":{"id":"p1","name":"E p1"}`, a, `"user":{"id":"blue","email":null,"name":null}`, `"dimensions":{"of":"t1","team":"blue"}`,
	}
	for _, w := range want {
		if !strings.Contains(records[0], w) {
			t.Errorf("%s lacks %s", records[0], w)
		}
	}
	if !strings.Contains(records[3], `"metric_name":"as the account has it"`) || strings.Contains(records[3], "dimensions") {
		t.Error(records[3])
	}
	for name, query := range map[string]string{"stream": "&truto_response_format=stream", "debug": "&truto_response_format=debug"} {
		if got := h.good(february + query).body; !strings.Contains(got, a) || strings.Count(got, `"of":"t1"`) < 3 {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := h.good(february+"&truto_response_format=stream", "Accept", "text/event-stream").body; !strings.Contains(got, a) {
		t.Error(got)
	}
	if got := h.good(february + "&truto_response_format=normalized").body; !strings.Contains(got, `"amount":135.80246791358024679,"currency":"USD","type":"net"`) || !strings.Contains(got, `"user_id":"blue"`) {
		t.Error(got)
	}
	if got := h.good(february, "Accept", "text/csv").body; !strings.Contains(got, "135.80246791358024679") || !strings.Contains(got, "E p1") {
		t.Error(got)
	}
	if got := h.good(february + "&truto_response_format=raw").body; strings.Contains(got, "E p1") || !strings.Contains(got, `"team":"blue"`) {
		t.Error("raw is the provider's own:", got)
	}
	if got := h.good("/proxy/usage?integrated_account_id=acme-1&" + february).body; strings.Contains(got, "E p1") {
		t.Error("/proxy is the provider's own:", got)
	}
	if got := h.good("/unified/usage-metering/products?integrated_account_id=acme-1&" + february).body; !strings.Contains(got, `{"id":"p1","name":"E p1"`) {
		t.Error("a derived list is that of the merged records:", got)
	}
	if got := h.good("/unified/usage-metering/users?integrated_account_id=acme-1&" + february).body; !strings.Contains(got, `"id":"blue"`) {
		t.Error("a derived list is that of the merged records:", got)
	}
}

// A filter looks at the merged records. Where an override sets its field the provider is not asked to filter.
func TestOverridesAndFilters(t *testing.T) {
	h := overridden(t, environment, mappingOf(ofAccount))
	if got := ids(t, h.walk(february+"&user_id=red")); !slices.Equal(got, []string{"b", "c"}) {
		t.Error(got)
	}
	if got := ids(t, h.walk(february+"&metric_name=as%20the%20account%20has%20it")); !slices.Equal(got, []string{"d"}) {
		t.Error(got)
	}
}

// An override that fails says where it stands and on which record.
func TestOverrideThatFails(t *testing.T) {
	h := overridden(t, environment, mappingOf(`if $base.id == "c" then error("no c") else {metric_name: "m"} end`))
	got := h.get(february)
	if got.status != 502 || got.code(t) != "mapping_failed" || !strings.Contains(got.list(t).Message, `override of usage (account): config.yaml:9:5: record "c": error: no c`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	h = overridden(t, "def usage: {metric_name: 5};", nil)
	if got := h.get(february); got.status != 502 || !strings.Contains(got.list(t).Message, `usage-metering/acme.jq:1:5: record "a": metric_name is 5, and must be a string`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestReloadSwapsOverrides: a cursor from before a change of an override is stale, one from before any other is not.
func TestReloadSwapsOverrides(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*testing.T, *config.Config)
		stale  bool
	}{
		{"nothing", func(*testing.T, *config.Config) {}, false},
		{"the environment's mapping", func(t *testing.T, cfg *config.Config) {
			cfg.Overrides.Dir = overridesDir(t, map[string]string{"acme.jq": `def usage: {metric_name: "new"};`})
		}, true},
		{"the environment's requests", func(t *testing.T, cfg *config.Config) {
			cfg.Overrides.Dir = overridesDir(t, map[string]string{"acme.jq": `def usage: {metric_name: "old"};`, "acme.yaml": "usage: { query: { x: 1 } }"})
		}, true},
		{"the account's mapping", func(_ *testing.T, cfg *config.Config) {
			cfg.Accounts.Static[0].Overrides = mappingOf(`{metric_name: "new"}`)
		}, true},
		{"the account's requests", func(_ *testing.T, cfg *config.Config) {
			cfg.Accounts.Static[0].Overrides = requestsOf("usage: { headers: { X-New: 1 } }")
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cfg *config.Config
			upstream := newAcme(t, someLines(3)...)
			h := newHouse(t, upstream.URL, func(s *setup) {
				s.configure = func(made *config.Config) {
					cfg = made
					cfg.Overrides.Dir = overridesDir(t, map[string]string{"acme.jq": `def usage: {metric_name: "old"};`})
				}
			})
			first := h.good(twoMonths + "&limit=1").list(t)
			if !strings.Contains(string(first.Result[0]), `"metric_name":"old"`) {
				t.Fatal(string(first.Result[0]))
			}
			c.change(t, cfg)
			if err := h.Load(cfg); err != nil {
				t.Fatal(err)
			}
			next := h.get(twoMonths + "&limit=1&next_cursor=" + *first.Next)
			if c.stale && next.code(t) != "cursor_stale" || !c.stale && next.status != 200 {
				t.Errorf("%d %s", next.status, next.body)
			}
			want := `"metric_name":"old"`
			if strings.Contains(c.name, "mapping") {
				want = `"metric_name":"new"`
			}
			if got := h.good(twoMonths).body; strings.Count(got, want) != 3 {
				t.Error(got)
			}
		})
	}
}

// TestBrokenOverridesStartNothing: every finding has its place, and the running set stays.
func TestBrokenOverridesStartNothing(t *testing.T) {
	upstream := newAcme(t, someLines(1)...)
	for _, c := range []struct {
		name, file, text string
		own              *account.Overrides
		want             string
	}{
		{"jq", "acme.jq", "def usage:\n  {metric_name: .x;", nil, "acme.jq:2:19: syntax: "},
		{"a field", "acme.jq", "def usage: {prodct: {}, usage: {quantty: 1}};", nil, "acme.jq:1:33: unknown-field: usage.quantty is no field of usage (fix: did you mean quantity?)"},
		{"a resource of no mapping", "acme.jq", "def products: {name: .x};", nil, "acme.jq:1:5: derived: products are derived from usage, and have no mapping of their own (fix: override usage)"},
		{"a lookup", "acme.jq", "def usage: {metric_name: $lookups.names.x};", nil, "acme.jq:1:5: mapping: the override reads $lookups.names, which the connector does not declare (fix: there are: teams)"},
		{"a connector", "acmee.jq", "def usage: {};", nil, "acmee.jq:1:1: unknown-connector: no connector acmee is installed (fix: did you mean acme.jq?)"},
		{"a request", "acme.yaml", "usage:\n  query: { cursor: 1 }", nil, "acme.yaml:2:12: value: the parameter cursor leads from page to page (fix: remove it)"},
		{"an account's mapping", "", "", mappingOf(`{usage: .a} | nope`), "config.yaml:9:19: unknown-function: nope is not defined"},
		{"an account's requests", "", "", requestsOf(`{"usage":{"query":{"key":1},"headers":{"x-api-key":1}}}`), "config.yaml:1:40: value: the header x-api-key is not an override's to set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cfg *config.Config
			h := newHouse(t, upstream.URL, func(s *setup) { s.configure = func(made *config.Config) { cfg = made } })
			if c.file != "" {
				cfg.Overrides.Dir = overridesDir(t, map[string]string{c.file: c.text})
			}
			cfg.Accounts.Static[0].Overrides = c.own
			if err := h.Load(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			if got := h.good(twoMonths); got.list(t).Count != 1 {
				t.Error(got.body)
			}
		})
	}
	h := newHouse(t, upstream.URL)
	cfg := config.Default()
	cfg.Overrides.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(cfg.Overrides.Dir, "acme.jq"), []byte("def usage: {};"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.Load(cfg); err == nil || !strings.Contains(err.Error(), "acme.jq:1:1: misplaced: overrides lie in a folder named as their model") {
		t.Error("a file that nobody reads:", err)
	}
	cfg.Overrides.Dir = filepath.Join(cfg.Overrides.Dir, "nowhere")
	if err := h.Load(cfg); err == nil {
		t.Error("a folder that is not there")
	}
}

// TestOverridesOfRequests: what the provider is asked, layer by layer, on every page.
func TestOverridesOfRequests(t *testing.T) {
	upstream := newAcme(t, someLines(3)...)
	upstream.per = 2
	h := newHouse(t, upstream.URL, func(s *setup) {
		s.configure = func(cfg *config.Config) {
			cfg.Overrides.Dir = overridesDir(t, map[string]string{"acme.yaml": "usage: { query: { size: 7, e: \"{{ .window.start | month }}\", gone: 1 } }"})
			cfg.Accounts.Static[0].Overrides = requestsOf(`{"usage":{"query":{"a":"{{ .granularity }}","gone":null}}}`)
		}
	})
	if got := h.walk("start_date=2026-01-01&end_date=2026-01-31&remote_query[a]=caller"); len(got) == 0 {
		t.Fatal("no records")
	}
	h.good("start_date=2026-01-01&end_date=2026-01-31")
	var got []string
	for _, c := range upstream.calls {
		if strings.Contains(c, "/lines") {
			got = append(got, c)
		}
	}
	want := []string{
		"GET /lines?from=2026-01-01&to=2026-02-01&size=7&e=2026-01&a=caller",
		"GET /lines?from=2026-01-01&to=2026-02-01&size=7&e=2026-01&a=day",
	}
	if len(got) < 2 || got[0] != want[0] || !slices.Contains(got, want[1]) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// TestOverridesAreTold: capabilities and meta show what overrides add, and whose each field is.
func TestOverridesAreTold(t *testing.T) {
	own := mappingOf(ofAccount)
	own.Requests = jq.Source{File: "config.yaml", Text: `{"usage":{"query":{"a":1}}}`}
	h := overridden(t, environment, own)
	var caps struct {
		Resources map[string]struct {
			Fields  []string
			Layers  map[string]string `json:"field_layers"`
			Filters []string
		}
	}
	if err := json.Unmarshal([]byte(h.good("/integrated-account/acme-1/capabilities").body), &caps); err != nil {
		t.Fatal(err)
	}
	usage := caps.Resources["usage"]
	for field, want := range map[string]string{"dimensions": "account", "product.name": "environment", "product.id": "base", "charges": "environment", "charges[].amount": "environment", "user.id": "account", "metric_name": "account", "id": "base"} {
		if got := usage.Layers[field]; got != want || !slices.Contains(usage.Fields, field) {
			t.Errorf("%s is filled by %q, want %s", field, got, want)
		}
	}
	if len(usage.Layers) != len(usage.Fields) {
		t.Errorf("%d fields and %d layers", len(usage.Fields), len(usage.Layers))
	}
	if got := caps.Resources["users"]; got.Layers["id"] != "account" || got.Layers["name"] != "base" {
		t.Errorf("users: %v", got.Layers)
	}
	if caps.Resources["organizations"].Layers != nil {
		t.Error("organizations are overridden by nobody")
	}
	meta := func(path string) (out []string) {
		var m struct {
			Mapping   struct{ File string }
			Overrides []struct{ Layer, Of, File, Source string }
		}
		if err := json.Unmarshal([]byte(h.good(path).body), &m); err != nil {
			t.Fatal(err)
		}
		for _, o := range m.Overrides {
			out = append(out, fmt.Sprintf("%s %s %s %t", o.Layer, o.Of, filepath.Base(o.File), o.Source == environment || o.Source == ofAccount || o.Source == own.Requests.Text))
		}
		return out
	}
	all := []string{"environment mapping acme.jq true", "account mapping config.yaml true", "account requests config.yaml true"}
	same(t, "meta of an account", meta("/unified/usage-metering/usage/meta/list?integrated_account_id=acme-1"), all)
	same(t, "meta of a derived list", meta("/unified/usage-metering/products/meta/list?integrated_account_id=acme-1"), all)
	same(t, "meta of a connector", meta("/unified/usage-metering/usage/acme/meta/list"), all[:1])
	same(t, "meta of another resource", meta("/unified/usage-metering/organizations/meta/get?integrated_account_id=acme-1"), nil)
}

// TestOverridesTakeNoLongerThanMappings: what does not end is stopped with an error that names the override.
func TestOverridesTakeNoLongerThanMappings(t *testing.T) {
	slow := `[.team | explode[] as $a | explode[] as $b | explode[] as $c | explode[] as $d | 1] as $n | {metric_name: ($n | length | tostring)}`
	upstream := newAcme(t, line{"2026-01-01", `{"team":"` + strings.Repeat("x", 200) + `","records":[` + totalRecord("a", "2026-01-01", "1") + `]}`})
	h := newHouse(t, upstream.URL, func(s *setup) {
		s.configure = func(cfg *config.Config) { cfg.Accounts.Static[0].Overrides = mappingOf(slow) }
	})
	began := time.Now()
	got := h.get("start_date=2026-01")
	if got.status != 502 || !strings.Contains(got.list(t).Message, "override of usage (account)") || !strings.Contains(got.list(t).Message, "budget exceeded") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("after %v", took)
	}
}
