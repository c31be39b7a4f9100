package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// joined is a provider of invoices, in pages of two, whose lines are asked for invoice by invoice, in pages of two.
type joined struct {
	*httptest.Server
	mu       sync.Mutex
	invoices []string       // ids
	lines    map[string]int // how many an invoice has
	calls    []string
}

func newJoined(t *testing.T, lines map[string]int, invoices ...string) *joined {
	j := &joined{invoices: invoices, lines: lines}
	j.Server = httptest.NewServer(j)
	t.Cleanup(j.Close)
	return j
}

func (j *joined) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, r.URL.RequestURI())
	q, at := r.URL.Query(), 0
	fmt.Sscan(q.Get("page"), &at)
	var all []string
	name := "invoices"
	if id, ok := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/lines"), "/invoices/"); ok {
		name = "lines"
		for i := range j.lines[id] {
			all = append(all, fmt.Sprintf(`{"id":"%s.%d","sku":"s","amount":"%d.10"}`, id, i, i))
		}
	} else {
		for _, id := range j.invoices {
			all = append(all, fmt.Sprintf(`{"id":%q,"status":"paid","issued":{"at":"2026-01-05"}}`, id))
		}
	}
	end, next := min(at+2, len(all)), ""
	if end < len(all) {
		next = fmt.Sprintf(`,"next":"%d"`, end)
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{%q:[%s]%s}`, name, strings.Join(all[min(at, end):end], ","), next)
}

func (j *joined) asked(path string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.calls {
		if p, _, _ := strings.Cut(c, "?"); p == path {
			n++
		}
	}
	return n
}

// houseOf is a house whose account is another connector's of testdata.
func houseOf(t *testing.T, connector, upstream string, change ...func(*setup)) *house {
	t.Helper()
	return newHouse(t, upstream, append(change, func(s *setup) {
		s.configure = func(c *config.Config) {
			c.Accounts.Static = []*account.Account{{
				ID: "acme-1", Connector: connector, TenantID: "t1", BaseURLSet: true, Context: map[string]any{"base_url": upstream},
				Credentials: map[string]secret.Value{"key": secret.New(acmeKey)},
			}}
		}
	})...)
}

// TestAJoinResumesAtEveryRecord: whatever the page and whether the pages are kept, the records are the same, and a stream
// goes on behind any of them.
func TestAJoinResumesAtEveryRecord(t *testing.T) {
	t.Parallel()
	lines := map[string]int{"a": 3, "b": 0, "c": 2, "d": 5, "e": 1}
	invoices := []string{"a", "b", "c", "d", "e"}
	const query = "date=2026-01-05&granularity=month"
	var want []string
	for _, id := range invoices {
		for i := range lines[id] {
			want = append(want, fmt.Sprintf("%s.%d", id, i))
		}
	}
	for name, change := range map[string]func(*setup){"cached": func(*setup) {}, "not cached": withoutPages} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := houseOf(t, "acme-join", newJoined(t, lines, invoices...).URL, change)
			for _, limit := range []int{1000, 4, 3, 2, 1} {
				var cursors []string
				got := ids(t, h.walk(fmt.Sprintf("%s&limit=%d", query, limit), func(_ int, l list) {
					if l.Next != nil {
						cursors = append(cursors, *l.Next)
					}
				}))
				if !slices.Equal(got, want) {
					t.Fatalf("by %d: %v, want %v", limit, got, want)
				}
				for i, next := range cursors {
					s := h.good(query + asStream + "&next_cursor=" + next).stream(t)
					same(t, fmt.Sprintf("by %d, a stream behind page %d", limit, i), ids(t, s.records), want[(i+1)*limit:])
				}
			}
		})
	}
}

// TestTheParentsAreListedWhenTheNextOneIsWanted: a cursor that stands within the children of one asks for those alone.
func TestTheParentsAreListedWhenTheNextOneIsWanted(t *testing.T) {
	t.Parallel()
	j := newJoined(t, map[string]int{"a": 5}, "a")
	h := houseOf(t, "acme-join", j.URL, withoutPages)
	next := *h.good("date=2026-01-05&limit=1").list(t).Next
	asked := j.asked("/invoices")
	if l := h.good("date=2026-01-05&limit=1&next_cursor=" + next).list(t); l.Count != 1 || j.asked("/invoices") != asked {
		t.Errorf("%d records, the invoices were listed %d times more", l.Count, j.asked("/invoices")-asked)
	}
}

// TestParentsThatHaveChanged: the walk goes on behind the parent that it stands in, wherever that is now.
func TestParentsThatHaveChanged(t *testing.T) {
	t.Parallel()
	lines := map[string]int{"a": 1, "b": 2, "c": 1, "new": 1}
	for _, c := range []struct {
		name  string
		after []string
		want  []string // behind the cursor on b.0; nil: stale
	}{
		{"unchanged", []string{"a", "b", "c"}, []string{"b.1", "c.0"}},
		{"some before it", []string{"new", "x", "y", "a", "b", "c"}, []string{"b.1", "c.0"}},
		{"one less before it", []string{"b", "c"}, []string{"b.1", "c.0"}},
		{"one behind it", []string{"a", "b", "new", "c"}, []string{"b.1", "new.0", "c.0"}},
		{"the one itself is gone", []string{"a", "c"}, nil},
		{"all gone", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := newJoined(t, lines, "a", "b", "c")
			h := houseOf(t, "acme-join", j.URL, withoutPages)
			next := *h.good("date=2026-01-05&limit=2").list(t).Next
			j.mu.Lock()
			j.invoices = c.after
			j.mu.Unlock()
			a := h.get("date=2026-01-05&next_cursor=" + next)
			if c.want == nil {
				if a.status != http.StatusBadRequest || a.code(t) != "cursor_stale" || strings.Contains(a.body, "next_cursor\":") {
					t.Errorf("%d %s", a.status, a.body)
				}
				return
			}
			same(t, "the rest", ids(t, texts(a.list(t))), c.want)
		})
	}
}

// TestALaneOfOneIsWideEnoughForAJoin: parents and children never wait for each other.
func TestALaneOfOneIsWideEnoughForAJoin(t *testing.T) {
	t.Parallel()
	j := newJoined(t, map[string]int{"a": 3, "b": 3, "c": 1}, "a", "b", "c")
	h := houseOf(t, "acme-join", j.URL)
	h.Catalog().Connectors.Get("acme-join").Limits.Concurrency = 1
	for _, format := range []string{"", asStream} {
		resp, err := h.open(t.Context(), "date=2026-01-05"+format)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || strings.Count(string(body), `"start_date":"2026-01-05`) != 7 {
			t.Errorf("%v: %s", err, body)
		}
	}
}
