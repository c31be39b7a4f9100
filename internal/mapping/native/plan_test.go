package native_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/mapping/native"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/mappings"
)

func fieldsOf(fs []*mapping.Field) []native.Field {
	var out []native.Field
	for _, f := range fs {
		out = append(out, native.Field{Name: f.Name, Type: string(f.Type), Always: f.Always, Required: f.Required, Needs: f.Needs, Fields: fieldsOf(f.Fields)})
	}
	return out
}

// canon holds plans to what package mapping writes of the same outputs.
type canon struct {
	model  *mapping.Model
	runner map[string]*mapping.Runner
	plan   map[string]*native.Plan
}

func newCanon(t testing.TB) *canon {
	t.Helper()
	m, err := mapping.LoadModel(mappings.FS, "usage-metering")
	if err != nil {
		t.Fatal(err)
	}
	c := &canon{m, map[string]*mapping.Runner{}, map[string]*native.Plan{}}
	for _, name := range m.Names() {
		p, findings := mapping.Compile(jq.Source{File: "acme.jq", Text: "# acme\ndef " + name + ": .;\n"}, m)
		if p == nil {
			t.Fatal(findings)
		}
		c.runner[name], c.plan[name] = p.Interpreted().Runner(name), native.NewPlan(fieldsOf(m.Resource(name).Fields), mapping.RemoteData, mapping.WarningField)
	}
	return c
}

func (c *canon) check(t *testing.T, resource, doc string) (ok bool) {
	t.Helper()
	r := c.runner[resource]
	if end, st := r.Scan([]byte(doc), 0, true); st != record.Done || record.SkipSpace([]byte(doc), end) != len(doc) {
		return false
	}
	var batch record.Batch
	err := r.Emit(&batch)
	if err != nil && strings.Contains(err.Error(), mapping.WarningField) {
		return false // the runner's, whom the plan hands it
	}
	const before = "before"
	got, remote, ok := c.plan[resource].Written([]byte(before), []byte(doc))
	switch {
	case !strings.HasPrefix(string(got), before):
		t.Fatalf("%s: %q stands where %q stood", doc, got, before)
	case ok != (err == nil):
		t.Fatalf("%s:\n written as %s, %v, want %v", doc, got, ok, err)
	case !ok && len(got) > len(before):
		t.Fatalf("%s left %q", doc, got)
	case ok && (string(got[len(before):]) != string(batch.JSON(0)) || string(remote) != string(batch.Remote(0))):
		t.Fatalf("%s:\n written as %s beside %s\n want       %s beside %s", doc, got[len(before):], remote, batch.JSON(0), batch.Remote(0))
	}
	return ok
}

// outputs are what mappings give, some of which the model does not take.
var outputs = []string{
	`{"id":"a"}`, `{"id":1}`, `{"id":""}`, `{"id":null}`, `{}`, `[]`, `{"nothing":1}`, `{"id":"a","warning":null,"remote_data":{"b":[1,"é"],"a":0.10}}`, `{"remote_data":{}}`,
	`{"id":"a","resources":[{},null,{"id":"r","workspace":{"name":"w"}},{"id":null,"nothing":1}],"product":{"id":null,"name":"p"}}`,
	`{"id":"a","start_date":"2026-01-01T00:00:00+01:00","end_date":"2026-02-30T00:00:00Z"}`, `{"id":"a","start_date":"2026-01-01T00:00:00.5Z","end_date":"2026-02-28T24:00:00Z"}`,
	`{"id":"a","start_date":"0000-12-31T23:59:59Z"}`, `{"id":"a","start_date":"2026-01-01 00:00:00Z"}`, `{"id":"a","start_date":"2026-01-01"}`, `{"id":"a","start_date":"9999-12-31T23:59:59-01:00"}`,
	`{"id":"a","charges":[{"amount":1.10,"currency":"USD","type":"total"},{"amount":1e2,"currency":"usd"}]}`, `{"id":"a","charges":[{"amount":-0,"currency":"CREDITS_2"}]}`,
	`{"id":"a","dimensions":{"b":[1,{"a\"":null}],"a":true,"é":"\u2028","c":null,"\"":"\u0000","n":1.50}}`, `{"id":"a","dimensions":{"a":null}}`, `{"id":"a","dimensions":{}}`,
	`{"id":"\u2028\ufffd\u007f","usage":{"quantity":1e400,"unit":"é"}}`, `{"id":"a","id":"b"}`, `{"dimensions":{},"id":"a"}`,
}

