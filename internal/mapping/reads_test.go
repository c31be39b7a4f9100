package mapping

import (
	"slices"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
)

func TestReads(t *testing.T) {
	p, findings := Compile(jq.Source{File: "x.jq", Text: `# x
def name($id): $lookups.accounts[$id].name;
def usage: {id, product: {id: $lookups.products[.p].id}, organization: {id: .o, name: name(.o)}};
def organizations: {id, name: name(.id)};
def products: {id};
`}, model(t))
	if p == nil {
		t.Fatal(findings)
	}
	for _, c := range []struct {
		name      string
		resources []string
		want      []string
	}{
		{"all", nil, []string{"accounts", "products"}},
		{"of one, through a definition", []string{"organizations"}, []string{"accounts"}},
		{"of one that reads none", []string{"products"}, nil},
		{"of two", []string{"organizations", "usage"}, []string{"accounts", "products"}},
	} {
		if got := p.Reads("$lookups", c.resources...); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
