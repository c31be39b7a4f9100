package mapping

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/mappings"
)

func model(t testing.TB) *Model {
	t.Helper()
	m, err := LoadModel(mappings.FS, "usage-metering")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func acme(t testing.TB) *Program {
	t.Helper()
	text, err := os.ReadFile("testdata/acme.jq")
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, string(text))
}

func compile(t testing.TB, text string) *Program {
	t.Helper()
	p, findings := Compile(jq.Source{File: "acme.jq", Text: text}, model(t))
	for _, f := range findings {
		t.Error(f)
	}
	if p == nil {
		t.Fatal("no program")
	}
	return p
}

func TestProgram(t *testing.T) {
	p := acme(t)
	if !p.Has("usage") || !p.Has("products") || p.Has("users") || p.Runner("users") != nil {
		t.Error("resources", p.Resources())
	}
	if got := strings.Join(p.Reads("$lookups"), " "); got != "places" {
		t.Error("lookups", got)
	}
	if got := strings.Join(p.Reads("$query"), " "); got != "preliminary_from" {
		t.Error("query", got)
	}
	if got := p.Reads("$page"); got != nil {
		t.Error("page", got)
	}
	if p.Source().File != "acme.jq" || !strings.Contains(p.Source().Text, "def usage") {
		t.Error("source", p.Source())
	}
	q := compile(t, p.Source().Text+"\n")
	if p.Hash() == q.Hash() || p.Hash() != acme(t).Hash() {
		t.Error("hash", p.Hash(), q.Hash())
	}
	got := emit(t, p, "usage", costLine, &Vars{Lookups: []byte(`{"places":{"env-123":{"label":"prod"}}}`), Query: []byte(`{"preliminary_from":"2022-12-31T00:00:00Z"}`), Account: []byte(`{"id":"o-1"}`)})
	want := `{"id":"cost-f3a90de","product":{"id":"QUEUE","name":null},"metric_name":"QUEUE_STORAGE","resources":[{"id":"res-00000","name":"queue_1","workspace":{"id":"env-123","name":"prod"}}],` +
		`"organization":{"id":"o-1","name":null},"charges":[{"amount":50.0,"currency":"USD","type":"total"},{"amount":70.0,"currency":"USD","type":"list"},{"amount":-20.0,"currency":"USD","type":"discount"}],` +
		`"usage":{"quantity":569.105691,"unit":"GB","unit_price":0.123},"start_date":"2023-01-01T00:00:00Z","end_date":"2023-01-02T00:00:00Z","created_at":null,"updated_at":null,` +
		`"charge_category":"usage","finality":"preliminary","dimensions":{"network_access_type":"INTERNET"}}`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := emit(t, p, "products", `{"catalogue":[{"sku":"S","title":"T","unit":"GB","price":1.10}]}`, nil); got != `{"id":"S","name":"T","unit":"GB","created_at":null,"updated_at":null}`+"\t"+`{"price":1.10,"sku":"S","title":"T","unit":"GB"}` {
		t.Error(got)
	}
}

