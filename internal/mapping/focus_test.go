package mapping

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/mappings"
)

func focus(t testing.TB) *Program {
	t.Helper()
	dir, err := fs.Sub(mappings.FS, "usage-metering")
	if err != nil {
		t.Fatal(err)
	}
	libs, findings := Libraries(dir)
	p, more := Compile(jq.Source{File: "acme.jq", Text: "# acme\ninclude \"focus\";\ndef usage: focus;"}, model(t), libs...)
	for _, f := range append(findings, more...) {
		t.Error(f)
	}
	if p == nil {
		t.Fatal("no program")
	}
	return p
}

type focusRow struct {
	Case string
	Row  json.RawMessage
}

func focusRows(t testing.TB) []focusRow {
	t.Helper()
	text, err := os.ReadFile("testdata/focus/rows.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []focusRow
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestFocus holds the records of rows in the shape of every version to their golden.
func TestFocus(t *testing.T) {
	p := focus(t)
	var b strings.Builder
	for _, r := range focusRows(t) {
		fmt.Fprintf(&b, "%s\n%s\n\n", r.Case, emit(t, p, "usage", string(r.Row), nil))
	}
	golden(t, "focus/records.txt", []byte(b.String()))
}

// TestFocusOfTablesAndOfJSON: a row of CSV, where everything is text and nothing is absent, makes the same record as one
// of JSON, but for what the type of a dimension tells.
func TestFocusOfTablesAndOfJSON(t *testing.T) {
	p := focus(t)
	for _, r := range focusRows(t) {
		row := map[string]json.RawMessage{"x_Empty": json.RawMessage(`null`)}
		if err := json.Unmarshal(r.Row, &row); err != nil {
			t.Fatal(err)
		}
		cells := map[string]string{}
		for name, v := range row {
			var s string
			switch err := json.Unmarshal(v, &s); {
			case string(v) == "null":
			case err != nil:
				s = string(v)
			}
			cells[name] = s
		}
		table, err := json.Marshal(cells)
		if err != nil {
			t.Fatal(err)
		}
		core := func(record string) string {
			head, _, _ := strings.Cut(record, `,"dimensions":`)
			return head
		}
		if got, want := core(emit(t, p, "usage", string(table), nil)), core(emit(t, p, "usage", string(r.Row), nil)); got != want && !strings.Contains(r.Case, "own") {
			t.Errorf("%s\n got %s\nwant %s", r.Case, got, want)
		}
	}
}

// TestFocusIDs: what a restatement changes is not in the id, and what tells rows apart is.
func TestFocusIDs(t *testing.T) {
	p := focus(t)
	id := func(change map[string]any) string {
		row := map[string]any{
			"BilledCost": 1, "EffectiveCost": 1, "BillingCurrency": "USD", "BillingAccountId": "a", "BillingAccountName": "A", "ChargeCategory": "Usage",
			"ChargeDescription": "Runs", "ChargePeriodStart": "2026-09-01T00:00:00Z", "ChargePeriodEnd": "2026-09-02T00:00:00Z", "ServiceName": "Edge",
			"ProjectId": "p", "ProjectName": "P", "Tags": map[string]any{"TeamId": "t", "TeamName": "T"},
		}
		for k, v := range change {
			row[k] = v
		}
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(emit(t, p, "usage", string(text), nil), `{"id":"`)
		out, _, ok := strings.Cut(rest, `"`)
		if !ok {
			t.Fatalf("no id in %s", rest)
		}
		return out
	}
	base := id(nil)
	for column, v := range map[string]any{
		"BilledCost": 2, "EffectiveCost": "1.5", "ListCost": 9, "BillingAccountName": "Renamed", "InvoiceId": "i-1", "InvoiceDetailId": "d-1", "ProjectName": "Renamed",
		"ProviderName": "Acme", "PricingQuantity": 5, "x_TotalAmount": 3, "x_ExportTime": "2026-10-01T00:00:00Z", "x_Empty": nil, "Tags": map[string]any{"TeamId": "t", "TeamName": "Renamed"},
	} {
		if got := id(map[string]any{column: v}); got != base {
			t.Errorf("%s: %v makes the id %s, it was %s", column, v, got, base)
		}
	}
	for column, v := range map[string]any{
		"ChargePeriodStart": "2026-09-01T01:00:00Z", "ChargePeriodEnd": "2026-09-03T00:00:00Z", "ResourceId": "r", "RegionName": "Europe", "ChargeClass": "Correction",
		"SkuId": "s", "SkuPriceId": "s-1", "SubAccountId": "w", "PricingCategory": "Committed", "ConsumedUnit": "GB", "ProjectId": "q", "x_Cluster": "c", "ChargeCategory": "Tax",
		"Tags": map[string]any{"TeamId": "u", "TeamName": "T"}, "CommitmentDiscountStatus": "Unused", "AllocatedResourceId": "r",
	} {
		if got := id(map[string]any{column: v}); got == base {
			t.Errorf("%s: %v does not change the id", column, v)
		}
	}
}

func BenchmarkFocus(b *testing.B) {
	r := focus(b).Runner("usage")
	row := []byte(focusRows(b)[0].Row)
	var out record.Batch
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		r.Scan(row, 0, true)
		if err := r.Emit(&out); err != nil {
			b.Fatal(err)
		}
	}
}
