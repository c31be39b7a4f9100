package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// monthly are n lines of each month of 2025 up to the last one.
func monthly(months, n int) (lines []line, ids []string) {
	for m := range months {
		for i := range n {
			id := fmt.Sprintf("m%02d-%03d", m+1, i)
			lines, ids = append(lines, totalLine(id, fmt.Sprintf("2025-%02d-05", m+1), "1")), append(ids, id)
		}
	}
	return lines, ids
}

// met is closed when the n-th comes; each waits for it, and says whether it came in time.
func met(n int) func() bool {
	var mu sync.Mutex
	all, here := make(chan struct{}), 0
	return func() bool {
		mu.Lock()
		if here++; here == n {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
			return true
		case <-time.After(10 * time.Second):
			return false
		}
	}
}

// TestWindowsAreAskedForSideBySide: and put out in order, whichever answer comes first.
func TestWindowsAreAskedForSideBySide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, query, accept string }{
		{"lines", asStream, ""}, {"csv", "", "text/csv"}, {"sums", "&summary_by=product_id", ""}, {"events", "", "text/event-stream"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lines, want := monthly(4, 3)
			acme := newAcme(t, lines...)
			together := met(4)
			done := make([]chan struct{}, 5)
			for i := range done {
				done[i] = make(chan struct{})
			}
			close(done[4])
			acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
				var month int
				fmt.Sscanf(r.URL.Query().Get("from"), "2025-%d", &month)
				if !together() {
					t.Error("the windows were not asked for side by side")
				}
				<-done[month] // the last window's answer comes first
				io.WriteString(w, acme.page(r.URL.Query()))
				close(done[month-1])
			})
			h := newHouse(t, acme.URL)
			a := h.good("start_date=2025-01&end_date=2025-04"+c.query, "Accept", c.accept)
			at := 0
			for _, id := range want {
				if i := strings.Index(a.body[at:], id); i >= 0 {
					at += i
				} else if c.name != "sums" {
					t.Fatalf("%s is not in its place in %s", id, a.body)
				}
			}
			if c.name == "sums" && !strings.Contains(a.body, `"record_count":12`) {
				t.Error(a.body)
			}
			if n := acme.asked("/lines"); n != 4 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// TestPagesAreAskedForBeforeTheOnesBeforeThemAreMapped: their cursor is all that is waited for. The mapping waits for names.
func TestPagesAreAskedForBeforeTheOnesBeforeThemAreMapped(t *testing.T) {
	t.Parallel()
	lines, want := monthly(1, 9)
	acme := newAcme(t, lines...)
	acme.per = 3
	together := met(4) // three pages, and the names
	names := make(chan bool, 1)
	acme.hook = func(http.ResponseWriter, *http.Request, int) bool { go together(); return false }
	acme.handle("/teams", func(w http.ResponseWriter, _ *http.Request) {
		names <- together()
		io.WriteString(w, `{"data":[]}`)
	})
	got := newHouse(t, acme.URL).good("start_date=2025-01" + asStream).stream(t)
	same(t, "records", ids(t, got.records), want)
	if !<-names {
		t.Error("a page waited for the records of the one before it")
	}
}

// TestALimitAsksForNoPageThatItCanDoWithout: that there are more is said by the page itself, or by one record beyond the limit.
func TestALimitAsksForNoPageThatItCanDoWithout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query         string
		months, calls int
	}{
		{"&limit=1", 1, 1}, {"&limit=9", 1, 1}, {"&limit=10", 1, 1}, {"&limit=19", 1, 2}, {"&limit=20", 1, 2}, {"&limit=29", 1, 3}, {"&limit=1000", 1, 3},
		{"&limit=9" + asStream, 1, 1}, {"&limit=19" + asStream, 1, 2}, {"&limit=1000" + asStream, 1, 3},
		{"&limit=29", 4, 3}, {"&limit=30", 4, 4}, {"&truto_ignore_limit=1", 4, 1}, {"&limit=20" + asStream, 1, 2},
		{"&truto_response_format=normalized&limit=10", 1, 1}, {"&truto_response_format=debug&limit=10", 1, 1}, {"&truto_response_format=raw&limit=10", 1, 1},
	} {
		t.Run(fmt.Sprint(c.query, " of ", c.months), func(t *testing.T) {
			t.Parallel()
			lines, _ := monthly(c.months, 30)
			acme := newAcme(t, lines...)
			acme.per = 10
			newHouse(t, acme.URL).good(fmt.Sprintf("start_date=2025-01&end_date=2025-%02d%s", c.months, c.query))
			if n := acme.asked("/lines"); n != c.calls {
				t.Errorf("%d calls, want %d", n, c.calls)
			}
		})
	}
}

// TestAFailureAheadIsMetInItsPlace: after all that comes before it, with a cursor that goes on there.
func TestAFailureAheadIsMetInItsPlace(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotImplemented, http.StatusNotFound} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			lines, want := monthly(4, 3)
			acme := newAcme(t, lines...)
			var repaired atomic.Bool
			acme.hook = func(w http.ResponseWriter, r *http.Request, _ int) bool {
				broken := !repaired.Load() && r.URL.Query().Get("from") == "2025-03-01"
				if broken {
					w.WriteHeader(status)
				}
				return broken
			}
			h := newHouse(t, acme.URL)
			const query = "start_date=2025-01&end_date=2025-04" + asStream
			first := h.good(query).stream(t)
			if first.fault == "" || first.next == "" {
				t.Fatalf("it ended with %+v", first)
			}
			same(t, "before the failure", ids(t, first.records), want[:6])
			repaired.Store(true)
			rest := h.good(query + "&next_cursor=" + first.next).stream(t)
			same(t, "in all", append(ids(t, first.records), ids(t, rest.records)...), want)
		})
	}
}

