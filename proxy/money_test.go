package proxy_test

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
)

// TestDigitsArriveAsTheyWereSentInEveryFormat: money is exact.
func TestDigitsArriveAsTheyWereSentInEveryFormat(t *testing.T) {
	t.Parallel()
	for _, amount := range []string{"123.4567890123456789", "1.10", "-0.000", "0", "1e400", "-12345678901234567890.000000000000000000001", "1E-7", "100000000000000000000"} {
		t.Run(amount, func(t *testing.T) {
			t.Parallel()
			record := `{"id":"a","charges":[{"amount":` + amount + `,"currency":"USD","type":"total"}],"usage":{"quantity":` + amount + `,"unit":"GB","unit_price":` + amount + `},"start_date":"2026-01-05T00:00:00Z","dimensions":{"amount":` + amount + `}}`
			acme := newAcme(t, linesOf("2026-01-05", record))
			h := newHouse(t, acme.URL)
			const q = "start_date=2026-01"
			want := `"amount":` + amount + `,`
			quantities := `"quantity":` + amount + `,"unit":"GB","unit_price":` + amount
			for name, a := range map[string]answer{
				"unified": h.good(q), "debug": h.good(q + "&truto_response_format=debug"), "raw": h.good(q + "&truto_response_format=raw"),
				"stream": h.good(q + "&truto_response_format=stream"), "server-sent events": h.good(q, "Accept", "text/event-stream"),
				"keyed": h.good(q + "&truto_key_by=id"), "excluded": h.good(q + "&truto_exclude_fields=product"),
			} {
				if !strings.Contains(a.body, want) || !strings.Contains(a.body, quantities) {
					t.Errorf("%s has other digits than %s: %s", name, amount, a.body)
				}
			}
			if n := h.good(q + "&truto_response_format=normalized").body; !strings.Contains(n, `"total_amount":`+amount) || !strings.Contains(n, `"usage_quantity":`+amount) || !strings.Contains(n, want) {
				t.Errorf("normalized has other digits than %s: %s", amount, n)
			}
			quoted := `"` + amount + `"`
			for _, f := range []string{"unified", "stream"} {
				a := h.good(q + "&numbers=string&truto_response_format=" + f)
				if !strings.Contains(a.body, `"amount":`+quoted) || !strings.Contains(a.body, `"quantity":`+quoted+`,"unit":"GB","unit_price":`+quoted) {
					t.Errorf("%s with numbers=string: %s", f, a.body)
				}
				if b := h.good(q + "&numbers=string&truto_ignore_remote_data=1&truto_response_format=" + f).body; !strings.Contains(b, `"dimensions":{"amount":`+amount+`}`) {
					t.Errorf("%s with numbers=string changed what is no money: %s", f, b)
				}
				if !strings.Contains(a.body, `"remote_data":{"records":[{"id":"a","charges":[{"amount":`+amount) {
					t.Errorf("%s with numbers=string changed the provider's own data: %s", f, a.body)
				}
			}
			if n := h.good(q + "&numbers=string&truto_response_format=normalized").body; !strings.Contains(n, `"total_amount":`+quoted) || !strings.Contains(n, `"usage_quantity":`+quoted) {
				t.Errorf("normalized with numbers=string: %s", n)
			}
			for _, numbers := range []string{"", "&numbers=string"} {
				rows := csvRows(t, h.good(q+numbers, "Accept", "text/csv").body)
				if rows[0]["amount_total"] != amount || rows[0]["quantity"] != amount {
					t.Errorf("csv%s has other digits than %s: %v", numbers, amount, rows[0])
				}
			}
		})
	}
}

// csvRows are a table's rows by column.
func csvRows(t testing.TB, body string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%v in %q", err, body)
	}
	var out []map[string]string
	for _, r := range all[1:] {
		m := map[string]string{}
		for i, c := range all[0] {
			m[c] = r[i]
		}
		out = append(out, m)
	}
	return out
}

// TestTheSumOfTotalsIsTheProvidersForEveryLimit: no page size loses, repeats or rounds a cent.
func TestTheSumOfTotalsIsTheProvidersForEveryLimit(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, amountLines()...)
	acme.per = 4
	h := newHouse(t, acme.URL)
	var want []string
	for _, limit := range []string{"1000", "1", "2", "3", "4", "5", "6", "7", "8", "9", "11", "13", "100"} {
		got := h.walk(twoMonths + "&limit=" + limit)
		if want == nil {
			want = got
			if sum := sumOfTotals(t, got); sum != amountLinesSum {
				t.Fatalf("the total is %s, the provider's rows say %s", sum, amountLinesSum)
			}
		}
		same(t, "limit "+limit, got, want)
	}
	for name, got := range map[string][]string{
		"ignore_limit": h.walk(twoMonths + "&truto_ignore_limit=true"),
		"stream":       h.good(twoMonths + "&truto_response_format=stream").stream(t).records,
	} {
		same(t, name, got, want)
	}
}

// amountLines have items of none, one and several records, of which some have no total.
func amountLines() []line {
	var out []line
	day := func(i int) string { return []string{"2026-01-03", "2026-01-31", "2026-02-01", "2026-02-28"}[i*4/24] }
	for i := range 24 {
		var records []string
		for k := range i % 4 {
			amount := []string{"0.1", "0.2", "123.4567890123456789", "-0.3"}[(i+k)%4]
			records = append(records, totalRecord(string(rune('a'+i))+string(rune('0'+k)), day(i), amount))
		}
		out = append(out, linesOf(day(i), records...))
	}
	return out
}

// amountLinesSum is 6 × (0.2 + 123.4567890123456789 − 0.3 − 0.3 + 0.1 + 0.2).
const amountLinesSum = "740.1407340740740734"

func sumOfTotals(t testing.TB, records []string) string {
	t.Helper()
	var sum decimal
	for _, r := range records {
		var v struct {
			Charges []struct {
				Amount json.Number
				Type   string
			}
		}
		if err := json.Unmarshal([]byte(r), &v); err != nil {
			t.Fatal(err)
		}
		for _, c := range v.Charges {
			if c.Type == "total" {
				sum.add(t, c.Amount.String())
			}
		}
	}
	return sum.String()
}
