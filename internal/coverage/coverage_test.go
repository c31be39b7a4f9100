package coverage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/mappings"
	"github.com/meterbridge/meterbridge/proxy"
)

const acme = `connector: acme
title: Acme
context: { base_url: { default: "https://api.acme.example" } }
resources:
  usage:
    granularities: [day]
    omits: { user: the API knows no users, usage.unit_price: no prices, model: none, surface: none, charges.virtual: money }
    approximates: { metric_name: "the plan's name, which has no measure", workspace: the site }
    filters: [product_id]
    list:
      get: /costs
      query: { product: "{{ .query.product_id }}" }
      items: data
`

const acmeMapping = `# Acme.
def usage: {
  id, product: {id: .sku, name: $lookups.skus[.sku].name}, metric_name: .plan,
  charges: [{amount: .cost, currency: "USD", type: "total"}], workspace: {id: .site, name: .site_name},
  organization: {id: $account.context.org}, usage: {quantity: .n, unit: .unit}, start_date: .day,
  dimensions: (.tags // {}), remote_data: .};
`

// seen are two records, one of them in two goldens, and items of three shapes.
var seen = Evidence{
	Goldens: [][]byte{
		[]byte(`{"result":[{"id":"a","product":{"id":"p","name":null},"charges":[{"amount":1.50,"currency":"USD","type":"total"}],"dimensions":{}},
			{"id":"b","product":{"id":"q","name":"Q"},"charges":[],"usage":{"quantity":0,"unit":"h"}}]}`),
		[]byte(`{"result":[{"id":"b","product":{"id":"q","name":"Q"},"charges":[],"usage":{"quantity":0,"unit":"h"}}]}`),
	},
	Items: [][]byte{
		[]byte(`{"id":"a","sku":"p","cost":1.50,"kind":"Cost","tags":{"team":"x"},"meta":{"etag":"1","parts":[{"n":1}]},"empty":[]}`),
		[]byte(`{"id":"b","sku":"q","site":null}`),
		[]byte(`[{"id":"c","sku":"r","late":true}]`),
	},
}

