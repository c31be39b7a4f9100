package proxy_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/proxy"
)

// TestATableHasItsHeaderEvenWhenItIsEmpty.
func TestATableHasItsHeaderEvenWhenItIsEmpty(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newAcme(t).URL)
	a := h.good("start_date=2026-01", "Accept", "text/csv")
	if a.body != strings.Join(proxy.CSVColumns(), ",")+"\n" || a.header.Get("Meterbridge-Status") != "complete" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		t.Errorf("%v %q", a.header, a.body)
	}
}

// TestATableHasARowForEachRecordAndCurrency: and its quantity once, so that columns add up.
func TestATableHasARowForEachRecordAndCurrency(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, linesOf("2026-01-05",
		`{"id":"a","product":{"id":"p, \"1\"","name":"One\nline"},"organization":{"id":"o"},"workspace":{"id":"w","name":"W"},"user":{"id":"u","email":"e","name":"n"},"metric_name":"m","resources":[{"id":"c1"},{"name":"x"},{"id":"c2"}],
		 "charges":[{"amount":1.10,"currency":"USD","type":"total"},{"amount":0.4,"currency":"USD","type":"mystery"},{"amount":7,"currency":"CREDITS","type":"total"},{"amount":0.60,"currency":"USD","type":"secret"},{"amount":-0.10,"currency":"USD","type":"discount"}],
		 "usage":{"quantity":1.50,"unit":"GB"},"start_date":"2026-01-05T00:00:00Z","end_date":"2026-01-06T00:00:00Z","finality":"final","charge_category":"usage","dimensions":{"k":"v","n":1.0}}`,
		`{"id":"b","start_date":"2026-01-05T00:00:00Z"}`,
		`{"id":"c","charges":[{"amount":1.10,"currency":"USD","type":"total"},{"amount":2.20,"currency":"USD","type":"total"}],"start_date":"2026-01-05T00:00:00Z"}`))
	h := newHouse(t, acme.URL)
	rows := csvRows(t, h.good("start_date=2026-01", "Accept", "text/csv").body)
	if len(rows) != 4 {
		t.Fatalf("%d rows: %v", len(rows), rows)
	}
	for i, want := range []map[string]string{
		{"integrated_account_id": "acme-1", "connector": "acme", "id": "a", "start_date": "2026-01-05T00:00:00Z", "end_date": "2026-01-06T00:00:00Z", "finality": "final", "charge_category": "usage",
			"product_id": `p, "1"`, "product_name": "One\nline", "organization_id": "o", "organization_name": "", "workspace_id": "w", "workspace_name": "W", "user_id": "u", "user_email": "e", "user_name": "n",
			"resource_ids": "c1 c2", "metric_name": "m", "quantity": "1.50", "unit": "GB", "currency": "USD", "amount_total": "1.10", "amount_discount": "-0.10", "amount_other": "1.00", "amount_tax": "", "dimensions": `{"k":"v","n":1.0}`},
		{"id": "a", "currency": "CREDITS", "amount_total": "7", "amount_other": "", "quantity": "", "unit": "", "metric_name": "m"},
		{"id": "b", "currency": "", "amount_total": "", "quantity": "", "product_id": "", "dimensions": ""},
		{"id": "c", "currency": "USD", "amount_total": "3.30"},
	} {
		for column, w := range want {
			if got, ok := rows[i][column]; !ok || got != w {
				t.Errorf("row %d: %s is %q, not %q", i, column, got, w)
			}
		}
	}
	for _, r := range csvRows(t, h.good("start_date=2026-01&truto_exclude_fields=user,charges.amount&numbers=string", "Accept", "text/csv").body) {
		if r["user_email"] != "" || r["amount_total"] != "" || len(r) != len(proxy.CSVColumns()) {
			t.Errorf("what is excluded is there, or its column is not: %v", r)
		}
	}
}

