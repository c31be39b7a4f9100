package mapping

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

func TestRoots(t *testing.T) {
	p := compile(t, `# acme
def usage: {id: ([$query.q, $account.id, $call.name, $page.total, $lookups.names[.k].label, .k] | stable_id)};`)
	vars := &Vars{Query: []byte(`{"q":1.10}`), Account: []byte(`{"id":"acc"}`), Call: []byte(`{"name":"daily"}`), Page: []byte(`{"total":2}`), Lookups: []byte(`{"names":{"x":{"label":"X"}}}`)}
	want := func(got, id string) {
		t.Helper()
		if !strings.HasPrefix(got, `{"id":"`+id+`",`) {
			t.Errorf("got %s, want the id %s", got, id)
		}
	}
	want(emit(t, p, "usage", `{"k":"x"}`, vars), "1.10:acc:daily:2:X:x")
	want(emit(t, p, "usage", `{"k":"y"}`, vars), "1.10:acc:daily:2:~:y")
	want(emit(t, p, "usage", `{"k":"x"}`, &Vars{}), "~:~:~:~:~:x")
	want(emit(t, p, "usage", `{"k":"x"}`, nil), "~:~:~:~:~:x")
	if got := emit(t, p, "usage", `{}`, &Vars{Query: []byte(`{"q":`)}); !strings.HasPrefix(got, "error: mapping usage: acme.jq:2: $query: reading JSON") {
		t.Error(got)
	}
	if got := emit(t, compile(t, "# acme\ndef usage: {id: .k};"), "usage", `{"k":"x"}`, &Vars{Query: []byte(`not read, so not decoded`)}); strings.HasPrefix(got, "error") {
		t.Error(got)
	}
}

func TestScanRemembersTheItem(t *testing.T) {
	r := compile(t, "# acme\ndef usage: {id: .k};").Runner("usage")
	var out record.Batch
	var e *Error
	if err := r.Emit(&out); !errors.As(err, &e) || !errors.Is(err, errNotScanned) {
		t.Errorf("before a scan: %v", err)
	}
	window := []byte(` {"k":"a"} , {"k":"b"} , {"k":`)
	var ids []string
	i := 0
	for {
		end, st := r.Scan(window, i, false)
		if st != record.Done {
			if st != record.More {
				t.Errorf("at the end: %v", st)
			}
			break
		}
		out.Reset()
		if err := r.Emit(&out); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, string(out.JSON(0)[:9]))
		i = record.SkipSpace(window, end) + 1
	}
	if got := strings.Join(ids, " "); got != `{"id":"a" {"id":"b"` {
		t.Error(got)
	}
	if err := r.Emit(&out); !errors.Is(err, errNotScanned) {
		t.Errorf("after a scan that found nothing: %v", err)
	}
}

// TestRootsMayComeBehindTheScan: a reader finds an item before the walk knows what its page has for the mapping.
func TestRootsMayComeBehindTheScan(t *testing.T) {
	r := compile(t, "# acme\ndef usage: {id: \"\\(.k)\\($call.n)\\($parent.n)\"};").Runner("usage")
	var out record.Batch
	r.Scan([]byte(`{"k":"a"}`), 0, true)
	if err := errors.Join(r.Bind(&Vars{Call: []byte(`{"n":1}`), Parent: []byte(`{"n":2}`)}), r.Emit(&out)); err != nil || !strings.HasPrefix(string(out.JSON(0)), `{"id":"a12"`) {
		t.Fatalf("%v, %s", err, out.Buf)
	}
	out.Reset()
	r.Scan([]byte(`{"k":"b"}`), 0, true)
	if err := errors.Join(r.BindParent([]byte(`{"n":3}`)), r.Emit(&out)); err != nil || !strings.HasPrefix(string(out.JSON(0)), `{"id":"b13"`) {
		t.Errorf("%v, %s", err, out.Buf)
	}
}

func TestAnErrorDoesNotSpoilTheNextItem(t *testing.T) {
	r := compile(t, "# acme\ndef usage: .[] | {id: .k};").Runner("usage")
	for item, want := range map[string]int{`[{"k":"a"},{"k":"b"}]`: 2, `[{"k":"a"},{"k":null}]`: -1, `[1]`: -1, `[]`: 0, `5`: -1} {
		var out record.Batch
		r.Scan([]byte(item), 0, true)
		err := r.Emit(&out)
		if got := out.Len(); want < 0 && (err == nil || got != 0) || want >= 0 && (err != nil || got != want) {
			t.Errorf("%s: %d outputs, %v", item, got, err)
		}
	}
}