func TestPlan(t *testing.T) {
	c := newCanon(t)
	taken := 0
	for _, doc := range outputs {
		for _, name := range c.model.Names() {
			if c.check(t, name, doc) {
				taken++
			}
		}
	}
	if taken == 0 {
		t.Error("the model takes none of the outputs")
	}
}

// some is a value of a field, mostly of its type.
func some(r *rand.Rand, f *mapping.Field, depth int) any {
	texts := []string{"", "a", "acme", "é", "a \"quoted\" text", "2026-01-01T00:00:00Z", "2026-01-31T10:00:00+02:00", "2026-02-30T00:00:00Z", "USD", "usd", "\x00\u2028"}
	numbers := []json.Number{"0", "-0", "1.10", "12345678901234567890.5", "1E5", "1e999"}
	switch n := r.IntN(40); {
	case n < 6:
		return nil
	case n == 6:
		return []any{texts[r.IntN(len(texts))], numbers[r.IntN(len(numbers))], map[string]any{}, []any{}, true}[r.IntN(5)]
	}
	switch f.Type {
	case mapping.Number:
		return numbers[r.IntN(len(numbers))]
	case mapping.Boolean:
		return r.IntN(2) == 0
	case mapping.Date:
		return texts[5+r.IntN(2)]
	case mapping.Currency:
		return "USD"
	case mapping.Object:
		return members(r, f.Fields, depth)
	case mapping.List:
		list := []any{}
		for range r.IntN(4) {
			list = append(list, members(r, f.Fields, depth))
		}
		return list
	case mapping.Map:
		return map[string]any{"b": numbers[r.IntN(len(numbers))], texts[r.IntN(len(texts))]: texts[r.IntN(len(texts))], "c": []any{nil, texts[r.IntN(len(texts))]}}
	}
	return texts[r.IntN(len(texts)-1)]
}

// members is an object of some fields in any order, as JSON.
func members(r *rand.Rand, fields []*mapping.Field, depth int) json.RawMessage {
	var b strings.Builder
	for _, i := range r.Perm(len(fields)) {
		if f := fields[i]; r.IntN(4) > 0 || f.Required {
			v, err := json.Marshal(some(r, f, depth+1))
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(&b, ",%q:%s", f.Name, v)
		}
	}
	if r.IntN(100) == 0 {
		b.WriteString(`,"nothing":null`)
	}
	if depth == 0 && r.IntN(4) == 0 {
		b.WriteString(`,"remote_data":{"z":1,"a":[]}`)
	}
	return json.RawMessage("{" + strings.TrimPrefix(b.String(), ",") + "}")
}

func TestPlanOfRandomOutputs(t *testing.T) {
	c := newCanon(t)
	r := rand.New(rand.NewPCG(1, 2))
	taken, all := 0, 4000
	for range all {
		name := c.model.Names()[r.IntN(len(c.model.Names()))]
		if c.check(t, name, string(members(r, c.model.Resource(name).Fields, 0))) {
			taken++
		}
	}
	if taken < all/10 || taken > all*9/10 {
		t.Errorf("%d of %d outputs are taken: too few of one kind to tell", taken, all)
	}
}

func FuzzPlan(f *testing.F) {
	for _, doc := range outputs {
		f.Add(doc)
	}
	c := newCanon(f)
	f.Fuzz(func(t *testing.T, doc string) {
		c.check(t, "usage", doc)
	})
}

func BenchmarkWrite(b *testing.B) {
	c := newCanon(b)
	charge := `{"type":"usage","amount":12.50,"currency":"USD","priced_by":"a price list"}`
	for name, doc := range map[string]string{
		"line": `{"id":"cost-f3a90de","start_date":"2023-01-01T00:00:00Z","end_date":"2023-01-02T00:00:00Z","metric_name":"QUEUE_STORAGE","usage":{"quantity":569.105691,"unit":"GB"},
			"charges":[{"type":"total","amount":50.0,"currency":"USD"},{"type":"discount","amount":20.0,"currency":"USD"}],"product":{"id":"QUEUE","name":"Queue"},"resources":[{"id":"res-00000","name":"queue_1"}],"dimensions":{"network":"INTERNET","kind":"Cost"}}`,
		"charges": `{"id":"a","charges":[` + strings.Repeat(charge+",", 11) + charge + `]}`,
	} {
		b.Run(name, func(b *testing.B) {
			write := c.plan["usage"].Bench([]byte(doc))
			out, ok := write(nil)
			if !ok {
				b.Fatal("the model does not take it")
			}
			b.SetBytes(int64(len(out)))
			b.ReportAllocs()
			for b.Loop() {
				out, _ = write(out[:0])
			}
		})
	}
}
