package mapping

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// layeredText is a mapping with a field of each kind, over two lines.
const layeredText = `# acme
def usage: {id, product: {id: .sku, name: .title}, start_date: .day,
 charges: [{amount: .cost, currency: "USD", type: "total"}], dimensions: {region}};`

const layeredItem = `{"id":"a","sku":"s","title":"t","day":"2026-01-01T00:00:00Z","cost":1.5,"region":"r","tags":{"team":"blue"},"more":7}`

// layersOf are the fields of all records as "field=value<-sources@layer:line", those that the mapping has unchanged left out.
func layersOf(x *Explanation, plain map[string]string) string {
	var out []string
	for _, r := range x.Records {
		for _, f := range r.Fields {
			told := fmt.Sprintf("%s<-%s@%s:%s", f.Value, strings.Join(f.From, "+"), f.Layer, f.Line)
			if plain[f.Field] != told {
				out = append(out, f.Field+"="+told)
			}
		}
	}
	return strings.Join(out, " ")
}

// layers is the mapping with an environment's file and an account's expression over it, which starts on line 9 of its file.
func layers(t *testing.T, environment, own string) *Program {
	t.Helper()
	p := compile(t, layeredText)
	if environment != "" {
		o, findings := CompileOverride(Environment, jq.Source{File: "env.jq", Text: environment}, model(t))
		if o == nil {
			t.Fatal(findings)
		}
		p = p.With(o)
	}
	if own != "" {
		o, findings := CompileOverrides(Account, map[string]jq.Source{"usage": {File: "config.yaml", Line: 9, Text: own}}, model(t))
		if o == nil {
			t.Fatal(findings)
		}
		p = p.With(o)
	}
	return p
}

