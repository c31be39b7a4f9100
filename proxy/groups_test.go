package proxy

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/problem"
)

func TestARecordHasOneValueOfEachDimension(t *testing.T) {
	of := func(name string) dimension {
		for _, d := range dimensions {
			if d.name == name {
				return d
			}
		}
		t.Fatal(name)
		return dimension{}
	}
	resource := func(id, workspace string) string {
		return `{"id":` + id + `,"name":"n","workspace":` + workspace + `}`
	}
	w1, w2 := `{"id":"w1","name":null}`, `{"id":"w2","name":null}`
	for _, c := range []struct{ name, dimension, rec, want string }{
		{"product", "product_id", `{"product":{"id":"p"}}`, "p"},
		{"no product", "product_id", `{"product":null}`, "null"},
		{"organization", "organization_id", `{"organization":{"id":"o"}}`, "o"},
		{"user", "user_id", `{"user":{"id":null,"email":"e"}}`, "null"},
		{"metric", "metric_name", `{"metric_name":""}`, ""},
		{"category", "charge_category", `{"charge_category":"credit"}`, "credit"},
		{"day", "day", `{"start_date":"2026-01-31T23:00:00Z"}`, "2026-01-31"},
		{"month", "month", `{"start_date":"2026-01-31T23:00:00Z"}`, "2026-01"},
		{"no date", "month", `{"start_date":null}`, "null"},
		{"one resource", "resource_id", `{"resources":[` + resource(`"r1"`, "null") + `]}`, "r1"},
		{"no resource", "resource_id", `{"resources":[]}`, "null"},
		{"several resources", "resource_id", `{"resources":[` + resource(`"r1"`, w1) + `,` + resource(`"r2"`, w1) + `]}`, "null"},
		{"one of them without an id", "resource_id", `{"resources":[` + resource(`"r1"`, w1) + `,` + resource(`null`, w1) + `]}`, "null"},
		{"the same resource twice", "resource_id", `{"resources":[` + resource(`"r1"`, w1) + `,` + resource(`"r1"`, w1) + `]}`, "r1"},
		{"the workspace of the resources", "workspace_id", `{"resources":[` + resource(`"r1"`, w1) + `,` + resource(`"r2"`, w1) + `]}`, "w1"},
		{"several workspaces", "workspace_id", `{"resources":[` + resource(`"r1"`, w1) + `,` + resource(`"r2"`, w2) + `]}`, "null"},
		{"a resource outside of all workspaces", "workspace_id", `{"resources":[` + resource(`"r1"`, w1) + `,` + resource(`"r2"`, "null") + `]}`, "null"},
		{"the row's own workspace", "workspace_id", `{"workspace":` + w2 + `,"resources":[]}`, "w2"},
		{"no workspace", "workspace_id", `{"resources":[` + resource(`"r1"`, "null") + `]}`, "null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := "null"
			if v := of(c.dimension).of(gjson.Parse(c.rec)); v.Type == gjson.String {
				got = v.Str
			}
			if got != c.want {
				t.Errorf("%s is %q, not %q", c.dimension, got, c.want)
			}
		})
	}
}