// TestCellsAreQuotedAsTheLibraryDoesIt.
func TestCellsAreQuotedAsTheLibraryDoesIt(t *testing.T) {
	t.Parallel()
	texts := []string{"", " a", "a ", "\u00a0x", `\\.`, "a,b", `\"`, `\"\"a\"`, "a\\nb", "a\\rb", "a\\r\\nb", "é, ü", "-1", "null", "nothing", "[1]"}
	var records []string
	for i, s := range texts {
		records = append(records, fmt.Sprintf(`{"id":"%d","metric_name":"%s","start_date":"2026-01-05T00:00:00Z"}`, i, s))
	}
	got := newHouse(t, newAcme(t, linesOf("2026-01-05", records...)).URL).good("start_date=2026-01", "Accept", "text/csv").body
	all, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil || len(all) != len(texts)+1 {
		t.Fatalf("%v, %d rows", err, len(all))
	}
	for i, row := range all[1:] {
		var want string
		if err := json.Unmarshal([]byte(`"`+texts[i]+`"`), &want); err != nil {
			t.Fatal(err)
		}
		if cell := row[slices.Index(all[0], "metric_name")]; cell != strings.ReplaceAll(want, "\r\n", "\n") { // as a reader of tables has it
			t.Errorf("%q came as %q", want, cell)
		}
	}
	var again strings.Builder
	w := csv.NewWriter(&again)
	if w.WriteAll(all); again.String() != strings.ReplaceAll(got, "a\r\nb", "a\nb") {
		t.Errorf("got  %q\nwant %q", got, again.String())
	}
}

// TestATableCoversAllPagesUpToItsLimit: and its cursor leads on.
func TestATableCoversAllPagesUpToItsLimit(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, someLines(30)...)
	acme.per = 10
	h := newHouse(t, acme.URL)
	all := csvRows(t, h.good(twoMonths, "Accept", "text/csv").body)
	if len(all) != 30 {
		t.Fatalf("%d rows", len(all))
	}
	var got []string
	next := ""
	for {
		a := h.good(twoMonths+"&limit=10&next_cursor="+next, "Accept", "text/csv")
		for _, r := range csvRows(t, a.body) {
			got = append(got, r["id"])
		}
		next = a.header.Get("Meterbridge-Next-Cursor")
		if status := a.header.Get("Meterbridge-Status"); status != map[bool]string{true: "complete", false: "limited"}[next == ""] {
			t.Errorf("the status is %q", status)
		}
		if next == "" {
			break
		}
	}
	if len(got) != 30 || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
}

// TestATableThatBreaksIsAStatusOrABrokenConnection.
func TestATableThatBreaksIsAStatusOrABrokenConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		size  int
		clean bool
	}{{"below a mebibyte", 20 << 10, true}, {"past it", 80 << 10, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t, bulkyLines(40, c.size)...)
			acme.per = 20
			acme.hook = failOn(2)
			h := newHouse(t, acme.URL)
			a := h.get("start_date=2026-01", "Accept", "text/csv")
			switch {
			case c.clean && (a.status != http.StatusBadGateway || a.broken != nil || a.code(t) != "upstream_failed"):
				t.Errorf("%d, %v: %.200s", a.status, a.broken, a.body)
			case !c.clean && (a.status != 200 || a.broken == nil):
				t.Errorf("%d, %v, with %d bytes", a.status, a.broken, len(a.body))
			}
			a = h.good("start_date=2026-01&limit=35", "Accept", "text/csv") // and whole, with what comes at its end
			said := a.header
			if !c.clean {
				said = a.trailer
			}
			if said.Get("Meterbridge-Status") != "limited" || said.Get("Meterbridge-Next-Cursor") == "" || len(csvRows(t, a.body)) != 35 {
				t.Errorf("header %v, trailer %v", a.header, a.trailer)
			}
		})
	}
}

// TestATableOfAnotherResourceHasItsColumns.
func TestATableOfAnotherResourceHasItsColumns(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.handle("/orgs", answerWith(`{"data":[{"id":"o1","name":"Org","status":"active"},{"id":"o2"}]}`))
	body := newHouse(t, acme.URL).good("/unified/usage-metering/organizations", "Accept", "text/csv").body
	all, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(all) != 3 || !slices.Equal(all[0], []string{"integrated_account_id", "connector", "id", "name", "status", "created_at", "updated_at"}) || !slices.Equal(all[1], []string{"acme-1", "acme", "o1", "Org", "active", "", ""}) {
		t.Errorf("%v in %q", err, body)
	}
}
