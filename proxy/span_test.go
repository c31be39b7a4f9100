package proxy

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

func TestParseMoment(t *testing.T) {
	for _, c := range []struct{ in, start, end string }{
		{"2026-01-31", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"},
		{"2026-12-31", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2026-01", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
		{"2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"2026-01-31T10:20:30Z", "2026-01-31T10:20:30Z", ""},
		{"2026-01-31T10:20:30.123456Z", "2026-01-31T10:20:30Z", ""},
		{"2026-01-31T10:20:30.123456", "2026-01-31T10:20:30Z", ""},
		{"2026-01-31T10:20:30", "2026-01-31T10:20:30Z", ""},
		{"2026-01-31T10:20", "2026-01-31T10:20:00Z", ""},
		{"2026-01-31 10:20:30", "2026-01-31T10:20:30Z", ""},
		{"2026-01-31T10:20:30+02:00", "2026-01-31T08:20:30Z", ""},
		{"2026-01-31T10:20:30-02:00", "2026-01-31T12:20:30Z", ""},
		{"2026-01-31T10:20:30 02:00", "2026-01-31T08:20:30Z", ""},
		{"2026-01-31T10:20:30.5 00:00", "2026-01-31T10:20:30Z", ""},
		{"2026-01-31 10:20:30 02:00", "2026-01-31T08:20:30Z", ""},
		{"2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z", ""},
		{"2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z", ""}, // an hour that summer time skips elsewhere
	} {
		t.Run(c.in, func(t *testing.T) {
			m, err := parseMoment(c.in)
			if err != nil || stamp(m.at) != c.start {
				t.Fatalf("got %s, %v, want %s", stamp(m.at), err, c.start)
			}
			if want := c.end; want != "" && stamp(m.end()) != want {
				t.Errorf("it ends %s, want %s", stamp(m.end()), want)
			} else if want == "" && !m.end().Equal(m.at) {
				t.Errorf("an instant ends %s", stamp(m.end()))
			}
		})
	}
	for _, in := range []string{"", " ", "2026", "2026-1-1", "2026-13-01", "2026-00", "2026-02-29", "26-01-01", "2026-01-31T25:00:00Z", "2026-01-31T10", "2026-01-31T10:20:60Z", "2026-01-31 ", " 2026-01-31",
		"2026-01-31T10:20:30+02", "20260131", "2026/01/31", "01/31/2026", "2026-01-31T10:20:30 02:00 03:00", "now", "0001-01-01", "9999-12-31", "２０２６-01-01"} {
		if m, err := parseMoment(in); err == nil {
			t.Errorf("%q is taken for %s", in, stamp(m.at))
		}
	}
}

func FuzzParseMoment(f *testing.F) {
	for _, s := range []string{"2026-01-31", "2026-01", "2026-01-31T10:20:30.5 02:00", "2026-01-31 10:20:30", "2200-12-31T23:59:59-23:59"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := parseMoment(s)
		if err != nil {
			return
		}
		if y := m.at.Year(); y < minYear || y > maxYear || m.at.Location() != time.UTC || m.end().Before(m.at) {
			t.Fatalf("%q is %v to %v", s, m.at, m.end())
		}
		again, err := parseMoment(m.at.Format(time.RFC3339Nano))
		if err != nil || !again.at.Equal(m.at) {
			t.Fatalf("%q is %v, which reads as %v, %v", s, m.at, again.at, err)
		}
	})
}

// testSpans is a connector whose resource keeps a year, and restates three days.
func testSpans(t *testing.T, granularities, oldest string) (*connector.Resource, *connector.Method) {
	t.Helper()
	c, findings := connector.Parse("acme.yaml", []byte(`connector: acme
title: Acme
context: { base_url: { default: "https://acme.example" } }
credentials: { key: {} }
auth: { headers: { X-Key: "${key}" } }
limits: {}
resources:
  usage:
    granularities: [`+granularities+`]
    restates: 72h
    list:
      get: /usage
      query: { from: "{{ .window.start | date }}" }
      items: data
      window: { max: 1 month`+oldest+` }
`))
	if c == nil {
		t.Fatal(findings)
	}
	return c.Resources["usage"], c.Resources["usage"].List
}

func TestRangeIsResolved(t *testing.T) {
	const now = "2026-03-18T15:04:05.678Z" // a Wednesday
	all := "hour, day, week, month"
	for _, c := range []struct {
		name, query, has, oldest string
		want                     string // start to end granularity preliminary_from
		warns                    string // codes
	}{
		{name: "the current month by default", want: "2026-03-01T00:00:00Z to 2026-04-01T00:00:00Z day 2026-03-15T00:00:00Z"},
		{name: "a start alone ends with its month", query: "start_date=2026-01-15", want: "2026-01-15T00:00:00Z to 2026-02-01T00:00:00Z day -"},
		{name: "a start on the last day of a month", query: "start_date=2026-01-31", want: "2026-01-31T00:00:00Z to 2026-02-01T00:00:00Z day -"},
		{name: "an end alone starts with its month", query: "end_date=2026-01-15", want: "2026-01-01T00:00:00Z to 2026-01-16T00:00:00Z day -"},
		{name: "an end that is a month's last day", query: "end_date=2026-01-31", want: "2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z day -"},
		{name: "an end that is a month", query: "end_date=2026-02", want: "2026-02-01T00:00:00Z to 2026-03-01T00:00:00Z day -"},
		{name: "an instant that ends a month", query: "end_date=2026-02-01T00:00:00Z", want: "2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z day -"},
		{name: "months", query: "start_date=2025-12&end_date=2026-02", want: "2025-12-01T00:00:00Z to 2026-03-01T00:00:00Z day -"},
		{name: "a leap year's February", query: "start_date=2024-02&end_date=2024-02", want: "2024-02-01T00:00:00Z to 2024-03-01T00:00:00Z day -"},
		{name: "days", query: "start_date=2026-01-30&end_date=2026-02-02", want: "2026-01-30T00:00:00Z to 2026-02-03T00:00:00Z day -"},
		{name: "one day", query: "date=2024-02-29", want: "2024-02-29T00:00:00Z to 2024-03-01T00:00:00Z day -"},
		{name: "instants at whole days", query: "start_date=2026-01-30T00:00:00Z&end_date=2026-02-02T00:00:00Z", want: "2026-01-30T00:00:00Z to 2026-02-02T00:00:00Z day -"},
		{name: "the last second counts as the end", query: "start_date=2026-01-30&end_date=2026-01-31T23:59:59Z", want: "2026-01-30T00:00:00Z to 2026-02-01T00:00:00Z day -"},
		{name: "the last microsecond counts as the end", query: "start_date=2026-01-30&end_date=2026-01-31T23:59:59.999999", want: "2026-01-30T00:00:00Z to 2026-02-01T00:00:00Z day -"},
		{name: "a second before the last does not", query: "start_date=2026-01-30&end_date=2026-01-31T23:59:58Z", want: "2026-01-30T00:00:00Z to 2026-02-01T00:00:00Z day -", warns: problem.WarnRangeWidened},
		{name: "widened at both ends", query: "start_date=2026-01-30T12:00:00Z&end_date=2026-01-31T00:00:01Z", want: "2026-01-30T00:00:00Z to 2026-02-01T00:00:00Z day -", warns: problem.WarnRangeWidened},
		{name: "an offset moves the day", query: "start_date=2026-01-30T00:00:00-05:00&end_date=2026-01-31T00:00:00-05:00", want: "2026-01-30T00:00:00Z to 2026-02-01T00:00:00Z day -", warns: problem.WarnRangeWidened},
		{name: "hours", query: "granularity=hour&start_date=2026-01-30T12:30:00Z&end_date=2026-01-30T13:00:01Z", want: "2026-01-30T12:00:00Z to 2026-01-30T14:00:00Z hour -", warns: problem.WarnRangeWidened},
		{name: "weeks start on Monday", query: "granularity=week&start_date=2026-01-07&end_date=2026-01-12", want: "2026-01-05T00:00:00Z to 2026-01-19T00:00:00Z week -", warns: problem.WarnRangeWidened},
		{name: "whole weeks", query: "granularity=week&start_date=2026-01-05&end_date=2026-01-11", want: "2026-01-05T00:00:00Z to 2026-01-12T00:00:00Z week -"},
		{name: "a Sunday ends its week", query: "granularity=week&date=2026-01-11", want: "2026-01-05T00:00:00Z to 2026-01-12T00:00:00Z week -", warns: problem.WarnRangeWidened},
		{name: "weeks over a year's end", query: "granularity=week&start_date=2025-12-31&end_date=2026-01-01", want: "2025-12-29T00:00:00Z to 2026-01-05T00:00:00Z week -", warns: problem.WarnRangeWidened},
		{name: "months over a leap day", query: "granularity=month&start_date=2024-02-29&end_date=2024-03-01", want: "2024-02-01T00:00:00Z to 2024-04-01T00:00:00Z month -", warns: problem.WarnRangeWidened},
		{name: "an empty range", query: "start_date=2026-01-30T00:00:00Z&end_date=2026-01-30T00:00:00Z", want: "2026-01-30T00:00:00Z to 2026-01-30T00:00:00Z day -"},
		{name: "the next finer", query: "granularity=week&start_date=2026-01-07&end_date=2026-01-12", has: "hour, day, month", want: "2026-01-07T00:00:00Z to 2026-01-13T00:00:00Z day -", warns: problem.WarnGranularity},
		{name: "the next coarser", query: "granularity=hour&start_date=2026-01-07&end_date=2026-01-12", has: "week, month", want: "2026-01-05T00:00:00Z to 2026-01-19T00:00:00Z week -", warns: problem.WarnGranularity + " " + problem.WarnRangeWidened},
		{name: "finer before coarser", query: "granularity=day&start_date=2026-01-07&end_date=2026-01-12", has: "hour, week", want: "2026-01-07T00:00:00Z to 2026-01-13T00:00:00Z hour -", warns: problem.WarnGranularity},
		{name: "preliminary in part", query: "start_date=2026-03-10&end_date=2026-03-16", want: "2026-03-10T00:00:00Z to 2026-03-17T00:00:00Z day 2026-03-15T00:00:00Z"},
		{name: "preliminary from the start", query: "start_date=2026-03-16&end_date=2026-03-17", want: "2026-03-16T00:00:00Z to 2026-03-18T00:00:00Z day 2026-03-16T00:00:00Z"},
		{name: "preliminary by month", query: "granularity=month&start_date=2026-02&end_date=2026-03", want: "2026-02-01T00:00:00Z to 2026-04-01T00:00:00Z month 2026-03-01T00:00:00Z"},
		{name: "cut to what is kept", query: "start_date=2024-01-01&end_date=2025-04-01", oldest: ", oldest: 1 year", want: "2025-03-19T00:00:00Z to 2025-04-02T00:00:00Z day -", warns: problem.WarnRangeCut},
		{name: "cut by month", query: "granularity=month&start_date=2025-03&end_date=2025-05", oldest: ", oldest: 1 year", want: "2025-04-01T00:00:00Z to 2025-06-01T00:00:00Z month -", warns: problem.WarnRangeCut},
		{name: "cut to an aligned start", query: "start_date=2024-01-01&end_date=2025-04-01", oldest: ", oldest: 1 year, oldest_align: month", want: "2025-03-01T00:00:00Z to 2025-04-02T00:00:00Z day -", warns: problem.WarnRangeCut},
		{name: "nothing of it is kept", query: "start_date=2024-01-01&end_date=2024-02-01", oldest: ", oldest: 1 year", want: "2025-03-19T00:00:00Z to 2025-03-19T00:00:00Z day -", warns: problem.WarnRangeCut},
		{name: "in the future", query: "start_date=2027-01&end_date=2027-01", want: "2027-01-01T00:00:00Z to 2027-02-01T00:00:00Z day 2027-01-01T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			has := c.has
			if has == "" {
				has = all
			}
			r, m := testSpans(t, has, c.oldest)
			at, _ := time.Parse(time.RFC3339, now)
			s, err := resolveSpan(parsed(t, strings.ReplaceAll(c.query, "+", "%2B")), r, m, "day", at)
			if err != nil {
				t.Fatal(err)
			}
			preliminary := "-"
			if !s.preliminaryFrom.IsZero() {
				preliminary = stamp(s.preliminaryFrom)
			}
			if got := fmt.Sprintf("%s to %s %s %s", stamp(s.Start), stamp(s.End), s.granularity, preliminary); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			var codes []string
			for _, w := range s.warnings {
				codes = append(codes, w.Code)
			}
			if got := strings.Join(codes, " "); got != c.warns {
				t.Errorf("warnings %q, want %q", got, c.warns)
			}
			if s.partial != slices.Contains(codes, problem.WarnRangeCut) {
				t.Errorf("partial is %v beside %v", s.partial, codes)
			}
		})
	}
}

func TestAnEndBeforeItsStartIsRefused(t *testing.T) {
	r, m := testSpans(t, "day", "")
	for _, query := range []string{"start_date=2026-02-02&end_date=2026-02-01T00:00:00Z", "start_date=2026-02-02&end_date=2026-01", "start_date=2026-01-01T00:00:01Z&end_date=2026-01-01T00:00:00Z"} {
		_, err := resolveSpan(parsed(t, query), r, m, "day", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		if p := problem.From(err); p == nil || p.Status != 400 || p.Details["parameter"] != "end_date" {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestAnOffsetSurvivesAPlus: a client that does not escape its + sends a space.
func TestAnOffsetSurvivesAPlus(t *testing.T) {
	for _, q := range []string{"start_date=2026-01-01T02:00:00+02:00", "start_date=2026-01-01T02:00:00%2B02:00", "start_date=2026-01-01T02:00:00%2002:00", "start_date=" + url.QueryEscape("2026-01-01T02:00:00.000000+02:00")} {
		if p := parsed(t, q); stamp(p.start.at) != "2026-01-01T00:00:00Z" {
			t.Errorf("%s is %s", q, stamp(p.start.at))
		}
	}
}

func TestPeriodsFitTogether(t *testing.T) {
	for _, g := range granularities {
		for at := time.Date(2023, 12, 25, 13, 14, 15, 16, time.UTC); at.Year() < 2025; at = at.Add(17*time.Hour + 3*time.Minute) {
			f, c := connector.Floor(at, g), connector.Ceil(at, g)
			if f.After(at) || !c.After(at) || !connector.Floor(c, g).Equal(c) || !connector.Ceil(f, g).Equal(f) || !connector.Floor(c.Add(-1), g).Equal(f) {
				t.Fatalf("%s of %v is %v to %v", g, at, f, c)
			}
			if g == "week" && f.Weekday() != time.Monday {
				t.Fatalf("the week of %v starts on %v", at, f.Weekday())
			}
		}
	}
}

// TestARangeIsWrittenAsItsView: by hand in every answer, and by encoding/json in a stream's last line.
func TestARangeIsWrittenAsItsView(t *testing.T) {
	dated := &connector.Method{Calls: []*connector.CallSpec{{Window: &connector.WindowSpec{}}}}
	from, to := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 2, 3, 4, 0, time.UTC)
	for _, c := range []struct {
		name   string
		method *connector.Method
		span   span
	}{
		{"without dates", &connector.Method{}, span{}},
		{"without a granularity", dated, span{Range: connector.Range{Start: from, End: to}}},
		{"with one", dated, span{Range: connector.Range{Start: from, End: to}, granularity: "day"}},
		{"preliminary", dated, span{Range: connector.Range{Start: from, End: to}, granularity: "day", preliminaryFrom: to}},
	} {
		q := &request{method: c.method, span: &c.span}
		if got, want := string(q.appendRange(nil)), string(marshal(q.rangeView())); got != want {
			t.Errorf("%s: %s, the view is %s", c.name, got, want)
		}
	}
}