func TestErrorsNameTheirPlace(t *testing.T) {
	r := compile(t, "# acme\ndef a: 1;\n\ndef products: {id: .k | error(\"x\")};").Runner("products")
	r.Scan([]byte(`{}`), 0, true)
	var out record.Batch
	var e *Error
	if err := r.Emit(&out); !errors.As(err, &e) || e.Resource != "products" || e.File != "acme.jq" || e.Line != 4 || e.Col != 25 || e.Msg != "error: x" {
		t.Errorf("%+v", err)
	}
}

func TestTimeGrowsWithTheItem(t *testing.T) {
	for n, want := range map[int]time.Duration{0: time.Second, 1 << 20: 2 * time.Second, 16 << 20: 17 * time.Second} {
		if got := Budget(n); got != want {
			t.Errorf("%d bytes: %v", n, got)
		}
	}
}

func TestBudgets(t *testing.T) {
	r := compile(t, "# acme\ndef usage: .[] | {id: .};").Runner("usage")
	run := func(item string) error {
		var out record.Batch
		r.Scan([]byte(item), 0, true)
		return r.Emit(&out)
	}
	items := "[1" + strings.Repeat(",1", jq.MaxOutputs-1)
	if err := run(items + "]"); err != nil {
		t.Errorf("outputs at the limit: %v", err)
	}
	if err := run(items + ",1]"); !errors.Is(err, jq.ErrBudget) {
		t.Errorf("outputs past the limit: %v", err)
	}
	// Two outputs that together fill the batch to the byte, and one byte more.
	r = compile(t, "# acme\ndef usage: .[] | {id: .};").Runner("usage")
	overhead := 2*len(`{"id":"","product":null,"metric_name":null,"resources":[],`) + 2*len(emptyTail)
	long := strings.Repeat("a", (MaxBatch-overhead)/2)
	if err := run(`["` + long + `","` + long + `"]`); err != nil {
		t.Errorf("bytes at the limit: %v", err)
	}
	if err := run(`["` + long + `","` + long + `aa"]`); !errors.Is(err, jq.ErrBudget) {
		t.Errorf("bytes past the limit: %v", err)
	}
}

