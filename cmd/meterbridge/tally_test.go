package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/money"
)

func tallied(t *testing.T, records ...string) *tally {
	t.Helper()
	sums := &tally{}
	for _, raw := range records {
		r, err := readUsage([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := sums.add(r); err != nil {
			t.Fatal(err)
		}
	}
	return sums
}

func TestTally(t *testing.T) {
	for _, c := range []struct {
		name    string
		records []string
		want    string
	}{
		{"nothing", nil, ""},
		{"no costs", []string{`{"charges":[]}`}, "No costs in these records.\n"},
		{"exact, by currency, totals alone",
			[]string{
				`{"charges":[{"amount":0.1,"currency":"USD","type":"total"},{"amount":5,"currency":"USD","type":"list"}]}`,
				`{"charges":[{"amount":0.2000000000000000001,"currency":"USD","type":"total"},{"amount":7,"currency":"EUR","type":"total"}]}`,
			},
			"Total        0.3000000000000000001 USD\nTotal        7.00                  EUR\n"},
		{"commitments stand apart",
			[]string{`{"charge_category":"commitment","charges":[{"amount":100,"currency":"USD","type":"committed"}]}`,
				`{"charges":[{"amount":1,"currency":"USD","type":"total"},{"amount":1,"currency":"USD","type":"committed"}]}`},
			"Total          1.00 USD\nCommitments  100.00 USD  (put in, not spent: not in the total)\n"},
		{"a forecast stands apart, preliminary does not",
			[]string{`{"finality":"projected","charges":[{"amount":9,"currency":"USD","type":"total"}]}`,
				`{"finality":"preliminary","charges":[{"amount":2,"currency":"USD","type":"total"}]}`,
				`{"charges":[{"amount":1,"currency":"USD","type":"total"}]}`},
			"Total        3.00 USD  (2.00 of it preliminary)\nProjected    9.00 USD  (a forecast: not in the total)\n"},
		{"credits are no money",
			[]string{`{"finality":"preliminary","charges":[{"amount":2,"currency":"CREDITS","type":"total","virtual":true}]}`},
			"Total        2.00 CREDITS  (all of it preliminary, not money)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			tallied(t, c.records...).write(&b)
			if b.String() != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", b.String(), c.want)
			}
		})
	}
}

func TestTallyRefusesAnAmountThatIsNone(t *testing.T) {
	r, err := readUsage([]byte(`{"charges":[{"amount":1e99999,"currency":"USD","type":"total"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := (&tally{}).add(r); err == nil {
		t.Error("an amount out of bounds must not be counted as nothing")
	}
}

func cost(start, end, amount string) string {
	return `{"start_date":"` + start + `T00:00:00Z","end_date":"` + end + `T00:00:00Z","charges":[{"amount":` + amount + `,"currency":"USD","type":"total"}]}`
}

func TestChart(t *testing.T) {
	for _, c := range []struct {
		name    string
		records []string
		want    string
	}{
		{"one bar says nothing", []string{cost("2026-01-01", "2026-01-02", "1")}, ""},
		{"days, also those without a cost", []string{cost("2026-01-01", "2026-01-02", "2"), cost("2026-01-03", "2026-01-04", "1"), cost("2026-01-03", "2026-01-04", "3.5")}, `
USD
  2026-01-01  2.00  █████▍
  2026-01-02  0.00
  2026-01-03  4.50  ████████████
`},
		{"below zero", []string{cost("2026-01-01", "2026-01-02", "4"), cost("2026-01-02", "2026-01-03", "-2")}, `
USD
  2026-01-01   4.00  ███████████
  2026-01-02  -2.00  ░░░░░░
`},
		{"months where records last one", []string{cost("2026-01-01", "2026-02-01", "4"), cost("2026-02-01", "2026-03-01", "2")}, `
USD
  2026-01  4.00  ███████████████
  2026-02  2.00  ███████▌
`},
		{"months where days are too many", []string{cost("2026-01-01", "2026-01-02", "4"), cost("2026-02-01", "2026-02-02", "2")}, `
USD
  2026-01  4.00  ███████████████
  2026-02  2.00  ███████▌
`},
		{"weeks by their first day", []string{cost("2026-01-05", "2026-01-12", "4"), cost("2026-01-12", "2026-01-19", "2")}, `
USD
  2026-01-05  4.00  ████████████
  2026-01-12  2.00  ██████
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			writeChart(&b, tallied(t, c.records...).points, 32, buckets)
			got := ""
			for line := range strings.Lines(b.String()) {
				got += strings.TrimRight(line, " \n") + "\n"
			}
			if got != c.want {
				t.Errorf("got:%s\nwant:%s", got, c.want)
			}
		})
	}
}

