package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestAPageWithACursorIsNeverEmpty: however little of the provider's pages a filter lets pass.
func TestAPageWithACursorIsNeverEmpty(t *testing.T) {
	t.Parallel()
	var lines []line
	var rare []string
	for i := range 120 {
		id, product := fmt.Sprintf("r%03d", i), "common"
		if i%50 == 7 {
			product = "rare"
			rare = append(rare, id)
		}
		lines = append(lines, linesOf("2026-01-05", fmt.Sprintf(`{"id":%q,"product":{"id":%q},"start_date":"2026-01-05T00:00:00Z"}`, id, product)))
	}
	acme := newAcme(t, lines...)
	acme.per = 2
	h := newHouse(t, acme.URL)
	for _, c := range []struct {
		name, query string
		want        []string
	}{
		{"one filter, one at a time", "&product_id=rare&limit=1", rare},
		{"one filter, all at once", "&product_id=rare", rare},
		{"as many as there are", "&product_id=rare&limit=3", rare},
		{"the provider's pages", "&product_id=rare&truto_ignore_limit=true", rare},
		{"a filter that matches nothing", "&product_id=none&limit=1", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			same(t, "records", ids(t, h.walk("start_date=2026-01"+c.query)), c.want)
		})
	}
}

// TestPagesOfThingsThatMakeNoRecordAreNoLoop: only pages without an item are.
func TestPagesOfThingsThatMakeNoRecordAreNoLoop(t *testing.T) {
	t.Parallel()
	var lines []line
	for range 60 {
		lines = append(lines, linesOf("2026-01-05"))
	}
	acme := newAcme(t, append(lines, totalLine("last", "2026-01-06", "1"))...)
	acme.per = 1
	same(t, "records", ids(t, newHouse(t, acme.URL).walk("start_date=2026-01")), []string{"last"})
}

// TestAProviderThatGoesRoundInCirclesIsLeft: by the same cursor, by two that take turns, and by empty pages without end.
func TestAProviderThatGoesRoundInCirclesIsLeft(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(cursor string, n int) string{
		"the same cursor":         func(string, int) string { return "x" },
		"two that take turns":     func(c string, _ int) string { return map[string]string{"": "a", "a": "b", "b": "a"}[c] },
		"empty pages without end": func(_ string, n int) string { return fmt.Sprint(n) },
	} {
		for _, from := range []string{"", "a"} {
			t.Run(name+" from "+from, func(t *testing.T) {
				t.Parallel()
				acme := newAcme(t)
				acme.hook = func(w http.ResponseWriter, r *http.Request, n int) bool {
					fmt.Fprintf(w, `{"data":{"lines":[]},"meta":{"next":%q}}`, next(r.URL.Query().Get("cursor"), n))
					return true
				}
				h := newHouse(t, acme.URL)
				for _, format := range []string{"unified", "stream", "raw"} {
					if a := h.get("start_date=2026-01&truto_response_format=" + format); a.status != http.StatusBadGateway || a.code(t) != "pagination_loop" {
						t.Errorf("%s: %d %s", format, a.status, a.body)
					}
				}
				if n := acme.asked("/lines"); n > 3*25 {
					t.Errorf("it was asked %d times", n)
				}
			})
		}
	}
}

// TestLaterWindowsAndCallsMayUseTheSameCursors: page 2 of January is not page 2 of February.
func TestLaterWindowsAndCallsMayUseTheSameCursors(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	page := func(kind string, records bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			next := map[string]string{"": `"2"`, "2": `"3"`, "3": "null"}[q.Get("cursor")]
			item := ""
			if records {
				item = linesOf("", totalRecord(kind+q.Get("from")+q.Get("cursor"), q.Get("from"), "1")).raw
			}
			fmt.Fprintf(w, `{"data":{"lines":[%s]},"meta":{"next":%s}}`, item, next)
		}
	}
	acme.handle("/final", page("final", false))
	acme.handle("/estimate", page("estimate", true))
	acme.handle("/lines", page("line", true))
	h := newHouse(t, acme.URL)
	for _, g := range []string{"hour", "day"} {
		for _, limit := range []string{"1", "4", "100"} {
			if got := h.walk(twoMonths + "&granularity=" + g + "&limit=" + limit); len(got) != 6 {
				t.Errorf("%s, limit %s: %d records", g, limit, len(got))
			}
		}
	}
}

// TestALoopIsMetWhereverAWalkBegins: a walk that resumes within it gives no record twice.
func TestALoopIsMetWhereverAWalkBegins(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.hook = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		at := r.URL.Query().Get("cursor")
		fmt.Fprintf(w, `{"data":{"lines":[%s]},"meta":{"next":%q}}`, totalLine("r"+at, "2026-01-05", "1").raw, map[string]string{"": "a", "a": "b", "b": "a"}[at])
		return true
	}
	h := newHouse(t, acme.URL)
	next := *h.good("start_date=2026-01&limit=1").list(t).Next
	s := h.good("start_date=2026-01" + asStream + "&next_cursor=" + next).stream(t)
	if got := ids(t, s.records); s.fault != "pagination_loop" || !slices.Equal(got, []string{"ra", "rb"}) {
		t.Errorf("%v, then %q", got, s.fault)
	}
}