// TestAProviderThatIsAskedTooMuchAtATimeIsAskedAgain: one call after another would not have been too many.
func TestAProviderThatIsAskedTooMuchAtATimeIsAskedAgain(t *testing.T) {
	t.Parallel()
	lines, want := monthly(6, 3)
	acme := newAcme(t, lines...)
	var under atomic.Int32
	acme.hook = func(w http.ResponseWriter, _ *http.Request, n int) bool {
		defer under.Add(-1)
		if under.Add(1) > 1 || n == 1 || n == 2 {
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		return false
	}
	got := newHouse(t, acme.URL).good("start_date=2025-01&end_date=2025-06" + asStream).stream(t)
	same(t, "records", ids(t, got.records), want)
}

// TestAClientThatLeavesEndsWhatWasAskedAhead: every call of its walk.
func TestAClientThatLeavesEndsWhatWasAskedAhead(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	together, ended := met(4), make(chan struct{}, 4)
	ctx, leave := context.WithCancel(t.Context())
	acme.handle("/lines", func(_ http.ResponseWriter, r *http.Request) {
		if together() {
			leave()
		}
		<-r.Context().Done()
		ended <- struct{}{}
	})
	if resp, err := newHouse(t, acme.URL).open(ctx, "start_date=2025-01&end_date=2025-04"+asStream); err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	for range 4 {
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("a call goes on")
		}
	}
}

// TestASlowReaderIsNotRunAwayFrom: what waits for it is bounded, however many pages there are.
func TestASlowReaderIsNotRunAwayFrom(t *testing.T) {
	t.Parallel()
	const pages, perPage = 60, 800 << 10
	bulk := strings.Repeat("x", 16<<10)
	for _, months := range []int{1, 12} {
		t.Run(fmt.Sprint(months), func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			acme := newAcme(t)
			acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
				at := 0
				fmt.Sscan(r.URL.Query().Get("cursor"), &at)
				var body strings.Builder
				body.WriteString(`{"data":{"lines":[`)
				for i := 0; body.Len() < perPage; i++ {
					if i > 0 {
						body.WriteByte(',')
					}
					fmt.Fprintf(&body, `{"records":[{"id":"r%s-%d-%d","start_date":"%sT00:00:00Z","dimensions":{"x":%q}}]}`, r.URL.Query().Get("from"), at, i, r.URL.Query().Get("from"), bulk)
				}
				next := "null"
				if at+1 < pages/months {
					next = fmt.Sprintf(`"%d"`, at+1)
				}
				n, _ := fmt.Fprintf(w, `%s]},"meta":{"next":%s}}`, body.String(), next)
				sent.Add(int64(n))
			})
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			resp, err := newHouse(t, acme.URL).open(ctx, fmt.Sprintf("start_date=2025-01&end_date=2025-%02d%s", months, asStream))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			last, still := int64(-1), 0
			for tick := time.NewTicker(50 * time.Millisecond); still < 10; <-tick.C {
				if n := sent.Load(); n == last {
					still++
				} else {
					last, still = n, 0
				}
			}
			if most := int64(32 << 20); last > most {
				t.Errorf("%d bytes were taken from the provider for a client that reads nothing", last)
			}
		})
	}
}

// TestStreamsOfTheSameDoNotWaitForEachOther: the provider sends one record, and goes on when both clients have it.
func TestStreamsOfTheSameDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	lines, _ := monthly(1, 2)
	acme := newAcme(t, lines...)
	both := make(chan struct{})
	acme.hook = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"data":{"lines":[%s`, lines[0].raw)
		w.(http.Flusher).Flush()
		select {
		case <-both:
		case <-time.After(10 * time.Second):
			t.Error("a client waits for what another one is sent")
		}
		fmt.Fprint(w, "]}}")
		return true
	}
	h := newHouse(t, acme.URL)
	for range 2 {
		resp, err := h.open(t.Context(), "start_date=2025-01"+asStream)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || !strings.Contains(line, `"id"`) {
			t.Errorf("the first record is %q, %v", line, err)
		}
	}
	close(both)
}

// TestRequestsForTheSamePageShareACall: the provider answers when all of them wait.
func TestRequestsForTheSamePageShareACall(t *testing.T) {
	t.Parallel()
	lines, want := monthly(1, 5)
	acme := newAcme(t, lines...)
	var h *house
	acme.hook = func(http.ResponseWriter, *http.Request, int) bool {
		for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
			if strings.Contains(h.get("/metrics").body, `meterbridge_upstream_flights_total{connector="acme",outcome="joined"} 4`) {
				return false
			}
		}
		return false
	}
	h = newHouse(t, acme.URL)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			var got []string
			for _, r := range h.good("start_date=2025-01").list(t).Result {
				got = append(got, string(r))
			}
			same(t, "records", ids(t, got), want)
		})
	}
	all.Wait()
	if n := acme.asked("/lines"); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestNamesAreLookedUpOnceForAll: however many requests want them at a time.
func TestNamesAreLookedUpOnceForAll(t *testing.T) {
	t.Parallel()
	lines, _ := monthly(12, 1)
	acme := newAcme(t, lines...)
	h := newHouse(t, acme.URL)
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() { h.good(fmt.Sprintf("start_date=2025-%02d&limit=%d", i%12+1, i+1)) })
	}
	all.Wait()
	if n := acme.asked("/teams"); n != 1 {
		t.Errorf("%d calls", n)
	}
}