func TestChartHasDaysUpToItsBound(t *testing.T) {
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		days int
		want int
	}{{maxDayBars, maxDayBars}, {maxDayBars + 1, 2}} {
		points := []point{{at: first, days: 1}, {at: first.AddDate(0, 0, c.days-1), days: 1}}
		if labels, _ := buckets(points); len(labels) != c.want {
			t.Errorf("%d days give %d bars, want %d", c.days, len(labels), c.want)
		}
	}
	far := []point{{at: first, days: 1}, {at: first.AddDate(0, maxBars-1, 0), days: 1}}
	if labels, _ := buckets(far); len(labels) != maxBars {
		t.Errorf("%d months give %d bars", maxBars, len(labels))
	}
	far[1].at = first.AddDate(0, maxBars, 0)
	far[0].amount, far[1].amount = money.Int(1), money.Int(2)
	labels, amounts := buckets(far)
	if len(labels) != maxBars || labels[0] != "before 2026-03" || amounts[0].Cmp(money.Int(1)) != 0 {
		t.Errorf("%d months give %d bars, the first %s with %s", maxBars+1, len(labels), labels[0], amounts[0])
	}
}

func TestRanks(t *testing.T) {
	of := func(n int) (points []point) {
		for i := range n {
			points = append(points, point{name: "g" + strings.Repeat("!", i), sum: sum{amount: money.Int(int64(i))}})
		}
		return points
	}
	labels, amounts := ranks(of(maxRanks))
	if len(labels) != maxRanks || labels[maxRanks-1] != "g" || amounts[0].Cmp(money.Int(maxRanks-1)) != 0 {
		t.Errorf("at the bound: %v %v", labels, amounts)
	}
	labels, amounts = ranks(of(maxRanks + 2))
	if len(labels) != maxRanks+1 || labels[maxRanks] != "2 others" || amounts[maxRanks].Cmp(money.Int(1)) != 0 {
		t.Errorf("past the bound: %v %v", labels, amounts)
	}
	for _, n := range []int{longestName, longestName + 1} {
		labels, _ := ranks([]point{{name: strings.Repeat("x", n)}})
		if cut := strings.HasSuffix(labels[0], "…"); cut != (n > longestName) || len([]rune(labels[0])) != longestName {
			t.Errorf("a name of %d: %q", n, labels[0])
		}
	}
}

// TestASummaryIsPlacedInTime: a day says more than its month, and a group without a date has no place.
func TestASummaryIsPlacedInTime(t *testing.T) {
	day, month := "2026-01-31", "2026-01"
	for _, c := range []struct {
		by   []string
		in   map[string]*string
		want string
	}{
		{[]string{"month"}, map[string]*string{"month": &month}, "2026-01-01 31"},
		{[]string{"month", "day"}, map[string]*string{"month": &month, "day": &day}, "2026-01-31 1"},
		{[]string{"day", "month"}, map[string]*string{"month": &month, "day": &day}, "2026-01-31 1"},
		{[]string{"day", "product_id"}, map[string]*string{"day": nil}, ""},
	} {
		got := ""
		if p, placed := (&summaryGroup{By: c.in}).point(c.by); placed {
			got = p.at.Format(time.DateOnly) + " " + strconv.FormatFloat(p.days, 'g', -1, 64)
		}
		if got != c.want {
			t.Errorf("by %v: %q, want %q", c.by, got, c.want)
		}
	}
}

func TestPeriod(t *testing.T) {
	for _, c := range []struct{ name, start, end, want string }{
		{"hour", "2026-01-31T23:00:00Z", "2026-02-01T00:00:00Z", "2026-01-31 23:00"},
		{"day", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z", "2026-01-31"},
		{"week", "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z", "2026-01-05 – 01-11"},
		{"month", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-02"},
		{"neither", "2026-02-01T10:30:00Z", "2026-02-01T12:00:00Z", "2026-02-01 10:30 – 02-01 12:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := readUsage([]byte(`{"start_date":"` + c.start + `","end_date":"` + c.end + `"}`))
			if err != nil {
				t.Fatal(err)
			}
			if got := r.period(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
