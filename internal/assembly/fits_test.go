package assembly

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/mappings"
	"github.com/meterbridge/meterbridge/proxy"
)

func TestCassettesFitTheirConnectors(t *testing.T) {
	needs := strings.Replace(products, "context: { ", "context: { org: { required: true }, ", 1)
	for _, c := range []struct{ name, connector, was, is, want string }{
		{"both", products, "", "", ""},
		{"a resource that is not there", products, "two: { resource: products,", "two: { resource: product,", "7 cassette-request the request two is for product, which the connector does not have (did you mean products?)"},
		{"no variable", needs, "", "", "1 cassette-context context.org is required (set it below context: in cassette.yaml)"},
		{"another variable", needs, "auth: none", "auth: none\ncontext: { orgs: o }", "5 cassette-context context.orgs is not a variable of connector acme; did you mean org? (set it below context: in cassette.yaml)"},
		{"the variable", needs, "auth: none", "auth: none\ncontext: { org: o }", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(tape, c.was, c.is, 1)
			cassette, err := simulate.Parse("testdata/acme.txtar", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range fits(acme(t, c.connector), cassette, text) {
				got = append(got, fmt.Sprintf("%d %s %s (%s)", f.Line, f.Rule, f.Text, f.Fix))
			}
			if s := strings.Join(got, "\n"); s != c.want {
				t.Errorf("got %s\nwant %s", s, c.want)
			}
		})
	}
}

func TestContextIsDeclaredAndRead(t *testing.T) {
	model, err := mapping.LoadModel(mappings.FS, proxy.ModelName)
	if err != nil {
		t.Fatal(err)
	}
	const undeclared = "mapping the mapping reads $account.context.plan, which the connector does not declare"
	const unread = "unused context.org is read by nothing: neither by a slot, nor by auth, nor by the mapping"
	for _, c := range []struct{ name, variable, reads, want string }{
		{"neither", "", ".id", ""},
		{"not declared", "", "$account.context.plan", undeclared},
		{"not read", "org", ".id", unread},
		{"read by the mapping", "org", "$account.context.org", ""},
		{"read as a whole", "org", "($account.context | tostring)", ""},
		{"both", "org", "$account.context.plan", undeclared + "\n" + unread},
	} {
		text := products
		if c.variable != "" {
			text = strings.Replace(products, "context: { ", "context: { "+c.variable+": { title: T }, ", 1)
		}
		p, bad := mapping.Compile(jq.Source{File: "acme.jq", Text: "# Acme\ndef products: {id: " + c.reads + "};"}, model)
		if p == nil {
			t.Fatal(bad)
		}
		var got []string
		for _, f := range pair(acme(t, text), p) {
			got = append(got, f.Rule+" "+f.Text)
			if f.Warn != (f.Rule == "unused") {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
		if slices.Sort(got); strings.Join(got, "\n") != c.want {
			t.Errorf("%s: got %q\nwant %q", c.name, got, c.want)
		}
	}
	slot := strings.Replace(strings.Replace(products, "context: { ", "context: { org: { title: T }, ", 1), "/v1/{{", "/v1/{{ .context.org }}/{{", 1)
	if got := acme(t, slot).Unread(); len(got) > 0 {
		t.Errorf("a slot reads it: %v", got)
	}
}
