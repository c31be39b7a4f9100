package mapping

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// over compiles an override of products as an account has it.
func over(t testing.TB, layer Layer, text string) *Override {
	t.Helper()
	o, findings := CompileOverrides(layer, map[string]jq.Source{"products": {File: string(layer) + ".jq", Text: text}}, model(t))
	if o == nil {
		t.Fatal(findings)
	}
	return o
}

// baseText is the mapping that the overrides of these tests lie on: each product of the item's list, with a price that has
// more digits than a float.
const baseText = `# acme
def products: .list[] | . as $p | {id: .sku, name: .title, unit: .unit, created_at: (.made // null), remote_data: $p};`

// overrideItem is what the overrides of overrideCases read.
const overrideItem = `{"list":[{"sku":7,"title":"Seven","unit":"GB"}],"price":123.4567890123456789,"group":"g"}`

// overridden is the record of overrideItem with these fields.
func overridden(name, unit string) string {
	return `{"id":"7","name":` + name + `,"unit":` + unit + `,"created_at":null,"updated_at":null}` + "\t" + `{"sku":7,"title":"Seven","unit":"GB"}`
}

var overrideCases = []struct{ name, environment, account, want string }{
	{"adds and changes", `{name: .group}`, "", overridden(`"g"`, `"GB"`)},
	{"empty leaves it", `empty`, "", overridden(`"Seven"`, `"GB"`)},
	{"an empty object too", `{}`, "", overridden(`"Seven"`, `"GB"`)},
	{"null takes a value out", `{unit: null, name: null}`, "", `{"id":"7","name":null,"created_at":null,"updated_at":null}` + "\t" + `{"sku":7,"title":"Seven","unit":"GB"}`},
	{"base is the record as a client sees it", `{name: ([$base.id, $base.updated_at, ($base | has("remote_data"))] | tojson)}`, "", overridden(`"[\"7\",null,false]"`, `"GB"`)},
	{"the account lies on the environment", `{name: ($base.name + "+e"), unit: "e"}`, `{name: ($base.name + "+a")}`, overridden(`"Seven+e+a"`, `"e"`)},
	{"the account alone", "", `{name: "a"}`, overridden(`"a"`, `"GB"`)},
	{"the same id in another form", `{id: "7"}`, "", overridden(`"Seven"`, `"GB"`)},
	{"another id", `{id: "8"}`, "", `error: override of products (environment): environment.jq:1:1: record 7: id can't change, and is "8" where it was 7: stores and cursors go by it (only {"$replace": …} takes a record's place)`},
	{"replaced", `{"$replace": {id: "x", name: $base.name}}`, "", `{"id":"x","name":"Seven","created_at":null,"updated_at":null}` + "\t" + `{"sku":7,"title":"Seven","unit":"GB"}`},
	{"replaced with remote data of its own", `{"$replace": {id: "x", remote_data: [1]}}`, "", `{"id":"x","name":null,"created_at":null,"updated_at":null}` + "\t" + `[1]`},
	{"replaced, and laid over", `{"$replace": {id: "x"}}`, `{name: $base.id}`, `{"id":"x","name":"x","created_at":null,"updated_at":null}` + "\t" + `{"sku":7,"title":"Seven","unit":"GB"}`},
	{"replace does not stand with others", `{"$replace": {id: "x"}, name: "y"}`, "", `error: override of products (environment): environment.jq:1:1: record 7: $replace stands alone: it takes the whole record's place`},
	{"replace by no object", `{"$replace": .list}`, "", `error: override of products (environment): environment.jq:1:1: record 7: $replace is [{"sku":7,"title":"Seven","unit":"GB"}], and must be an object`},
	{"remote data is not mixed", `{remote_data: {group: .group}}`, "", strings.Split(overridden(`"Seven"`, `"GB"`), "\t")[0] + "\t" + `{"group":"g"}`},
	{"two outputs", `{name: "a"}, {name: "b"}`, "", `error: override of products (environment): environment.jq:1:1: record 7: it gives more than one output, and must give one object or none`},
	{"no object", `null`, "", "error: override of products (environment): environment.jq:1:1: record 7: an output is null, and must be an object; `empty` leaves the record as it is"},
	{"a failure", "# x\n  .group | error", "", "error: override of products (environment): environment.jq:1:1: record 7: error: g"},
	{"a value that the model does not take", `{unit: .price}`, `{name: "a"}`, `error: override of products (environment): environment.jq:1:1: record 7: unit is 123.4567890123456789, and must be a string`},
	{"the same, seen by the layer above", `{unit: .price}`, `{name: $base.name}`, `error: override of products (environment): environment.jq:1:1: record 7: unit is 123.4567890123456789, and must be a string`},
	{"the same, mended by the layer above", `{unit: .price}`, `{unit: "EUR"}`, overridden(`"Seven"`, `"EUR"`)},
	{"of the account", `{unit: "e"}`, `{unit: .price}`, `error: override of products (account): account.jq:1:1: record 7: unit is 123.4567890123456789, and must be a string`},
	{"a field that a computed object brings", `{unit: "e"} + {("na" + "mes"): 1}`, "", `error: override of products (environment): environment.jq:1:1: record 7: names is no field of the model`},
}

