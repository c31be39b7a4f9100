package connector

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// method is the list method of a connector whose list is the given YAML in flow style, with the head that minimal gives.
func method(t *testing.T, list string) *Method {
	t.Helper()
	c, finds := Parse("acme.yaml", []byte(minimal("resources: { usage: { list: "+list+" } }\n")))
	if c == nil {
		t.Fatalf("%v", finds)
	}
	return c.Resources["usage"].List
}

func at(s string) time.Time {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15", time.RFC3339} {
		if v, err := time.Parse(layout, s); err == nil {
			return v
		}
	}
	panic(s)
}

func scope(start, end, now string) *Scope {
	return &Scope{Now: at(now), Range: Range{at(start), at(end)}, Granularity: "month"}
}

const fallbacks = `{ window: { max: 1 month, align: month }, calls: [
  { name: final, get: /final, when: '.granularity == "month"' },
  { name: estimate, fallback: true, get: /estimate, when: '.granularity == "month" and .window.start >= (.now | month_start | add_months(-1))' },
  { name: guess, fallback: true, get: /guess, when: '.granularity == "month" and .window.start >= (.now | month_start)', no_data: no_data_yet },
  { name: daily, get: /daily, when: '.granularity == "day"', window: { max: 7 days } } ] }`

func TestFallbacks(t *testing.T) {
	for _, c := range []struct {
		name, granularity string
		full              string // the calls that give records
		want              string
		warnings          int
	}{
		{"the first has records", "month", "final", "04/final 05/final 06/final 07/final", 0},
		{"none has: each that applies is tried", "month", "", "04/final 05/final 06/final 06/estimate 07/final 07/estimate 07/guess", 1},
		{"the second has", "month", "estimate", "04/final 05/final 06/final 06/estimate 07/final 07/estimate", 0},
		{"another call for days, by its own windows", "day", "daily", "01/daily 08/daily 15/daily 22/daily 29/daily 06/daily 13/daily 20/daily 27/daily 03/daily 10/daily 17/daily 24/daily 01/daily 08/daily 15/daily", 0},
		{"none for weeks", "week", "", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := method(t, fallbacks), scope("2026-04-01", "2026-09-01", "2026-07-15")
			s.Granularity = c.granularity
			var got []string
			warnings := 0
			p, more, err := m.First(s)
			for more && err == nil {
				name, w := m.Call(p).Name, m.Window(s, p)
				unit := w.Start.Format("01")
				if c.granularity == "day" {
					unit = w.Start.Format("02")
				}
				got = append(got, unit+"/"+name)
				f := Facts{}
				if name == c.full {
					f.Records = 1
				}
				var warn []problem.Warning
				p, more, warn, err = m.Next(s, p, f)
				warnings += len(warn)
				for _, w := range warn {
					if w.Code != problem.WarnNoDataYet || w.Message != "the provider has no data yet for 2026-07-01 to 2026-08-01" {
						t.Errorf("%+v", w)
					}
				}
			}
			if g := strings.Join(got, " "); err != nil || g != c.want || warnings != c.warnings {
				t.Errorf("got  %s (%v, %d warnings)\nwant %s", g, err, warnings, c.want)
			}
		})
	}
}