// TestAWalkInTheProvidersPagesAsksForEachOnce: where its pages are kept. Where they are not, each is asked for again by
// the request that begins within it; one that begins with it is the first to ask for it, and keeps nothing for that.
func TestAWalkInTheProvidersPagesAsksForEachOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*setup)
		limit  string
		asked  int
		kept   uint64
		missed uint64 // pages that were not asked for before
	}{
		{"cached", func(*setup) {}, "10", 5, 0, 4}, {"cached, by one", func(*setup) {}, "1", 5, 5, 4}, {"cached, by more than a page", func(*setup) {}, "15", 5, 2, 1},
		{"not cached", withoutPages, "10", 5, 0, 0}, {"not cached, by more than a page", withoutPages, "15", 7, 0, 0}, {"not cached, ignoring the limit", withoutPages, "", 5, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t, someJanuaryLines(50)...)
			acme.per = 10
			h := newHouse(t, acme.URL, c.change)
			query := "start_date=2026-01&limit=" + c.limit
			if c.limit == "" {
				query += "&truto_ignore_limit=true"
			}
			if n := len(h.walk(query)); n != 50 {
				t.Errorf("%d records", n)
			}
			if n := acme.asked("/lines"); n != c.asked {
				t.Errorf("the provider was asked %d times, not %d", n, c.asked)
			}
			if pages := h.Proxy.Pages.Stats(); !strings.HasPrefix(c.name, "not") && (pages.Puts != c.kept || pages.Misses != c.missed) {
				t.Errorf("pages were kept %d times, and looked for in vain %d times, not %d and %d", pages.Puts, pages.Misses, c.kept, c.missed)
			}
		})
	}
}

// TestAPageThatIsFullEndsByTheProvidersWord: its cursor leads to the page that the provider leads to, and nobody asks whether
// that one has a record. A page that is not full goes on until it has one, or reaches the end.
func TestAPageThatIsFullEndsByTheProvidersWord(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.hook = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.URL.Query().Get("cursor") == "" {
			fmt.Fprintf(w, `{"data":{"lines":[%s,%s]},"meta":{"next":"rest"}}`, totalLine("a", "2026-01-05", "1").raw, totalLine("b", "2026-01-06", "1").raw)
		} else {
			io.WriteString(w, `{"data":{"lines":[]},"meta":{"next":null}}`)
		}
		return true
	}
	h := newHouse(t, acme.URL)
	for _, c := range []struct {
		limit string
		pages []int // records of each page of ours
		asked int
		ended string // of a stream
	}{
		{"1", []int{1, 1, 0}, 2, "limited"}, {"2", []int{2, 0}, 2, "limited"}, {"3", []int{2}, 2, "complete"},
	} {
		before, pages := acme.asked("/lines"), []int(nil)
		h.walk("start_date=2026-01&limit="+c.limit, func(_ int, l list) { pages = append(pages, len(l.Result)) })
		if asked := acme.asked("/lines") - before; !slices.Equal(pages, c.pages) || asked != c.asked {
			t.Errorf("limit %s: pages of %v by %d calls", c.limit, pages, asked)
		}
		if s := h.good("start_date=2026-01&limit=" + c.limit + asStream).stream(t); s.status != c.ended || len(s.records) != c.pages[0] || (s.next != "") != (c.ended == "limited") {
			t.Errorf("limit %s: a stream of %d records ends with %q", c.limit, len(s.records), s.status)
		}
	}
}

// TestARecordBelongsToTheWindowThatHoldsItsStart: what a provider sends beyond it comes again with its own window.
func TestARecordBelongsToTheWindowThatHoldsItsStart(t *testing.T) {
	t.Parallel()
	all := []string{totalRecord("before", "2025-12-31", "1"), totalRecord("first", "2026-01-01", "1"), totalRecord("january", "2026-01-31", "1"), totalRecord("february", "2026-02-01", "1"), totalRecord("after", "2026-03-01", "1")}
	acme := newAcme(t)
	acme.handle("/lines", answerWith(`{"data":{"lines":[`+linesOf("", all...).raw+`]}}`)) // whatever is asked for
	h := newHouse(t, acme.URL)
	for _, limit := range []string{"1", "2", "100"} {
		if got := ids(t, h.walk(twoMonths+"&limit="+limit)); !slices.Equal(got, []string{"first", "january", "february"}) {
			t.Errorf("limit %s: %v", limit, got)
		}
	}
	if got := ids(t, h.walk("date=2026-01-31")); !slices.Equal(got, []string{"january"}) {
		t.Errorf("of a day: %v", got)
	}
}

// TestItemsThatNobodyMapsAreNotJudgedByTheirDates: they have whatever form the provider gives them.
func TestItemsThatNobodyMapsAreNotJudgedByTheirDates(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, line{"2026-01-01", `{"id":"a","start_date":"2026-01-01"}`}, line{"2026-01-31", `{"id":"b","start_date":"31/01/2026"}`}, line{"2026-02-01", `{"id":"c","start_date":17}`})
	h := newHouse(t, acme.URL)
	var got []string
	next := ""
	for range 3 {
		l := h.good("/proxy/usage?" + twoMonths + "&limit=1&next_cursor=" + next).list(t)
		got = append(got, texts(l)...)
		if l.Next == nil {
			break
		}
		next = *l.Next
	}
	if want := []string{acme.lines[0].raw, acme.lines[1].raw, acme.lines[2].raw}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
