package mapping

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/mapping/native"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// emit runs a mapping of one resource on an item: its records, one a line, remote data after a tab.
func emit(t testing.TB, p *Program, resource, item string, vars *Vars) string {
	t.Helper()
	r := p.Runner(resource)
	if vars != nil {
		if err := r.Bind(vars); err != nil {
			return "error: " + err.Error()
		}
	}
	if _, st := r.Scan([]byte(item), 0, true); st != record.Done {
		t.Fatalf("the item does not scan: %s", item)
	}
	out := record.Batch{Buf: []byte("before"), Outs: []record.Out{{JSON: record.Span{Start: 0, End: 6}}}}
	err := r.Emit(&out)
	if !bytes.HasPrefix(out.Buf, []byte("before")) || out.JSON(0) == nil {
		t.Fatal("what was in the batch has changed")
	}
	if err != nil {
		if out.Len() != 1 || len(out.Buf) != 6 {
			t.Errorf("an error left %d outputs and %d bytes", out.Len(), len(out.Buf))
		}
		return "error: " + err.Error()
	}
	var lines []string
	for i := 1; i < out.Len(); i++ {
		validate(t, resource, out.JSON(i))
		line := string(out.JSON(i))
		if remote := out.Remote(i); remote != nil {
			line += "\t" + string(remote)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func validate(t testing.TB, resource string, rec []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(model(t).Schema(resource)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(rec))
	if err != nil {
		t.Fatalf("%v: %s", err, rec)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%s\n%v", rec, err)
	}
}

const emptyTail = `"organization":null,"charges":[],"usage":null,"start_date":null,"end_date":null,"created_at":null,"updated_at":null}`

func TestCanonicalForm(t *testing.T) {
	for _, c := range []struct{ name, program, want string }{
		{"everything is null but the id", `{id: "a"}`, `{"id":"a","product":null,"metric_name":null,"resources":[],` + emptyTail},
		{"every field, in the model's order", `{dimensions: {z: 1, a: "x"}, finality: "final", charge_category: "usage", surface: "api", model: {provider: "p", id: "m"},
			user: {name: "n", email: "e", id: 7}, workspace: {name: null, id: "w"}, updated_at: "2026-01-02T00:00:00Z", created_at: "2026-01-01T01:02:03.5+01:00",
			end_date: "2026-02-01T00:00:00Z", start_date: "2026-01-01T00:00:00Z", usage: {aggregation: "sum", unit_price: .p, unit: "GB", quantity: .q},
			charges: [{priced_by: "config", virtual: true, type: "total", currency: "CREDITS", amount: .a}], organization: {name: "o", id: "1"},
			resources: [{workspace: {id: "e"}, name: "r", id: "i"}], metric_name: "m", product: {name: "P", id: "p"}, id: "x"}`,
			`{"id":"x","product":{"id":"p","name":"P"},"metric_name":"m","resources":[{"id":"i","name":"r","workspace":{"id":"e","name":null}}],"organization":{"id":"1","name":"o"},` +
				`"charges":[{"amount":123.4567890123456789,"currency":"CREDITS","type":"total","virtual":true,"priced_by":"config"}],"usage":{"quantity":1.10,"unit":"GB","unit_price":12345678901234567890.123456789,"aggregation":"sum"},` +
				`"start_date":"2026-01-01T00:00:00Z","end_date":"2026-02-01T00:00:00Z","created_at":"2026-01-01T00:02:03Z","updated_at":"2026-01-02T00:00:00Z",` +
				`"workspace":{"id":"w","name":null},"user":{"id":"7","email":"e","name":"n"},"model":{"id":"m","provider":"p"},"surface":"api","charge_category":"usage","finality":"final","dimensions":{"a":"x","z":1}}`},
		{"objects of nulls are null", `{id: "a", product: {id: null}, organization: {}, usage: {quantity: null, unit: null}, workspace: {id: null}, user: {}, resources: [{}, null, {workspace: {id: null}}]}`,
			`{"id":"a","product":null,"metric_name":null,"resources":[],` + emptyTail},
		{"optional nulls are left out", `{id: "a", surface: null, finality: null, dimensions: {}, model: null}`, `{"id":"a","product":null,"metric_name":null,"resources":[],` + emptyTail},
		{"dimensions", `{id: "a", dimensions: {b: null, n: .q, t: true, l: [1, "x"], o: {k: .a}, "": "e"}}`,
			strings.TrimSuffix(`{"id":"a","product":null,"metric_name":null,"resources":[],`+emptyTail, "}") + `,"dimensions":{"":"e","l":"[1,\"x\"]","n":1.10,"o":"{\"k\":123.4567890123456789}","t":true}}`},
		{"dimensions of nulls", `{id: "a", dimensions: {b: null}}`, `{"id":"a","product":null,"metric_name":null,"resources":[],` + emptyTail},
		{"a charge without an amount is no charge", `{id: "a", charges: [{amount: null, currency: "USD", type: "total"}, {amount: 0, currency: "USD", type: "list"}]}`,
			strings.Replace(`{"id":"a","product":null,"metric_name":null,"resources":[],`+emptyTail, `[],"usage"`, `[{"amount":0,"currency":"USD","type":"list"}],"usage"`, 1)},
		{"a number as an id becomes its text", `{id: .a, product: {id: 5}}`, `{"id":"123.4567890123456789","product":{"id":"5","name":null},"metric_name":null,"resources":[],` + emptyTail},
		{"no output", `empty`, ``},
		{"the part that made the record", `.parts[] as $p | {id: $p.n, remote_data: $p}`,
			`{"id":"1","product":null,"metric_name":null,"resources":[],` + emptyTail + "\t" + `{"n":1,"v":1.10}` + "\n" + `{"id":"2","product":null,"metric_name":null,"resources":[],` + emptyTail + "\t" + `{"n":2}`},
		{"no part of its own", `{id: "a", remote_data: null}`, `{"id":"a","product":null,"metric_name":null,"resources":[],` + emptyTail},

		{"no id", `{metric_name: "m"}`, `error: id is null, and is required where the other members are not`},
		{"an empty record", `{}`, `error: id is missing, and is required`},
		{"an empty id", `{id: "", metric_name: "m"}`, `error: id is null, and is required where the other members are not`},
		{"an id that is no text", `{id: ["a"]}`, `error: id is ["a"], and must be a string`},
		{"a name without its id", `{id: "a", product: {name: "p"}}`, `error: product.id is null, and is required where the other members are not`},
		{"an unknown field", `{id: "a", ("prodct", "x" | select(. != "x")): 1, (["z", "z"] | join("")): 2}`, `error: prodct is no field of the model`},
		{"an unknown member", `{id: "a", charges: [{amount: 1, currency: "USD", type: "total", (["curency"] | join("")): 1}]}`, `error: charges[0].curency is no field of the model`},
		{"remote data in the wrong place", `{id: "a", product: {id: "p", (["remote_data"] | join("")): 1}}`, `error: product.remote_data is no field here`},
		{"an amount in a string", `{id: "a", charges: [{amount: "1.10", currency: "USD", type: "total"}]}`, "error: charges[0].amount is \"1.10\", and must be a number (`dec` reads one from a string)"},
		{"a charge without a currency", `{id: "a", charges: [{amount: 1, type: "total"}]}`, `error: charges[0].currency is null, and is required where the other members are not`},
		{"a currency in lower case", `{id: "a", charges: [{amount: 1, currency: "usd", type: "total"}]}`, `error: charges[0].currency is "usd", and must be a currency in upper case, such as USD or CREDITS`},
		{"a date without a time", `{id: "a", start_date: "2026-01-01"}`, "error: start_date is \"2026-01-01\", and must be an RFC 3339 date (`rfc3339` makes one)"},
		{"a day that is none", `{id: "a", start_date: "2026-02-30T00:00:00Z"}`, "error: start_date is \"2026-02-30T00:00:00Z\", and must be an RFC 3339 date (`rfc3339` makes one)"},
		{"a name that is a number", `{id: "a", metric_name: 5}`, `error: metric_name is 5, and must be a string`},
		{"a flag that is text", `{id: "a", charges: [{amount: 1, currency: "USD", type: "total", virtual: "yes"}]}`, `error: charges[0].virtual is "yes", and must be true or false`},
		{"a list that is an object", `{id: "a", resources: {id: 1}}`, `error: resources is {"id":1}, and must be an array`},
		{"an element that is text", `{id: "a", resources: ["r"]}`, `error: resources[0] is "r", and must be an object`},
		{"an object that is text", `{id: "a", product: "p"}`, `error: product is "p", and must be an object`},
		{"dimensions that are a list", `{id: "a", dimensions: [1]}`, `error: dimensions is [1], and must be an object`},
		{"a number that is none", `{id: "a", usage: {quantity: (1e308 | tonumber + 1e308)}}`, `error: usage.quantity can't be written: a number is not finite`},
		{"an output that is no object", `{id: "a"}, 5`, `error: an output is 5, and must be an object`},
		{"an error after an output", `{id: "a"}, error("late")`, `error: error: late`},
		{"a long value", `{id: "a", metric_name: [.long]}`, `error: metric_name is ["éééééééééééééééééééééééééééééééééééééééééééééé`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := emit(t, compile(t, "# acme\ndef usage: "+c.program+";\n"), "usage",
				`{"a":123.4567890123456789,"p":12345678901234567890.123456789,"q":1.10,"parts":[{"v":1.10,"n":1},{"n":2}],"long":"`+strings.Repeat("é", 100)+`"}`, nil)
			if strings.HasPrefix(got, "error: mapping usage: acme.jq:2:") {
				got = "error: " + unplaced(got)
				if c.name == "a long value" && len(got) < 200 && strings.HasSuffix(got, "…, and must be a string") {
					return
				}
			}
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCurrencyLimit(t *testing.T) {
	for n, want := range map[int]bool{1: false, 2: true, native.MaxCurrency: true, native.MaxCurrency + 1: false} {
		if _, ok, err := appendCurrency(nil, strings.Repeat("A", n)); ok != want || (err == nil) != want {
			t.Errorf("%d letters: %v, %v", n, ok, err)
		}
	}
}

// FuzzCanon: whatever an output is, what passes validates against the schema, and what does not leaves no trace.
func FuzzCanon(f *testing.F) {
	for _, s := range []string{`{"id":"a"}`, `{"id":1,"charges":[{"amount":1.10,"currency":"USD","type":"total"}],"dimensions":{"a":[1]}}`, `{"id":"a","start_date":"2026-01-01T00:00:00+01:00"}`,
		`{"id":"a","start_date":"2026-01-01 00:00:00Z"}`, `{"id":"a","usage":{"quantity":1e400},"remote_data":{"x":[]}}`, `{"id":"a","resources":[{},{"id":"r","workspace":{"name":"w"}}]}`, `[]`} {
		f.Add(s)
	}
	p := compile(f, "# acme\ndef usage: .;\n")
	f.Fuzz(func(t *testing.T, item string) {
		if !json.Valid([]byte(item)) {
			return
		}
		r := p.Runner("usage")
		if end, st := r.Scan([]byte(item), 0, true); st != record.Done || record.SkipSpace([]byte(item), end) != len(item) {
			return
		}
		var out record.Batch
		if err := r.Emit(&out); err != nil {
			if out.Len() != 0 || len(out.Buf) != 0 {
				t.Fatalf("%s: %v left %q", item, err, out.Buf)
			}
			return
		}
		validate(t, "usage", out.JSON(0))
	})
}