func TestQuantitiesAddUpWhereTheyMay(t *testing.T) {
	const gb = `{"usage":{"quantity":1,"unit":"GB"}}`
	for _, c := range []struct {
		name    string
		records []string
		want    string
	}{
		{"none", []string{`{"usage":null}`}, `null`},
		{"the same unit", []string{gb, `{"usage":{"quantity":-0.50,"unit":"GB","aggregation":"sum"}}`}, `{"quantity":0.50,"unit":"GB"}`},
		{"a record without a quantity spoils nothing", []string{gb, `{"usage":null}`, `{"usage":{"quantity":null,"unit":"hour"}}`}, `{"quantity":1,"unit":"GB"}`},
		{"two units", []string{gb, `{"usage":{"quantity":1,"unit":"hour"}}`, gb}, `null`},
		{"a unit and none", []string{gb, `{"usage":{"quantity":1,"unit":null}}`}, `null`},
		{"no unit, one metric", []string{`{"metric_name":"m","usage":{"quantity":1,"unit":null}}`, `{"metric_name":"m","usage":{"quantity":2}}`}, `{"quantity":3,"unit":null}`},
		{"no unit, two metrics", []string{`{"metric_name":"m","usage":{"quantity":1}}`, `{"metric_name":"n","usage":{"quantity":2}}`}, `null`},
		{"an average alone", []string{`{"usage":{"quantity":1,"unit":"GB","aggregation":"average"}}`}, `null`},
		{"a peak among sums", []string{gb, `{"usage":{"quantity":1,"unit":"GB","aggregation":"max"}}`, gb}, `null`},
		{"a last value first", []string{`{"usage":{"quantity":1,"unit":"GB","aggregation":"last"}}`, gb}, `null`},
		{"a forecast was not used", []string{gb, `{"finality":"projected","usage":{"quantity":9,"unit":"hour"}}`}, `{"quantity":1,"unit":"GB"}`},
		{"huge digits", []string{`{"usage":{"quantity":1e400,"unit":"GB"}}`, `{"usage":{"quantity":-1e400,"unit":"GB"}}`, `{"usage":{"quantity":1e-7,"unit":"GB"}}`}, `{"quantity":0.0000001,"unit":"GB"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGroups(nil)
			for _, r := range c.records {
				if err := g.add([]byte(r)); err != nil {
					t.Fatal(err)
				}
			}
			want := fmt.Sprintf(`"charges":[],"usage":%s,"record_count":%d`, c.want, len(c.records))
			if got := string(g.total.append(nil, false)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestWhatCannotBeAddedIsTheMappings(t *testing.T) {
	for name, rec := range map[string]string{
		"an amount out of bounds": `{"id":"a","charges":[{"amount":1e5000,"currency":"USD","type":"total"}]}`,
		"no amount":               `{"id":"a","charges":[{"currency":"USD","type":"total"}]}`,
		"a quantity":              `{"id":"a","usage":{"quantity":1e5000,"unit":"GB"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if p := problem.From(newGroups(nil).add([]byte(rec))); p == nil || p.Code != problem.MappingFailed || !strings.Contains(p.Message, `"a"`) {
				t.Errorf("%v", p)
			}
		})
	}
}

// bulky is a record in a group of its own, with much in it that no sum needs.
func bulky(i, size int) []byte {
	return fmt.Appendf(nil, `{"id":"r%[1]d","metric_name":"m%[1]d","charges":[{"amount":0.1,"currency":"USD","type":"t%[1]d"}],"usage":{"quantity":1,"unit":"u%[1]d"},"dimensions":{"text":"%0[2]*[1]d"}}`, i, size)
}

// TestGroupsKeepNothingOfTheirRecords: their memory is that of the sums.
func TestGroupsKeepNothingOfTheirRecords(t *testing.T) {
	const n, size, most = 2000, 32 << 10, 16 << 20
	g := newGroups(parsed(t, "summary_by=metric_name").summaryBy)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range n {
		if err := g.add(bulky(i, size)); err != nil {
			t.Fatal(err)
		}
	}
	after := heap()
	if len(g.all) != n || after > before+most {
		t.Errorf("%d groups of %d MiB of records hold %d KiB", len(g.all), n*size>>20, (int64(after)-int64(before))>>10)
	}
}

// TestGroupsAreBoundedInBytes: their texts are the provider's, and as long as it likes.
func TestGroupsAreBoundedInBytes(t *testing.T) {
	g := newGroups(parsed(t, "summary_by=metric_name").summaryBy)
	one := 0 // what a further record takes
	for i := range 3 {
		before := g.held
		if err := g.add(bulky(i, 1)); err != nil {
			t.Fatal(err)
		}
		one = g.held - before
	}
	g.held = maxHeld - one
	if err := g.add(bulky(3, 1)); err != nil {
		t.Fatalf("at the bound: %v", err)
	}
	g.held = maxHeld - one + 1
	if p := problem.From(g.add(bulky(4, 1))); p == nil || p.Code != problem.TooManyGroups || p.Status != 400 {
		t.Errorf("past the bound: %v", p)
	}
	g = newGroups(nil)
	if err := g.add([]byte(`{"charges":[{"amount":1e900,"currency":"USD","type":"total"}]}`)); err != nil || g.held < sizeOfSum+900/3 {
		t.Errorf("900 digits are counted as %d bytes: %v", g.held, err)
	}
}
