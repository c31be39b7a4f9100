package gateway_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/telemetry/telemetrytest"
)

const observability = "../../docs/observability"

// exposed are the metrics of a gateway that has served, with the labels of each.
func exposed(t *testing.T) map[string][]string {
	t.Helper()
	redis := kvtest.Start(t)
	h := newHouseOf(t, func(cfg *config.Config) {
		cfg.Cursors.Store, cfg.Redis.URL = config.StoreRedis, secret.New(redis.URL())
	})
	h.ask(t, http.MethodGet, "/unified/usage-metering/usage?integrated_account_id=acme-1", reader)
	out := map[string][]string{}
	for line := range strings.Lines(string(h.ask(t, http.MethodGet, "/metrics", everyone).body)) {
		if m := regexp.MustCompile(`^([a-z_]+)(?:\{(.*)\})? `).FindStringSubmatch(line); m != nil {
			name := m[1]
			for _, l := range regexp.MustCompile(`([a-z_]+)="`).FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(out[name], l[1]) {
					out[name] = append(out[name], l[1])
				}
			}
			out[name] = append(out[name], "")
		}
	}
	if len(out) < 50 {
		t.Fatalf("only %d metrics", len(out))
	}
	return out
}

// queries are the expressions of the rules and of the dashboard.
func queries(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	for file, read := range map[string]func([]byte) error{
		"alerts.yaml": func(b []byte) error { return yaml.Unmarshal(b, &rules) }, "dashboard.json": func(b []byte) error { return json.Unmarshal(b, &dashboard) },
	} {
		text, err := os.ReadFile(observability + "/" + file)
		if err == nil {
			err = read(text)
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			out["the alert "+r.Alert] = r.Expr
		}
	}
	for _, p := range dashboard.Panels {
		for _, q := range p.Targets {
			out["the panel "+p.Title] += q.Expr + "\n"
		}
	}
	for _, v := range dashboard.Templating.List {
		if v.Definition != "" {
			out["the variable "+v.Name] = v.Definition
		}
	}
	if len(out) < 30 {
		t.Fatalf("only %d expressions", len(out))
	}
	return out
}

var (
	aMetric   = regexp.MustCompile(`\b(?:meterbridge|go|process)_[a-z_]+`)
	selected  = regexp.MustCompile(`\b((?:meterbridge|go|process)_[a-z_]+)\{([^}]*)\}`)
	aLabel    = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	grouped   = regexp.MustCompile(`by \(([^)]*)\)`)
	ofScraper = []string{"instance", "job"} // labels that Prometheus adds
)

// What the alerts, the dashboard and the page say of metrics is so: each is served, with the labels that are asked of it.
func TestMetricsThatAreNamedAreServed(t *testing.T) {
	metrics := exposed(t)
	for where, q := range queries(t) {
		var labels []string
		for _, name := range aMetric.FindAllString(q, -1) {
			if metrics[name] == nil {
				t.Errorf("%s asks for %s, which is not served", where, name)
			}
			labels = append(labels, metrics[name]...)
		}
		for _, s := range selected.FindAllStringSubmatch(q, -1) {
			for _, l := range aLabel.FindAllStringSubmatch(s[2], -1) {
				if !slices.Contains(metrics[s[1]], l[1]) && !slices.Contains(ofScraper, l[1]) {
					t.Errorf("%s asks %s for the label %s", where, s[1], l[1])
				}
			}
		}
		for _, g := range grouped.FindAllStringSubmatch(q, -1) {
			for l := range strings.SplitSeq(g[1], ", ") {
				if !slices.Contains(labels, l) {
					t.Errorf("%s groups by %s, which nothing has", where, l)
				}
			}
		}
	}
	page, err := os.ReadFile(observability + ".md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range aMetric.FindAllString(string(page), -1) {
		if metrics[name] == nil && metrics[name+"_count"] == nil && !slices.Contains(metrics["meterbridge_build_info"], name) {
			t.Errorf("the page names %s, which is not served", name)
		}
	}
	for name := range metrics {
		family := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if strings.HasPrefix(name, "meterbridge_") && !strings.Contains(string(page), "`"+family+"`") {
			t.Errorf("the page does not name %s", family)
		}
	}
}

// The page has the fields of a line, and a line has those of the page.
func TestTheFieldsOfALineAreDocumented(t *testing.T) {
	to := telemetrytest.NewReceiver(t)
	h := newHouseOf(t, func(cfg *config.Config) { cfg.Telemetry.OTLP, cfg.Telemetry.Sample = to.URL, 1 })
	h.ask(t, http.MethodGet, "/unified/usage-metering/usage?integrated_account_id=acme-1", reader)
	text, err := os.ReadFile(observability + ".md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	example := regexp.MustCompile(`(?m)^\{"time".*\}$`).FindString(page)
	var written, shown map[string]any
	for line := range strings.Lines(h.log.String()) {
		if strings.Contains(line, `"msg":"request"`) {
			if err := json.Unmarshal([]byte(line), &written); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := json.Unmarshal([]byte(example), &shown); err != nil {
		t.Fatalf("the example %s: %v", example, err)
	}
	_, table, _ := strings.Cut(page, "| field |")
	table, _, _ = strings.Cut(table, "\n\n")
	for name := range written {
		if _, ok := shown[name]; !ok {
			t.Errorf("the example has no %s", name)
		}
		if !strings.Contains(table, "`"+name+"`") {
			t.Errorf("the table has no %s", name)
		}
	}
	for name := range shown {
		if _, ok := written[name]; !ok {
			t.Errorf("a line has no %s", name)
		}
	}
}