func TestACancelledContextStopsAnItem(t *testing.T) {
	r := compile(t, "# acme\ndef usage: {id: .k};").Runner("usage")
	r.Scan([]byte(`{"k":"a"}`), 0, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out record.Batch
	if err := r.EmitContext(ctx, &out); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := r.Emit(&out); err != nil || out.Len() != 1 {
		t.Errorf("%d outputs, %v", out.Len(), err)
	}
}

// TestParentAlone: of nested items the parent changes, and what else is bound stays.
func TestParentAlone(t *testing.T) {
	p := compile(t, "# acme\ndef usage: {id: ([$parent.day, $carry.cycle, .k] | stable_id)};")
	r := p.Runner("usage")
	if err := r.Bind(&Vars{Parent: []byte(`{"day":"p"}`), Carry: []byte(`{"cycle":7}`)}); err != nil {
		t.Fatal(err)
	}
	id := func() string {
		var out record.Batch
		r.Scan([]byte(`{"k":"x"}`), 0, true)
		if err := r.Emit(&out); err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(out.JSON(0)), `{"id":"`)
		got, _, _ := strings.Cut(rest, `"`)
		return got
	}
	if got := id(); got != "p:7:x" {
		t.Error(got)
	}
	for _, c := range []struct{ parent, want string }{{`{"day":"q"}`, "q:7:x"}, {"", "~:7:x"}, {`{"day":1.10}`, "1.10:7:x"}} {
		if err := r.BindParent([]byte(c.parent)); err != nil {
			t.Fatal(err)
		}
		if got := id(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if err := r.BindParent([]byte(`{`)); err == nil || !strings.Contains(err.Error(), "$parent") {
		t.Error(err)
	}
}

// TestPause: a machine that was lent to others knows what it was bound to, and what was bound meanwhile.
func TestPause(t *testing.T) {
	p := compile(t, "# acme\ndef usage: {id: ([$parent.day, $carry.cycle, .k] | stable_id)};")
	r, other := p.Runner("usage"), p.Runner("usage")
	if err := r.Bind(&Vars{Parent: []byte(`{"day":"p"}`), Carry: []byte(`{"cycle":7}`)}); err != nil {
		t.Fatal(err)
	}
	if got := ids(r, `{"k":"x"}`); got != "p:7:x" {
		t.Fatal(got)
	}
	r.Pause()
	r.Pause()
	if r.machine != nil {
		t.Error("it holds its machine")
	}
	if got := ids(other, `{"k":"x"}`); got != "~:~:x" {
		t.Errorf("of another runner: %s", got)
	}
	if got := ids(r, `{"k":"y"}`); got != "p:7:y" {
		t.Errorf("after the pause: %s", got)
	}
	r.Pause()
	if err := r.BindParent([]byte(`{"day":"q"}`)); err != nil {
		t.Fatal(err)
	}
	if got := ids(r, `{"k":"z"}`); got != "q:7:z" {
		t.Errorf("bound in a pause: %s", got)
	}
	r.Pause()
	if err := r.Emit(&record.Batch{}); !errors.Is(err, errNotScanned) {
		t.Errorf("an item from before the pause: %v", err)
	}
	if want := (Ran{Compiled: 3}); r.Ran() != want {
		t.Errorf("%+v", r.Ran())
	}
	r.Close()
}

// TestWarnings: what an output says beside its record is no part of it.
func TestWarnings(t *testing.T) {
	for _, c := range []struct{ name, warning, want string }{
		{"unpriced", `{code: "unpriced", message: "no price for SKU x: set context.prices"}`, "unpriced no price for SKU x: set context.prices"},
		{"a note", `{code: "mapping_note", message: "m"}`, "mapping_note m"},
		{"none", `null`, ""},
		{"another code", `{code: "total_mismatch", message: "m"}`, `warning.code is "total_mismatch", and must be one of unpriced, mapping_note`},
		{"no message", `{code: "unpriced"}`, `warning is {"code":"unpriced"}, and must be an object of code and message, which are texts`},
		{"more than it needs", `{code: "unpriced", message: "m", sku: 1}`, `warning is {"code":"unpriced","message":"m","sku":1}, and must be an object of code and message, which are texts`},
		{"a text", `"unpriced"`, `warning is "unpriced", and must be an object of code and message, which are texts`},
		{"as long as may be", `{code: "unpriced", message: .long}`, "unpriced " + strings.Repeat("x", maxWarning)},
		{"too long", `{code: "unpriced", message: (.long + "x")}`, "unpriced " + strings.Repeat("x", maxWarning-len("…")) + "…"},
		{"in the wrong place", `null, product: {id: "p", (["warning"] | join("")): 1}`, `product.warning is no field here`},
	} {
		r := compile(t, "# acme\ndef usage: {id: \"a\", warning: "+c.warning+"};").Runner("usage")
		var out record.Batch
		r.Scan([]byte(`{"long":"`+strings.Repeat("x", maxWarning)+`"}`), 0, true)
		err := r.Emit(&out)
		got := ""
		if err != nil {
			got = unplaced(err.Error())
		} else if w := out.Outs[0].Warning; w != nil {
			got = w.Code + " " + w.Message
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
		if err == nil && strings.Contains(string(out.JSON(0)), "warning") {
			t.Errorf("%s: %s", c.name, out.JSON(0))
		}
	}
}

// TestARecordOfTheHouse: what is added is held to the model like what is mapped.
func TestARecordOfTheHouse(t *testing.T) {
	r := compile(t, "# acme\ndef usage: {id: .k};").Runner("usage")
	var out record.Batch
	if err := r.Add(&out, map[string]any{"id": "x", "metric_name": "unallocated"}); err != nil || !strings.HasPrefix(string(out.JSON(0)), `{"id":"x","product":null,"metric_name":"unallocated"`) {
		t.Errorf("%v %s", err, out.Buf)
	}
	if err := r.Add(&out, map[string]any{"metric_name": "unallocated"}); err == nil || out.Len() != 1 {
		t.Errorf("%v, %d records", err, out.Len())
	}
}
