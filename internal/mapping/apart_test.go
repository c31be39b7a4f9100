package mapping

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/worker"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == worker.Verb {
		if err := worker.Main(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func pool(t testing.TB) *worker.Pool {
	if !worker.Supported {
		t.Skip("workers need Linux")
	}
	p := new(worker.Pool)
	t.Cleanup(func() { p.Close() })
	return p
}

// untrusted compiles an override of products that somebody else has written.
func untrusted(t testing.TB, p *worker.Pool, text string) *Override {
	t.Helper()
	o, findings := CompileUntrusted(p, map[string]jq.Source{"products": {File: string(Account) + ".jq", Text: text}}, model(t))
	if o == nil {
		t.Fatal(findings)
	}
	return o
}

// TestApartIsTheSame: what runs apart gives the same records, and the same errors in the same words.
func TestApartIsTheSame(t *testing.T) {
	workers := pool(t)
	for _, c := range overrideCases {
		base, text := compile(t, baseText), c.account
		if c.environment != "" && text != "" {
			base = base.With(over(t, Environment, c.environment))
		} else {
			text += c.environment
		}
		want := emit(t, base.With(over(t, Account, text)), "products", overrideItem, nil)
		if got := emit(t, base.With(untrusted(t, workers, text)), "products", overrideItem, nil); got != want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, want)
		}
	}
}

// TestApartManyRecords: those of one item go together, and the first that fails is the one that is told.
func TestApartManyRecords(t *testing.T) {
	workers, base := pool(t), compile(t, baseText)
	var list []string
	for i := range 600 {
		list = append(list, fmt.Sprintf(`{"sku":%d,"title":"T%d","unit":"GB"}`, i, i))
	}
	item := `{"list":[` + strings.Join(list, ",") + `],"group":"g"}`
	for _, text := range []string{
		`{name: ($base.name + "+" + $query.q + .group)}`, `if $base.id == "300" then error("x") else {} end`, `if $base.id == "300" then 1, 2 elif $base.id == "400" then error("x") else {} end`,
		`if $base.id == "599" then {unit: 5} elif $base.id | endswith("7") then empty else {unit: $base.id} end`, `if $base.id == "0" then {("na" + "mes"): 1} else {("i" + "d"): "x"} end`,
	} {
		vars := &Vars{Query: []byte(`{"q":"q"}`)}
		want := emit(t, base.With(over(t, Environment, `{name: ($base.name + "e")}`)).With(over(t, Account, text)), "products", item, vars)
		got := emit(t, base.With(over(t, Environment, `{name: ($base.name + "e")}`)).With(untrusted(t, workers, text)), "products", item, vars)
		if got != want {
			t.Errorf("%s\n got %.400s\nwant %.400s", text, got, want)
		}
	}
}

// TestApartIsTriedOut: a record that it fails on is as if there were none, and the others are told too.
func TestApartIsTriedOut(t *testing.T) {
	workers, base := pool(t), compile(t, baseText)
	item := `{"list":[{"sku":1},{"sku":2},{"sku":3},{"sku":4}]}`
	text := `if $base.id == "2" then error("x") elif $base.id == "3" then null else {name: $base.id} end`
	told := func(o *Override) (out string) {
		got := emit(t, base.With(o).Try(func(t Tried) { out += fmt.Sprintln(t.ID, string(t.After), t.Err) }), "products", item, nil)
		return out + got
	}
	if got, want := told(untrusted(t, workers, text)), told(over(t, Account, text)); got != want || strings.Count(got, "<nil>") != 2 {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// TestApartIsNotLookedInto: an explanation would run it in this process, again and again.
func TestApartIsNotLookedInto(t *testing.T) {
	p := compile(t, baseText).With(untrusted(t, pool(t), `{}`))
	if _, err := p.Explainer("products", 0); err == nil || !p.Apart("products") || p.Apart("usage") {
		t.Error(err)
	}
}

// TestUntrustedMayCallLess: what an operator may write is refused, with its place.
func TestUntrustedMayCallLess(t *testing.T) {
	for _, text := range []string{`{name: (walk(.) | tojson)}`, `{name: ([paths] | tojson)}`, `{name: (INDEX(.list[]; .sku) | tojson)}`, `{name: ([1] | implode)}`} {
		src := map[string]jq.Source{"products": {File: "a.jq", Text: text}}
		if o, findings := CompileOverrides(Account, src, model(t)); o == nil {
			t.Errorf("%s: %v", text, findings)
		}
		if o, findings := CompileUntrusted(nil, src, model(t)); o != nil || len(findings) != 1 || findings[0].Rule != "untrusted" || findings[0].Line != 1 {
			t.Errorf("%s: %v", text, findings)
		}
	}
}

// BenchmarkOverride compares an override in this process with the same in a process of its own.
func BenchmarkOverride(b *testing.B) {
	base, text := compile(b, baseText), `{name: ($base.name + .group), unit: (.list[0].unit | ascii_downcase)}`
	for _, n := range []int{1, 16} {
		item := []byte(`{"list":[` + strings.TrimSuffix(strings.Repeat(`{"sku":1,"title":"T","unit":"GB"},`, n), ",") + `],"group":"g"}`)
		for name, o := range map[string]*Override{"here": over(b, Account, text), "apart": untrusted(b, pool(b), text)} {
			b.Run(fmt.Sprintf("%d records/%s", n, name), func(b *testing.B) {
				r, batch := base.With(o).Runner("products"), record.Batch{}
				defer r.Close()
				b.ReportAllocs()
				for b.Loop() {
					batch.Reset()
					r.Scan(item, 0, true)
					if err := r.Emit(&batch); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