func TestOverride(t *testing.T) {
	for _, c := range overrideCases {
		t.Run(c.name, func(t *testing.T) {
			p := compile(t, baseText)
			if c.environment != "" {
				p = p.With(over(t, Environment, c.environment))
			}
			if c.account != "" {
				p = p.With(over(t, Account, c.account))
			}
			if got := emit(t, p, "products", overrideItem, nil); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// Objects merge by key as deep as they go, and every number keeps its digits.
func TestMergeOfUsage(t *testing.T) {
	p := compile(t, `# acme
def usage: {id: .id, product: {id: "P", name: "Product"}, usage: {quantity: .n, unit: "GB"}, start_date: "2026-01-01T00:00:00Z",
  charges: [{amount: .cost, currency: "USD", type: "total"}], dimensions: {a: 1.10, b: "x"}};`)
	o, findings := CompileOverride(Environment, jq.Source{File: "e.jq", Text: `def half: dmul(0.5);
def usage: {product: {name: "Renamed"}, usage: {unit_price: .price}, dimensions: {a: .n, c: $account.tenant},
  charges: ($base.charges + [$base.charges[0] | {amount: (.amount | half), currency, type: "discount"}])};`}, model(t))
	if o == nil {
		t.Fatal(findings)
	}
	const want = `{"id":"1","product":{"id":"P","name":"Renamed"},"metric_name":null,"resources":[],"organization":null,` +
		`"charges":[{"amount":123.4567890123456789,"currency":"USD","type":"total"},{"amount":61.72839450617283945,"currency":"USD","type":"discount"}],` +
		`"usage":{"quantity":1.000,"unit":"GB","unit_price":0.10},"start_date":"2026-01-01T00:00:00Z","end_date":null,"created_at":null,"updated_at":null,` +
		`"dimensions":{"a":1.000,"b":"x","c":"t"}}`
	got := emit(t, p.With(o), "usage", `{"id":1,"n":1.000,"price":0.10,"cost":123.4567890123456789}`, &Vars{Account: []byte(`{"tenant":"t"}`)})
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	moved := p.With(usageOver(t, `{start_date: "2026-01-02T00:00:00Z"}`))
	if got := emit(t, moved, "usage", `{"id":1}`, nil); !strings.Contains(got, "start_date can't change") {
		t.Error(got)
	}
	same := p.With(usageOver(t, `{start_date: "2026-01-01T01:00:00+01:00", end_date: "2026-01-02T00:00:00Z"}`))
	if got := emit(t, same, "usage", `{"id":1}`, nil); !strings.Contains(got, `"end_date":"2026-01-02T00:00:00Z"`) {
		t.Error(got)
	}
}

func usageOver(t *testing.T, text string) *Override {
	t.Helper()
	o, findings := CompileOverrides(Account, map[string]jq.Source{"usage": {File: "a.jq", Text: text}}, model(t))
	if o == nil {
		t.Fatal(findings)
	}
	return o
}

// The mapping says how many records an item makes and in which order, and no override changes it.
func TestOverrideKeepsTheOutputs(t *testing.T) {
	p := compile(t, baseText).With(over(t, Environment, `if $base.id == "2" then empty elif $base.id == "3" then {"$replace": {id: "9"}} else {name: .list[0].sku | tostring} end`))
	got := emit(t, p, "products", `{"list":[{"sku":1},{"sku":2},{"sku":3},{"sku":4}]}`, nil)
	var ids []string
	for line := range strings.Lines(got) {
		ids = append(ids, strings.Split(line, `"`)[3])
	}
	if s := strings.Join(ids, " "); s != "1 2 9 4" {
		t.Error(s)
	}
	p = compile(t, baseText).With(over(t, Environment, `if $base.id == "3" then error("three") else {name: "n"} end`))
	if got := emit(t, p, "products", `{"list":[{"sku":1},{"sku":2},{"sku":3},{"sku":4}]}`, nil); got != "error: override of products (environment): environment.jq:1:1: record 3: error: three" {
		t.Error(got)
	}
}

func TestOverrideFindings(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a root that there is not", "def usage: {id: $bass.id};", "e.jq:1:17: unknown-variable: $bass is not defined (fix: did you mean $base?)"},
		{"a field of no record", "def usage: {\n  metrik_name: .m};", "e.jq:2:3: unknown-field: metrik_name is no field of usage (fix: did you mean metric_name?)"},
		{"a member", "def usage: {usage: {quanity: .m}};", "e.jq:1:21: unknown-field: usage.quanity is no field of usage (fix: did you mean quantity?)"},
		{"a member of a list", "def usage: {charges: [{amont: 1}]};", "e.jq:1:24: unknown-field: charges.amont is no field of usage (fix: did you mean amount?)"},
		{"in a replacement", `def usage: {"$replace": {idd: 1}};`, "e.jq:1:26: unknown-field: idd is no field of usage (fix: did you mean id?)"},
		{"what is the provider's is free", `def usage: {dimensions: {anything: 1}, remote_data: {a: {b: 1}}};`, ""},
		{"no resource", "def usages: {};", "e.jq:1:1: no-resource: no definition is named as a resource of the model (fix: add `def usage: …;`, or one of usage, products, organizations, workspaces, users)"},
		{"the clock", "def usage: {id: now};", "e.jq:1:17: clock: now reads the clock, so that no run could be repeated (fix: in a connector's slot use `.now`)"},
		{"syntax", "def usage: {", "e.jq:1:13: syntax: unexpected EOF (fix: something is left open: a bracket, an `if` without `end`, a `def` without `;`)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, findings := CompileOverride(Environment, jq.Source{File: "e.jq", Text: c.text}, model(t))
			var got []string
			for _, f := range findings {
				got = append(got, f.String())
			}
			if s := strings.Join(got, "\n"); s != c.want || (o == nil) != (c.want != "") {
				t.Errorf("got %s (%v)", s, o != nil)
			}
		})
	}
	_, findings := CompileOverrides(Account, map[string]jq.Source{"usag": {File: "c.yaml", Line: 7, Col: 9, Text: "{}"}}, model(t))
	if len(findings) != 1 || findings[0].String() != "c.yaml:7:9: unknown-resource: the model has no resource usag (fix: did you mean usage?)" {
		t.Error(findings)
	}
}

func TestOverrideIsAPartOfTheProgram(t *testing.T) {
	base := compile(t, "# acme\ndef usage: {id: .k}; def products: {id: $lookups.names[.k]};")
	o := usageOver(t, `{product: {name: $lookups.products[.k].title}, dimensions: {team: .team}}`)
	p := base.With(o)
	if base.Hash() == p.Hash() || p.Hash() != base.With(usageOver(t, o.resources["usage"].src.Text)).Hash() || p.Hash() == base.With(usageOver(t, `{}`)).Hash() {
		t.Error("the hash does not tell the overrides")
	}
	if p.With(o).Hash() == p.Hash() || base.With(nil) != base {
		t.Error("layers")
	}
	if got := fmt.Sprint(p.Reads("$lookups", "usage"), p.Reads("$lookups"), base.Reads("$lookups"), o.Reads("$lookups")); got != "[products] [names products] [names] [products]" {
		t.Error(got)
	}
	for path, want := range map[string]Layer{"product.name": Account, "product": Account, "product.id": Base, "dimensions": Account, "charges[].amount": Base, "metric_name": Base} {
		if got := p.LayerOf("usage", path); got != want || p.Settles("usage", path) != (want == Base) {
			t.Errorf("%s: %s", path, got)
		}
	}
	if p.LayerOf("products", "name") != Base || base.With(usageOver(t, `.`)).Settles("usage", "metric_name") {
		t.Error("what is open may be anything")
	}
	if src, ok := o.SourceOf("usage"); !ok || src.File != "a.jq" {
		t.Error(src)
	}
	if _, ok := o.SourceOf("products"); ok {
		t.Error("products are overridden by nobody")
	}
	if _, ok := (*Override)(nil).SourceOf("usage"); ok {
		t.Error("nothing has a source")
	}
}

// The time of an override is that of a mapping, for all records of an item together.
func TestOverrideBudget(t *testing.T) {
	slow := `(reduce (.list[] as $a | .list[] as $b | .list[] as $c | .list[]) as $x (0; . + 1)) as $n | {name: ($n | tostring)}`
	r := compile(t, "# acme\ndef products: {id: \"1\"}, {id: \"2\"};").With(over(t, Account, slow)).Runner("products")
	var out record.Batch
	item := `{"list":[1` + strings.Repeat(",1", 199) + `]}`
	r.Scan([]byte(item), 0, true)
	began := time.Now()
	var e *Error
	if err := r.Emit(&out); !errors.Is(err, jq.ErrBudget) || !errors.As(err, &e) || e.Layer != Account || e.Record != `"1"` || out.Len() != 0 {
		t.Errorf("%d records, %v", out.Len(), err)
	}
	if took := time.Since(began); took < Budget(len(item)) {
		t.Errorf("it was stopped after %v", took)
	}
	o := &overRun{}
	if _, err := o.run(t.Context(), nil, nil, nil, nil); !errors.Is(err, jq.ErrBudget) {
		t.Error("a record after the time was used up:", err)
	}
	r.Scan([]byte(`{"list":[1]}`), 0, true)
	if err := r.Emit(&out); err != nil || out.Len() != 2 {
		t.Errorf("the next item: %d records, %v", out.Len(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Scan([]byte(`{"list":[1]}`), 0, true)
	if err := r.EmitContext(ctx, new(record.Batch)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Two records that an override makes as long as a batch may be, and one byte more.
func TestOverrideOutputIsBounded(t *testing.T) {
	r := compile(t, "# acme\ndef products: {id: \"1\"}, {id: \"2\"};").With(over(t, Account, `{name: .n}`)).Runner("products")
	overhead := 2 * len(`{"id":"1","name":"","created_at":null,"updated_at":null}`)
	run := func(n int) error {
		var out record.Batch
		r.Scan([]byte(`{"n":"`+strings.Repeat("a", n)+`"}`), 0, true)
		return r.Emit(&out)
	}
	if err := run((MaxBatch - overhead) / 2); err != nil {
		t.Error("at the limit:", err)
	}
	if err := run((MaxBatch-overhead)/2 + 1); !errors.Is(err, jq.ErrBudget) {
		t.Error("past the limit:", err)
	}
}

func TestTry(t *testing.T) {
	var seen []string
	p := compile(t, baseText).With(over(t, Environment, `if $base.id == "2" then error("two") else {name: "n"} end`)).Try(func(x Tried) {
		seen = append(seen, fmt.Sprintf("%s %s %t %t %v", x.Resource, x.ID, strings.Contains(string(x.Before), `"name":null`), strings.Contains(string(x.After), `"name":"n"`), x.Err))
	})
	got := emit(t, p, "products", `{"list":[{"sku":1},{"sku":2},{"sku":3}]}`, nil)
	if strings.Count(got, `"name":"n"`) != 2 || strings.Count(got, `"name":null`) != 1 {
		t.Error(got)
	}
	want := "products 1 true true <nil>\nproducts 2 true false override of products (environment): environment.jq:1:1: record 2: error: two\nproducts 3 true true <nil>"
	if s := strings.Join(seen, "\n"); s != want {
		t.Errorf("got %s", s)
	}
}