func TestNextPage(t *testing.T) {
	for _, c := range []struct {
		name, page, token, envelope string
		want                        string // the next token, or the error's code
	}{
		{"token", "{ next_token: [meta.next], token_param: t }", "", `{"meta":{"next":"abc"}}`, "abc"},
		{"a number is a token", "{ next_token: [meta.next], token_param: t }", "", `{"meta":{"next":12345678901234567890}}`, "12345678901234567890"},
		{"null ends", "{ next_token: [meta.next], token_param: t }", "a", `{"meta":{"next":null}}`, ""},
		{"absent ends", "{ next_token: [meta.next], token_param: t }", "a", `{}`, ""},
		{"empty ends", "{ next_token: [meta.next], token_param: t }", "a", `{"meta":{"next":""}}`, ""},
		{"false ends", "{ next_token: [meta.next], token_param: t }", "a", `{"meta":{"next":false}}`, ""},
		{"null as text goes on", "{ next_token: [meta.next], token_param: t }", "a", `{"meta":{"next":"null"}}`, "null"},
		{"the second path", "{ next_url: [_links.next.href, next.href] }", "", `{"next":{"href":"/p2"}}`, "/p2"},
		{"a dot in a key", `{ next_token: ['a\.b.c'], token_param: t }`, "", `{"a.b":{"c":"x"},"a":{"b":{"c":"y"}}}`, "x"},
		{"gjson's own signs mean nothing", `{ next_token: ['a#.b*'], token_param: t }`, "", `{"a#":{"b*":"x"}}`, "x"},
		{"an index", "{ next_token: [links.1], token_param: t }", "", `{"links":["a","b"]}`, "b"},
		{"an object is no token", "{ next_token: [next], token_param: t }", "", `{"next":{"a":1}}`, "upstream_unexpected"},
		{"a loop", "{ next_token: [next], token_param: t }", "abc", `{"next":"abc"}`, "pagination_loop"},
		{"a loop of links", "{ next_url: [next] }", "https://x/?p=2", `{"next":"https://x/?p=2"}`, "pagination_loop"},
		{"no link and no token_param", "{ next_url: [next] }", "", `{"next":"abc"}`, "upstream_unexpected"},
		{"no link but a token_param", "{ next_url: [next], token_param: t }", "", `{"next":"abc"}`, "abc"},
		{"no envelope", "{ next_url: [next] }", "", ``, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := method(t, "{ get: /usage, page: "+c.page+" }")
			p := record.Position{Token: []byte(c.token), Item: 9, Out: 2, Anchor: 7, Job: []byte("j"), Size: 5, Carry: []byte("{}"), Rev: 3}
			n, more, _, err := m.Next(&Scope{}, p, Facts{Envelope: []byte(c.envelope), Records: 1})
			if err != nil {
				if got := problem.From(err).Code; string(got) != c.want {
					t.Fatalf("%v", err)
				}
				return
			}
			if more != (c.want != "") || more && string(n.Token) != c.want {
				t.Fatalf("next %q, %v; want %q", n.Token, more, c.want)
			}
			if want := (record.Position{Token: []byte(c.want), Size: 5, Carry: []byte("{}"), Rev: 3}); more && !reflect.DeepEqual(n, want) {
				t.Errorf("got %+v, want %+v", n, want)
			}
		})
	}
}

func TestSkippedWindowsAreBounded(t *testing.T) {
	m := method(t, `{ get: /usage, when: ".granularity == 1", window: { max: 1 hours } }`)
	for n, want := range map[int]bool{maxWindows: true, maxWindows + 1: false} {
		s := scope("2026-01-01", "2026-01-01", "2099-01-01")
		s.Range.End = s.Range.End.Add(time.Duration(n) * time.Hour)
		if _, more, err := m.First(s); more || (err == nil) != want {
			t.Errorf("%d windows: %v, %v", n, more, err)
		}
	}
}

func TestStalePosition(t *testing.T) {
	m := method(t, "{ get: /usage, window: { max: 1 month } }")
	s := scope("2026-01-01", "2026-03-01", "2026-05-01")
	for name, p := range map[string]record.Position{
		"a call that is gone":   {Call: 1, Window: s.Range.Start.Unix()},
		"a window before":       {Window: s.Range.Start.Unix() - 1},
		"a window at the end":   {Window: s.Range.End.Unix()},
		"the zero position":     {},
		"a window far from now": {Window: 1 << 60},
	} {
		if _, err := m.At(s, p); problem.From(err) == nil || problem.From(err).Code != problem.CursorStale {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// remote is a caller's remote_query, from the text behind remote_query.
func remote(t *testing.T, query string) []bracket.Pair {
	t.Helper()
	pairs, err := bracket.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	var out []bracket.Pair
	for _, p := range pairs {
		if below, ok := p.Below(); ok && p.Path[0] == "remote_query" {
			out = append(out, below)
		}
	}
	return out
}

func render(c Call) string {
	var q []string
	for _, p := range c.Query {
		q = append(q, p.Key+"="+p.Value+[]string{"", "(window)", "(page)", "(caller)"}[p.Owner])
	}
	out := fmt.Sprintf("%s %s%s?%s", c.Method, c.Path, c.URL, strings.Join(q, "&"))
	if c.Body != nil {
		out += " " + string(c.Body)
	}
	if c.Unclipped {
		out += " unclipped"
	}
	return out
}
