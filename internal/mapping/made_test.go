package mapping

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
)

func program(t *testing.T, text string) *Program {
	t.Helper()
	p, bad := Compile(jq.Source{File: "acme.jq", Text: "# Acme\n" + text}, model(t))
	if p == nil {
		t.Fatal(bad)
	}
	return p
}

func TestMade(t *testing.T) {
	p := program(t, `def usage: {
	id: .id, product: (if .p != null then {id: .p, name: $lookups.products[.p].name} else null end), metric_name: null,
	charges: [{amount: .cost, currency: "USD", type: (if .fee then "fee" else "total" end)}],
	usage: .measured, finality: (if $query.preliminary_from != null then "preliminary" else "final" end),
	remote_data: .whole};`)
	made := map[string]Made{}
	for _, m := range p.Made("usage") {
		made[m.Path] = m
	}
	for _, c := range []struct {
		path                     string
		mapped, always, constant bool
		texts                    string
	}{
		{"id", true, true, false, ""},
		{"product", true, false, false, ""},
		{"product.id", true, false, false, ""},
		{"product.name", true, false, false, ""},
		{"metric_name", false, false, false, ""},
		{"charges", true, true, false, ""},
		{"charges[].amount", true, true, false, ""},
		{"charges[].currency", true, true, true, `"USD"`},
		{"charges[].type", true, true, false, `"fee" "total"`},
		{"charges[].virtual", false, false, false, ""},
		{"usage.quantity", true, false, false, ""},
		{"finality", true, true, true, `"preliminary" "final"`},
		{"user.id", false, false, false, ""},
	} {
		m := made[c.path]
		if m.Mapped != c.mapped || m.Always != c.always || m.Constant() != c.constant || strings.Join(m.Texts, " ") != c.texts {
			t.Errorf("%s: %+v", c.path, m)
		}
	}
	if p.Made("products") != nil {
		t.Error("a resource that the file does not define has fields")
	}
	var reads []string
	for _, r := range p.ReadsOf("usage") {
		reads = append(reads, r.Root+strings.Join(r.Path, "."))
	}
	if slices.Contains(reads, ".whole") || !slices.Contains(reads, ".fee") || !slices.Contains(reads, "$lookupsproducts.[].name") {
		t.Errorf("%v", reads)
	}
}

func TestRounded(t *testing.T) {
	for _, c := range []struct{ name, amount, want string }{
		{"as it came", ".cost", ""},
		{"decimals", "[.a, (.b | dneg)] | dsum | dmul(.rate) | dshift(-2)", ""},
		{"a literal below zero", "-1", ""},
		{"texts that make a number", `"\(.units).\(.nanos)" | dec`, ""},
		{"lists laid together", "[.a] + [.b] | dsum", ""},
		{"what decides which", "if (.a | tonumber) > 1 then .a else .b end", ""},
		{"plus", ".a + .b", "2:40 +"},
		{"over, twice", ".a / 3 / 100", "2:40 / 2:44 /"},
		{"times of numbers", "(.a | dec) * (.b | dec)", "2:48 *"},
		{"before an exact function", "(.a / 100) | dec", "2:41 /"},
		{"add", "[.parts[].cost] | add", "2:55 add"},
		{"tonumber", ".a | tonumber", "2:42 tonumber"},
		{"round", ".a | round", "2:42 round"},
		{"in a definition", "half", "2:50 /"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := program(t, "def usage: {id, charges: [{amount: ("+strings.Replace(c.amount, "half", "def half: .a / 2; half", 1)+")}]};")
			var got []string
			for _, f := range p.Rounded() {
				op, _, _ := strings.Cut(f.Text, " ")
				got = append(got, fmt.Sprintf("%d:%d %s", f.Line, f.Col, op))
				if f.Rule != "money" || f.Fix == "" || !strings.HasSuffix(f.Text, "the charges[].amount of usage") {
					t.Errorf("%+v", f)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.amount, s, c.want)
			}
		})
	}
}