func covered(t *testing.T, with Evidence) *Connector {
	t.Helper()
	model, err := mapping.LoadModel(mappings.FS, proxy.ModelName)
	if err != nil {
		t.Fatal(err)
	}
	set, bad := connector.Load(fstest.MapFS{"acme.yaml": {Data: []byte(acme)}})
	program, worse := mapping.Compile(jq.Source{File: "acme.jq", Text: acmeMapping}, model)
	if jq.Failed(bad) || program == nil {
		t.Fatal(bad, worse)
	}
	c, err := Of(&proxy.Catalog{Connectors: set, Mappings: map[string]*mapping.Program{"acme": program}, Model: model}, set.Get("acme"), with)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOf(t *testing.T) {
	c := covered(t, seen)
	if c.Records != 2 {
		t.Errorf("%d records, and two are different", c.Records)
	}
	for _, want := range []struct{ path, is string }{
		{"id", "mapped 2 [id]"},
		{"product.name", "mapped 1 [$lookups.skus[].name]"},
		{"metric_name", "approximated 0 [plan] the plan's name, which has no measure"},
		{"workspace.id", "approximated 0 [site] the site"},
		{"charges[].amount", "mapped 1 [cost]"},
		{"charges[].currency", `constant 1 [] ["USD"]`},
		{"charges[].virtual", "absent 0 [] money"},
		{"organization.id", "constant 0 [$account.context.org]"},
		{"usage.quantity", "mapped 1 [n]"}, // 0 is filled
		{"usage.unit_price", "absent 0 [] no prices"},
		{"user.email", "absent 0 [] the API knows no users"},
		{"created_at", "absent 0 []"},
		{"dimensions", "mapped 0 [tags]"}, // {} is not
	} {
		f := c.Field(want.path)
		if f == nil {
			t.Errorf("%s is not in the table", want.path)
			continue
		}
		got := fmt.Sprintf("%s %d %v", f.How, f.Filled, f.From)
		if len(f.Values) > 0 {
			got += fmt.Sprintf(" %v", f.Values)
		}
		if f.Reason != "" {
			got += " " + f.Reason
		}
		if got != want.is {
			t.Errorf("%s is %s, want %s", want.path, got, want.is)
		}
	}
	if got := strings.Join(c.Unread, " "); got != "empty kind late meta.etag meta.parts[].n" {
		t.Errorf("unread: %s", got)
	}
	if got := fmt.Sprint(c.Filters); got != "[{product_id provider} {organization_id gateway} {workspace_id gateway} {resource_id gateway} {user_id } {metric_name gateway}]" {
		t.Errorf("filters: %s", got)
	}
}

// TestEveryFieldHasAGroup: none of the model's fields falls out of the table.
func TestEveryFieldHasAGroup(t *testing.T) {
	c := covered(t, seen)
	n := 0
	for _, g := range Groups(c.Fields) {
		if n += len(g.Paths); g.Title == "More" {
			t.Errorf("%v stand in no group of their own", g.Paths)
		}
	}
	if n != len(c.Fields) {
		t.Errorf("%d fields, %d in groups", len(c.Fields), n)
	}
	if more := Groups([]Field{{Path: "invented.id"}}); len(more) != 1 || more[0].Title != "More" {
		t.Errorf("%v", more)
	}
}

func TestTable(t *testing.T) {
	table := string(Table([]*Connector{covered(t, seen)}))
	for _, line := range []string{
		"| | id | product.id | product.name | metric_name |",
		"| [acme](connectors/acme.md) | ● | ● | ● 50 | ◐ 0 |",
		"| [acme](connectors/acme.md) | ● 50 | ○ 50 | ○ 50 | · | · | · |",
		"| [acme](connectors/acme.md) | provider | gateway | gateway | gateway | · | gateway |",
		"* The same for every record: `organization.id` (`$account.context.org`), `charges.currency` (`\"USD\"`), `charges.type` (`\"total\"`).",
		"* Approximated: `workspace.id`, `workspace.name`: the site.",
		"* Absent: `user.id`, `user.email`, `user.name`: the API knows no users.",
		"* The provider's fields that no mapping reads (they are in `remote_data`): `empty`, `kind`, `late`, `meta.etag`, `meta.parts[].n`.",
	} {
		if !strings.Contains(table, line) {
			t.Errorf("the table lacks %s\n%s", line, table)
		}
	}
	if unproven := string(Table([]*Connector{covered(t, Evidence{})})); !strings.Contains(unproven, "| ● ? |") || !strings.Contains(unproven, "No recording shows a record.") {
		t.Errorf("without a recording:\n%s", unproven)
	}
}

func TestListsAreBounded(t *testing.T) {
	for _, n := range []int{maxListed, maxListed + 1} {
		c := &Connector{Records: 1}
		for i := range n {
			c.Unread = append(c.Unread, fmt.Sprintf("day%d", i))
		}
		line := c.Shown()[1]
		if got := strings.Count(line, "`day"); got != maxListed || strings.Contains(line, " and 1 more.") != (n > maxListed) {
			t.Errorf("of %d, %d are listed: %s", n, got, line)
		}
	}
}

func TestFieldTable(t *testing.T) {
	lines := strings.Split(covered(t, seen).FieldTable(), "\n")
	for _, want := range []string{
		"| `id` | ● | 100 % | `id` |", "| `charges[].currency` | ○ | 50 % | `\"USD\"` |", "| `organization.id` | ○ | 0 % | `$account.context.org` |",
		"| `metric_name` | ◐ | 0 % | `plan`: the plan's name, which has no measure |", "| `surface` | · |  | none |",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %s in\n%s", want, strings.Join(lines, "\n"))
		}
	}
}
