package connector

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// walk takes a method to its end, as if every page were the last and had one record.
func walk(t *testing.T, m *Method, s *Scope) (windows []string) {
	t.Helper()
	p, more, err := m.First(s)
	for ; more && err == nil; p, more, _, err = m.Next(s, p, Facts{Records: 1}) {
		w := m.Window(s, p)
		windows = append(windows, short(w))
		if len(windows) > 1000 {
			t.Fatal("no end")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return windows
}

func short(w Range) string {
	f := func(t time.Time) string {
		return strings.TrimSuffix(strings.TrimSuffix(t.Format("2006-01-02T15:04"), ":00"), "T00")
	}
	return f(w.Start) + ".." + f(w.End)
}

func TestWindows(t *testing.T) {
	for _, c := range []struct {
		name, window, start, end, now string
		want                          string
	}{
		{"none: the whole range", "", "2026-01-15", "2026-04-02", "2026-05-01", "2026-01-15..2026-04-02"},
		{"none, in the future", "", "2026-01-15", "2026-04-02", "2025-05-01", "2026-01-15..2026-04-02"},
		{"resolution alone slices nothing", "{ resolution: day }", "2026-01-15", "2026-04-02", "2026-05-01", "2026-01-15..2026-04-02"},
		{"months aligned", "{ max: 1 month, align: month }", "2026-01-15", "2026-04-02", "2026-05-01",
			"2026-01-15..2026-02-01 2026-02-01..2026-03-01 2026-03-01..2026-04-01 2026-04-01..2026-04-02"},
		{"more months than the boundary lets", "{ max: 3 months, align: month }", "2026-01-15", "2026-02-20", "2026-05-01",
			"2026-01-15..2026-02-01 2026-02-01..2026-02-20"},
		{"months aligned to years count from the boundary", "{ max: 3 months, align: year }", "2025-11-15", "2026-04-02", "2026-05-01",
			"2025-11-15..2026-01-01 2026-01-01..2026-04-01 2026-04-01..2026-04-02"},
		{"months from the start", "{ max: 12 months }", "2023-05-15", "2026-01-01", "2026-05-01",
			"2023-05-15..2024-05-15 2024-05-15..2025-05-15 2025-05-15..2026-01-01"},
		{"a month from the 31st", "{ max: 1 month }", "2026-01-31", "2026-03-15", "2026-05-01", "2026-01-31..2026-02-28 2026-02-28..2026-03-15"},
		{"a leap February", "{ max: 1 month }", "2024-01-31", "2024-03-01", "2026-05-01", "2024-01-31..2024-02-29 2024-02-29..2024-03-01"},
		{"24 hours", "{ max: 24 hours }", "2026-01-30T06", "2026-02-01T07", "2026-05-01",
			"2026-01-30T06..2026-01-31T06 2026-01-31T06..2026-02-01T06 2026-02-01T06..2026-02-01T07"},
		{"24 hours aligned to days", "{ max: 24 hours, align: day }", "2026-01-30T06", "2026-02-01", "2026-05-01",
			"2026-01-30T06..2026-01-31 2026-01-31..2026-02-01"},
		{"7 days", "{ max: 7 days }", "2026-01-20", "2026-02-05", "2026-05-01", "2026-01-20..2026-01-27 2026-01-27..2026-02-03 2026-02-03..2026-02-05"},
		{"7 days within months", "{ max: 7 days, align: month }", "2026-01-20", "2026-02-10", "2026-05-01",
			"2026-01-20..2026-01-27 2026-01-27..2026-02-01 2026-02-01..2026-02-08 2026-02-08..2026-02-10"},
		{"weeks from Monday", "{ align: week }", "2026-01-01", "2026-01-15", "2026-05-01", "2026-01-01..2026-01-05 2026-01-05..2026-01-12 2026-01-12..2026-01-15"},
		{"none starts after now", "{ max: 1 month, align: month }", "2026-01-01", "2026-12-01", "2026-02-10", "2026-01-01..2026-02-01 2026-02-01..2026-03-01"},
		{"one that starts now is asked for", "{ max: 1 month }", "2026-01-01", "2026-12-01", "2026-02-01", "2026-01-01..2026-02-01 2026-02-01..2026-03-01"},
		{"all in the future", "{ max: 1 month }", "2026-03-01", "2026-12-01", "2026-02-01", ""},
		{"an empty range", "{ max: 1 month }", "2026-01-01", "2026-01-01", "2026-02-01", ""},
		{"over a year's end", "{ max: 1 month, align: month }", "2025-12-31", "2026-01-02", "2026-05-01", "2025-12-31..2026-01-01 2026-01-01..2026-01-02"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := `{ get: /usage, query: { from: "{{ .range.start }}" } }`
			if c.window != "" {
				list = "{ get: /usage, window: " + c.window + " }"
			}
			if got := strings.Join(walk(t, method(t, list), scope(c.start, c.end, c.now)), " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	t.Run("without a range a method without window has one call", func(t *testing.T) {
		if got := walk(t, method(t, "{ get: /usage }"), &Scope{Now: at("2026-01-01")}); len(got) != 1 {
			t.Errorf("%v", got)
		}
	})
	t.Run("without a range a method with windows can't be planned", func(t *testing.T) {
		if _, _, err := method(t, "{ get: /usage, window: { max: 1 month } }").First(&Scope{Now: at("2026-01-01")}); !errors.Is(err, errNoRange) {
			t.Errorf("%v", err)
		}
	})
}

// TestWindowsTile holds for any range: windows touch, cover what lies before now, and are found again from the position.
func TestWindowsTile(t *testing.T) {
	for _, window := range []string{"{ max: 1 month, align: month }", "{ max: 7 days, align: month }", "{ max: 5 hours }", "{ max: 2 months }", "{ align: week }"} {
		m := method(t, "{ get: /usage, window: "+window+" }")
		for days := range 70 {
			s := scope("2026-01-27", "2026-01-28", "2027-01-01")
			s.Range.End = s.Range.End.AddDate(0, 0, days)
			end := s.Range.Start
			p, more, err := m.First(s)
			for ; more; p, more, _, err = m.Next(s, p, Facts{Records: 1}) {
				w := m.Window(s, p)
				if !w.Start.Equal(end) || !w.End.After(w.Start) || w.Start.Unix() != p.Window {
					t.Fatalf("%s: window %s after %s", window, short(w), end)
				}
				end = w.End
			}
			if err != nil || !end.Equal(s.Range.End) {
				t.Fatalf("%s: the windows end at %s of %s: %v", window, end, s.Range.End, err)
			}
		}
	}
}

func TestOutline(t *testing.T) {
	m := method(t, `{ get: /usage, calls: [
	  { name: month, when: '.granularity == "month"', window: { max: 1 month, oldest: 15 months, oldest_align: month, resolution: month } },
	  { name: recent, fallback: true, when: '.granularity == "month" and .window.start >= (.now | month_start | add_months(-1))', window: { max: 1 month, oldest: 1 month, oldest_align: month, resolution: day } },
	  { name: day, when: '.granularity == "day"', window: { max: 7 days, oldest: 40 days, resolution: day } },
	  { name: hour, when: '.granularity == "hour"', window: { max: 24 hours, resolution: hour } } ] }`)
	now := at("2026-07-15T10")
	for _, c := range []struct{ granularity, oldest, resolution, max string }{
		{"month", "2025-04-01T00:00:00Z", "month", "1 month"},
		{"day", "2026-06-05T10:00:00Z", "day", "7 days"},
		{"hour", "", "hour", "24 hours"},
	} {
		oldest, ok := m.Oldest(c.granularity, now)
		if ok != (c.oldest != "") || ok && oldest.Format(time.RFC3339) != c.oldest {
			t.Errorf("%s: oldest %v, %v", c.granularity, oldest, ok)
		}
		if got := m.Resolution(c.granularity); got != c.resolution {
			t.Errorf("%s: resolution %s", c.granularity, got)
		}
		if got := m.MaxWindow(c.granularity).String(); got != c.max {
			t.Errorf("%s: max %s", c.granularity, got)
		}
	}
}

func TestRestatesAt(t *testing.T) {
	c, findings := Parse("acme.yaml", []byte(`connector: acme
title: Acme
context: { base_url: { default: "https://acme.example" } }
credentials: { key: {} }
auth: { headers: { X-Key: "${key}" } }
limits: {}
resources:
  usage:
    granularities: [hour, day, month]
    restates: 72h
    list:
      items: data
      calls:
        - { name: months, when: '.granularity == "month"', get: /months, query: { from: "{{ .window.start }}" }, window: { max: 1 month } }
        - { name: days, when: '.granularity == "day"', restates: 240h, get: /days, query: { from: "{{ .window.start }}" }, window: { max: 1 month } }
        - { name: hours, when: '.granularity == "hour"', restates: 24h, get: /hours, query: { from: "{{ .window.start }}" }, window: { max: 1 month } }
        - { name: late, fallback: true, when: '.granularity == "hour"', get: /late, query: { from: "{{ .window.start }}" }, window: { max: 1 month } }
  products:
    get: { get: "/products/{{ .id }}" }
`))
	if c == nil {
		t.Fatal(findings)
	}
	for granularity, want := range map[string]time.Duration{"month": 72 * time.Hour, "day": 240 * time.Hour, "hour": 72 * time.Hour, "week": 0} {
		if got := c.Resources["usage"].RestatesAt(granularity, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)); got != want {
			t.Errorf("%s: %s, want %s", granularity, got, want)
		}
	}
	if got := c.Resources["products"].RestatesAt("day", time.Now()); got != 0 {
		t.Errorf("without a list: %s", got)
	}
}
