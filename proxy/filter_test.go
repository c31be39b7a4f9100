package proxy

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/mappings"
)

func TestFilterKeeps(t *testing.T) {
	const rec = `{"id":"1","product":{"id":"p","name":"n"},"metric_name":"m","resources":[{"id":"r1","name":null,"workspace":{"id":"w1","name":null}},{"id":"r2","workspace":null}],"organization":{"id":"o"},"workspace":{"id":"w0"},"user":null}`
	for _, c := range []struct {
		name string
		f    filter
		want bool
	}{
		{"none", filter{}, true},
		{"a product", filter{"product_id": {"p"}}, true},
		{"another", filter{"product_id": {"x"}}, false},
		{"or within one", filter{"product_id": {"x", "p"}}, true},
		{"and between", filter{"product_id": {"p"}, "metric_name": {"m"}, "organization_id": {"o"}}, true},
		{"and between, one does not match", filter{"product_id": {"p"}, "metric_name": {"x"}}, false},
		{"the row's own workspace", filter{"workspace_id": {"w0"}}, true},
		{"a resource's workspace", filter{"workspace_id": {"w1"}}, true},
		{"no workspace of the row", filter{"workspace_id": {"w2"}}, false},
		{"any resource", filter{"resource_id": {"r2"}}, true},
		{"no user", filter{"user_id": {"u"}}, false},
		{"an id and not a name", filter{"product_id": {"n"}}, false},
		{"no pattern", filter{"product_id": {"*"}}, false},
	} {
		if got := c.f.keep([]byte(rec)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestFiltersFollowWhatIsFilled(t *testing.T) {
	for _, c := range []struct {
		name  string
		omits map[string]string
		want  []string
	}{
		{"all", nil, Filters},
		{"no user", map[string]string{"user": "none"}, []string{"product_id", "organization_id", "workspace_id", "resource_id", "metric_name"}},
		{"the row's workspace alone", map[string]string{"resources": "none"}, []string{"product_id", "organization_id", "workspace_id", "user_id", "metric_name"}},
		{"a resource's workspace alone", map[string]string{"workspace": "none"}, Filters},
		{"no workspace at all", map[string]string{"workspace": "none", "resources.workspace": "none"}, []string{"product_id", "organization_id", "resource_id", "user_id", "metric_name"}},
	} {
		if got := filtersOf(&connector.Resource{Name: "usage", Omits: c.omits}, nil); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	r := &connector.Resource{Name: "usage", Omits: map[string]string{"user": "none"}}
	if err := checkFilters(filter{"product_id": {"x"}}, r, nil, "acme"); err != nil {
		t.Errorf("a filter on what is filled: %v", err)
	}
	p := problem.From(checkFilters(filter{"user_id": {"x"}}, r, nil, "acme"))
	if p == nil || p.Code != problem.UnsupportedFilter || p.Status != 400 || p.Details["parameter"] != "user_id" {
		t.Errorf("a filter on what is never filled: %v", p)
	}
	if p := problem.From(checkFilters(filter{"product_id": {"x"}}, &connector.Resource{Name: "workspaces"}, nil, "acme")); p == nil || p.Code != problem.UnsupportedFilter {
		t.Errorf("a filter of usage on another list: %v", p)
	}
}

// TestSentFilters: a provider is not asked to filter by a field that an override sets, or could.
func TestSentFilters(t *testing.T) {
	model, err := mapping.LoadModel(mappings.FS, ModelName)
	if err != nil {
		t.Fatal(err)
	}
	base, findings := mapping.Compile(jq.Source{File: "acme.jq", Text: "# acme\ndef usage: {id: .id};"}, model)
	if base == nil {
		t.Fatal(findings)
	}
	for text, want := range map[string]string{
		`{metric_name: .x}`:              "product_id workspace_id",
		`{product: {name: .x}}`:          "metric_name product_id workspace_id",
		`{product: .x}`:                  "metric_name workspace_id",
		`{resources: [{workspace: .x}]}`: "metric_name product_id",
		`.x`:                             "",
		`{"$replace": {id: .x}}`:         "",
		`empty`:                          "metric_name product_id workspace_id",
	} {
		o, findings := mapping.CompileOverrides(mapping.Account, map[string]jq.Source{"usage": {Text: text}}, model)
		if o == nil {
			t.Fatal(findings)
		}
		q := &request{mapped: "usage", program: base.With(o), filter: filter{"metric_name": {"m"}, "product_id": {"p"}, "workspace_id": {"w"}}}
		if got := strings.Join(slices.Sorted(maps.Keys(q.sent())), " "); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	r := &connector.Resource{Name: "usage", Omits: map[string]string{"user": "none"}}
	o, _ := mapping.CompileOverrides(mapping.Account, map[string]jq.Source{"usage": {Text: `{user: {id: .x}}`}}, model)
	if err := checkFilters(filter{"user_id": {"x"}}, r, base.With(o), "acme"); err != nil {
		t.Error("a filter on what an override fills:", err)
	}
}