func TestCompileFindings(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no comment", "def usage: {id: .};", "acme.jq:1:1: header: the file does not say whose items it maps (fix: start it with a comment)"},
		{"no resource", "# x\ndef usages: .;", "acme.jq:1:1: no-resource: no definition is named as a resource of the model (fix: add `def usage: …;`, or one of usage, products, organizations, workspaces, users)"},
		{"a resource with parameters", "# x\ndef usage(f): .;", "acme.jq:1:1: no-resource: no definition is named as a resource of the model (fix: add `def usage: …;`, or one of usage, products, organizations, workspaces, users)"},
		{"a root that there is not", "# x\ndef usage: {id: $base.id};", "acme.jq:2:17: unknown-variable: $base is not defined (fix: in scope: $query $account $call $page $lookups $parent $carry)"},
		{"an unbounded function", "# x\ndef usage:\n  {id: (.a | gsub(\"a\"; \"b\"))};", "acme.jq:3:14: global-regex: gsub takes time that grows with the square of the input's length (fix: use `split(\"…\")`, `join(\"…\")`, `replace_all(a; b)`, `slug`, or `test` and `capture` without the flag g)"},
		{"an unknown field", "# x\ndef usage: {id: .a, service: .sku};", "acme.jq:2:21: unknown-field: service is no field of usage (fix: did you mean surface?)"},
		{"an unknown field of some outputs", "# x\ndef usage: if .a then {id: .a, prodct: .p} else {id: .b} end;", "acme.jq:2:32: unknown-field: prodct is no field of usage (fix: did you mean product?)"},
		{"an unknown field that is null", "# x\ndef usage: {id: .a, servce: null};", "acme.jq:2:21: unknown-field: servce is no field of usage (fix: did you mean surface?)"},
		{"an unknown member of an object", "# x\ndef usage: {id: .a, product: {nam: .t, id: .p}};", "acme.jq:2:31: unknown-field: product.nam is no field of usage (fix: did you mean name?)"},
		{"an unknown member of a list's", "# x\ndef charge($a): {amount: $a, currancy: \"USD\", type: \"total\"};\ndef usage: {id: .a, charges: [charge(.c), (.more[] | charge(.c))]};", "acme.jq:2:30: unknown-field: charges.currancy is no field of usage (fix: did you mean currency?)"},
		{"an unknown field that is laid over others", "# x\ndef usage: ({id: .a} + {dimension: .d}) | with_entries(select(.value != null));", "acme.jq:2:25: unknown-field: dimension is no field of usage (fix: did you mean dimensions?)"},
		{"a definition that is in nobody's way", "# x\ndef other: now;\ndef usage: {id: .a};", "acme.jq:2:12: clock: now reads the clock, so that no run could be repeated (fix: in a connector's slot use `.now`)"},
	} {
		p, findings := Compile(jq.Source{File: "acme.jq", Text: c.text}, model(t))
		if len(findings) != 1 || findings[0].String() != c.want {
			t.Errorf("%s: %v\nwant %s", c.name, findings, c.want)
		}
		if (p == nil) != jq.Failed(findings) {
			t.Errorf("%s: program %v", c.name, p != nil)
		}
	}
	for name, text := range map[string]string{
		"what is beside the record": "{id: .a, remote_data: .r, warning: null}",
		"names of the data's":       "{id: .a, dimensions: {anything: .b}}",
		"what no output has":        "{extra: .a} | {id: .extra}",
	} {
		if _, findings := Compile(jq.Source{File: "acme.jq", Text: "# x\ndef usage: " + text + ";"}, model(t)); jq.Failed(findings) {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

func TestLoad(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	builtin := fstest.MapFS{"acme.jq": file("# a\ndef usage: {id: 1};"), "other.jq": file("# o\ndef products: {id: 1};"), "model.yaml": file("")}
	own := fstest.MapFS{"acme.jq": file("# mine\ndef users: {id: 1};"), "broken.jq": file("# b\ndef usage: {")}
	programs, findings := Load(model(t), builtin, own)
	if len(programs) != 2 || !programs["acme"].Has("users") || programs["acme"].Has("usage") || !programs["other"].Has("products") {
		t.Error(programs)
	}
	if len(findings) != 1 || !strings.HasPrefix(findings[0].String(), "broken.jq:2:13: syntax: unexpected EOF") {
		t.Error(findings)
	}
}

// The mappings that are shipped compile without a word.
func TestShippedMappings(t *testing.T) {
	dir, err := fs.Sub(mappings.FS, "usage-metering")
	if err != nil {
		t.Fatal(err)
	}
	_, findings := Load(model(t), dir)
	for _, f := range findings {
		t.Error(f)
	}
}

// TestLibraries: what a mapping includes comes from the folder lib, of which the later counts, and is a part of its hash.
func TestLibraries(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	builtin := fstest.MapFS{"acme.jq": file("# a\ninclude \"ids\";\ndef usage: {id: theirs};"), "plain.jq": file("# p\ndef usage: {id: .a};"), "lib/ids.jq": file("# i\ndef theirs: .old + $page.p;")}
	own := fstest.MapFS{"lib/ids.jq": file("# i\ndef theirs: .new;")}
	load := func(dirs ...fs.FS) (map[string]*Program, []jq.Finding) { return Load(model(t), dirs...) }
	programs, findings := load(builtin)
	changed, more := load(builtin, own)
	if len(programs) != 2 || len(changed) != 2 || len(findings)+len(more) > 0 {
		t.Fatal(programs, findings, more)
	}
	if got := emit(t, changed["acme"], "usage", `{"old":"o","new":"n"}`, nil); !strings.HasPrefix(got, `{"id":"n"`) {
		t.Error(got)
	}
	if programs["acme"].Hash() == changed["acme"].Hash() || programs["plain"].Hash() != changed["plain"].Hash() {
		t.Error("the hash covers what is included, and nothing else")
	}
	if !programs["acme"].Mentions("$page") || changed["acme"].Mentions("$page") {
		t.Error("what a library reads, the mapping reads")
	}
	programs, findings = load(builtin, fstest.MapFS{"lib/ids.jq": file("# i\ndef theirs: nope;"), "other.jq": file("# o\ninclude \"ids\";\ndef usage: {id: theirs};")})
	if len(programs) != 1 || len(findings) != 1 || findings[0].File != "lib/ids.jq" || findings[0].Line != 2 {
		t.Error(programs, findings)
	}
	if f := LintLibrary(jq.Source{File: "lib/ids.jq", Text: "def theirs: $query.x;"}); len(f) != 1 || f[0].Rule != "header" {
		t.Error(f)
	}
}