func explainLayers(t *testing.T, p *Program, item string) (*Explainer, *Explanation) {
	t.Helper()
	e, err := p.Explainer("usage", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Bind(&Vars{Account: []byte(`{"tenant":"o"}`)}); err != nil {
		t.Fatal(err)
	}
	x, err := e.Item(t.Context(), []byte(item), 0)
	if err != nil {
		t.Fatal(err)
	}
	if x.Partial {
		t.Error("it is partial")
	}
	return e, x
}

// TestExplainLayers: whose each value is, where it is built, and which of the provider's fields it comes from, also
// where it comes by way of $base.
func TestExplainLayers(t *testing.T) {
	_, base := explainLayers(t, layers(t, "", ""), layeredItem)
	plain := map[string]string{}
	for _, f := range base.Records[0].Fields {
		plain[f.Field] = fmt.Sprintf("%s<-%s@%s:%s", f.Value, strings.Join(f.From, "+"), f.Layer, f.Line)
	}
	for _, c := range []struct{ name, environment, own, want string }{
		{"adds", "def usage: {\n dimensions: {team: .tags.team}};", "", `dimensions.team="blue"<-tags.team@environment:env.jq:2`},
		{"adds of the account", "", "{metric_name: \"m\",\n organization: {id: $account.tenant}}", `metric_name="m"<-constant@account:config.yaml:9 organization.id="o"<-$account.tenant@account:config.yaml:10`},
		{"by arithmetic on what is below", "def usage:\n {usage: {\n quantity: ($base.charges[0].amount | dmul(2))}};", "", `usage.quantity=3.0<-cost@environment:env.jq:3`},
		{"a field of its own value", "", `{product: {name: ($base.product.name + "!")}}`, `product.name="t!"<-title@account:config.yaml:9`},
		{"of several fields", "", `{metric_name: "\($base.product.id)/\(.region)"}`, `metric_name="s/r"<-region+sku@account:config.yaml:9`},
		{"from another field", "", `{metric_name: $base.product.name}`, `metric_name="t"<-title@account:config.yaml:9`},
		{"a list with one more", "def usage: {\n charges: ($base.charges + [$base.charges[0] | {\n amount: (.amount | dmul(2)), currency,\n type: \"net\"}])};", "",
			`charges[1].amount=3.0<-cost@environment:env.jq:3 charges[1].currency="USD"<-constant@environment:env.jq:3 charges[1].type="net"<-constant@environment:env.jq:4`},
		{"a list with one more before", "", `{charges: ([{amount: 1, currency: "EUR", type: "list"}] + $base.charges)}`,
			`charges[0].amount=1<-constant@account:config.yaml:9 charges[0].currency="EUR"<-constant@account:config.yaml:9 charges[0].type="list"<-constant@account:config.yaml:9 ` +
				`charges[1].amount=1.5<-cost@base:acme.jq:3 charges[1].currency="USD"<-constant@base:acme.jq:3 charges[1].type="total"<-constant@base:acme.jq:3`},
		{"without a key", "\ndef usage:\n $base | .charges[].amount |= dmul(2);", "", `charges[0].amount=3.0<-cost@environment:env.jq:2`},
		{"replaced", `def usage: {"$replace": {id: "x", metric_name: .title, start_date: $base.start_date}};`, "",
			`id="x"<-constant@environment:env.jq:1 metric_name="t"<-title@environment:env.jq:1`},
		{"empty", "def usage: empty;", "empty", ""},
		{"empty, and more above", "def usage: empty;", "{metric_name: .title}", `metric_name="t"<-title@account:config.yaml:9`},
		{"empty for some", `def usage: if .tags.team == "blue" then {metric_name: .title} else empty end;`, "", `metric_name="t"<-title@environment:env.jq:1`},
		{"what says the same is its own", "", `{id: "a", product: {name: .title}}`, `id="a"<-constant@account:config.yaml:9 product.name="t"<-title@account:config.yaml:9`},
		{"what is handed on is not", "", `{id: $base.id, product: {name: $base.product.name}, dimensions: $base.dimensions}`, ""},
		{"two layers in one object", `def usage: {product: {name: .sku}, dimensions: {team: .tags.team}};`, `{product: {id: .title}, dimensions: {of: $account.tenant, region: ($base.dimensions.region + $base.dimensions.team)}}`,
			`product.id="t"<-title@account:config.yaml:9 product.name="s"<-sku@environment:env.jq:1 dimensions.of="o"<-$account.tenant@account:config.yaml:9 ` +
				`dimensions.region="rblue"<-region+tags.team@account:config.yaml:9 dimensions.team="blue"<-tags.team@environment:env.jq:1`},
		{"one layer over the other", `def usage: {metric_name: .sku};`, `{metric_name: .title}`, `metric_name="t"<-title@account:config.yaml:9`},
		{"one layer through the other", `def usage: {metric_name: .sku};`, `$base + {user: {id: $base.metric_name}}`, `metric_name="s"<-sku@environment:env.jq:1 user.id="s"<-sku@account:config.yaml:9`},
		{"a condition on what is below", "", `if $base.product.id == "s" then {metric_name: "it"} else empty end`, `metric_name="it"<-constant@account:config.yaml:9`},
		{"a null takes it out", "", `{charges: null}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := layers(t, c.environment, c.own)
			_, x := explainLayers(t, p, layeredItem)
			if got := layersOf(x, plain); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			served := emit(t, p, "usage", layeredItem, &Vars{Account: []byte(`{"tenant":"o"}`)})
			if got := string(x.Records[0].Output); got != served {
				t.Errorf("\n explained %s\n    served %s", got, served)
			}
		})
	}
}

// TestUnreadOfLayers: what any of them reads is read, and $base is nothing of the provider's.
func TestUnreadOfLayers(t *testing.T) {
	for _, c := range []struct{ environment, own, want string }{
		{"", "", "more tags.team"},
		{"def usage: {dimensions: .tags};", "", "more"},
		{"def usage: {metric_name: $base.product.more};", "{metric_name: $base.tags.team}", "more tags.team"},
		{"def usage: {dimensions: .tags};", "{user: {id: .more}}", ""},
	} {
		e, _ := explainLayers(t, layers(t, c.environment, c.own), layeredItem)
		if unread, _, _ := e.Unread(); strings.Join(unread, " ") != c.want {
			t.Errorf("%s, %s: unread %v, want %s", c.environment, c.own, unread, c.want)
		}
	}
}

// TestExplainedLayersAreBounded: the runs of an override for itself count as those of the whole do.
func TestExplainedLayersAreBounded(t *testing.T) {
	explain := func(most int) (*Explainer, *Explanation) {
		e, err := layers(t, "", `$base + {metric_name: .sku}`).Explainer("usage", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		e.most = most
		x, err := e.Item(t.Context(), []byte(layeredItem), 0)
		if err != nil {
			t.Fatal(err)
		}
		return e, x
	}
	e, _ := explain(maxExplainRuns)
	need := e.runs
	for _, c := range []struct {
		most int
		cut  bool
	}{{need, false}, {need - 1, true}, {1, true}} {
		e, x := explain(c.most)
		if x.Partial != c.cut || e.runs > c.most {
			t.Errorf("of %d runs %d are needed: %d, partial %v", c.most, need, e.runs, x.Partial)
		}
		if got := x.Records[0].Fields; c.most == 1 && (got[0].Layer != Account || got[0].From[0] != Unknown) {
			t.Errorf("without a run: %+v", got[0])
		}
	}
}

// TestExplainedOverrideThatFails says where, as it does where the record is served.
func TestExplainedOverrideThatFails(t *testing.T) {
	for own, want := range map[string]string{`error("no")`: "error: no", `{id: "b"}`: "id can't change", `{}, {}`: "more than one output"} {
		e, err := layers(t, "", own).Explainer("usage", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = e.Item(t.Context(), []byte(layeredItem), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", own, err)
		}
	}
}

// TestExplainThroughWhatTheModelDoesNotTake: one layer may mend what the one below left.
func TestExplainThroughWhatTheModelDoesNotTake(t *testing.T) {
	_, x := explainLayers(t, layers(t, `def usage: {charges: [1], metric_name: .sku};`, `{charges: [], product: {name: $base.metric_name}}`), layeredItem)
	if got := layersOf(x, nil); !strings.Contains(got, `metric_name="s"<-sku@environment:env.jq:1`) || !strings.Contains(got, `product.name="s"<-sku@account:config.yaml:9`) {
		t.Error(got)
	}
	_, x = explainLayers(t, layers(t, `def usage: {charges: ([1] + $base.charges)};`, `{charges: ($base.charges[1:] | map(. + {amount: 2}))}`), layeredItem)
	if got := layersOf(x, nil); !strings.Contains(got, `charges[0].amount=2<-constant@account:config.yaml:9`) {
		t.Error(got)
	}
}
