package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestAListThatBreaksIsAStatusOrABrokenConnection: never a body that looks complete.
func TestAListThatBreaksIsAStatusOrABrokenConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		size  int
		clean bool
	}{{"below a mebibyte", 20 << 10, true}, {"past it", 60 << 10, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t, bulkyLines(40, c.size)...)
			acme.per = 20
			acme.hook = failOn(2)
			a := newHouse(t, acme.URL).get("start_date=2026-01&truto_ignore_remote_data=1")
			switch {
			case c.clean && (a.status != 502 || a.broken != nil || a.code(t) != "upstream_failed"):
				t.Errorf("%d, %v: %.200s", a.status, a.broken, a.body)
			case !c.clean && (a.status != 200 || a.broken == nil || len(a.body) < 1<<20):
				t.Errorf("%d, %v, with %d bytes", a.status, a.broken, len(a.body))
			}
		})
	}
}

// TestAnErrorOnALaterPageGoesOnWithItsCursor: the page that could not be filled is asked for again, whole.
func TestAnErrorOnALaterPageGoesOnWithItsCursor(t *testing.T) {
	t.Parallel()
	lines := someLines(30)
	for page := 1; page <= 4; page++ {
		t.Run(fmt.Sprintf("page %d", page), func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t, lines...)
			acme.per = 10
			h := newHouse(t, acme.URL)
			want := h.walk(twoMonths)
			acme.mu.Lock()
			acme.pages, acme.hook = 0, failOn(page)
			acme.mu.Unlock()
			var got []string
			next, failed := "", 0
			for {
				a := h.get(twoMonths + "&limit=10&next_cursor=" + next)
				var v struct {
					Result []json.RawMessage
					Next   *string `json:"next_cursor"`
				}
				if err := json.Unmarshal([]byte(a.body), &v); err != nil {
					t.Fatal(err)
				}
				if a.status != 200 {
					failed++
				}
				for _, r := range v.Result {
					got = append(got, string(r))
				}
				if v.Next == nil {
					if a.status == 200 {
						break
					}
					if page > 1 {
						t.Fatalf("the error has no cursor: %s", a.body)
					}
				} else {
					next = *v.Next
				}
			}
			if failed > 1 { // none where the record that failed was only looked at to see whether there is more
				t.Errorf("%d requests failed", failed)
			}
			same(t, "records", got, want)
		})
	}
}

// TestTheDeadlineCutsAPageShortAndNothingElse.
func TestTheDeadlineCutsAPageShortAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		stall int // the page that does not come
		first int // records of the first answer
	}{{"in the middle", 2, 10}, {"before anything", 1, 0}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t, someLines(30)...)
			acme.per = 10
			h := newHouse(t, acme.URL)
			want := h.walk(twoMonths)
			h.Proxy.Deadline = 300 * time.Millisecond
			acme.mu.Lock()
			acme.pages, acme.hook = 0, func(_ http.ResponseWriter, r *http.Request, n int) bool {
				if n == c.stall {
					<-r.Context().Done()
				}
				return n == c.stall
			}
			acme.mu.Unlock()
			a := h.get(twoMonths)
			l := a.list(t)
			if len(l.Result) != c.first || l.Next == nil {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if c.first == 0 && (a.status != http.StatusGatewayTimeout || l.Code != "upstream_timeout") {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if c.first > 0 && (len(l.Warnings) != 1 || l.Warnings[0].Code != "page_cut_by_deadline") {
				t.Errorf("the warnings are %v", l.Warnings)
			}
			got := []string{}
			for _, r := range l.Result {
				got = append(got, string(r))
			}
			rest := h.good(twoMonths + "&next_cursor=" + *l.Next).list(t)
			for _, r := range rest.Result {
				got = append(got, string(r))
			}
			same(t, "records", got, want)
		})
	}
}

// TestAJobThatIsNotReadyGoesOnWithItsCursor: and is never started twice.
func TestAJobThatIsNotReadyGoesOnWithItsCursor(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, line{raw: "a,p1,1.10,2026-01-05"}, line{raw: "b,p2,2.20,2026-01-12"})
	serveReports(acme)
	done := acme.paths["/reports/j1"]
	acme.handle("/reports/j1", answerWith(`{"state":"running"}`))
	h := newHouse(t, acme.URL)
	h.Proxy.Deadline = 700 * time.Millisecond
	const q = "start_date=2026-01-05&end_date=2026-01-18&granularity=week"
	a := h.get(q)
	var p struct {
		Code string
		Next string `json:"next_cursor"`
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != http.StatusGatewayTimeout || p.Code != "job_pending" || p.Next == "" || a.header.Get("Retry-After") == "" {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	acme.handle("/reports/j1", done)
	if got := ids(t, h.walk(q)); !slices.Equal(got, []string{"a", "b"}) { // the same request joins it
		t.Errorf("got %v", got)
	}
	if l := h.good(q + "&next_cursor=" + p.Next).list(t); l.Count != 2 { // and so does the cursor
		t.Errorf("got %d records", l.Count)
	}
	if n := acme.asked("/reports"); n != 1 {
		t.Errorf("the job was started %d times", n)
	}
	if l := h.good(q + "&limit=1").list(t); l.Next == nil || h.good(q+"&next_cursor="+*l.Next).list(t).Count != 1 {
		t.Error("its rows do not page")
	}
}

// TestABrokenDownloadOfAJobIsOneDownloadMore: and not one job more, also without a cache that remembers the job. As often as it
// is worth it within the request, and then with its cursor.
func TestABrokenDownloadOfAJobIsOneDownloadMore(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	serveReports(acme)
	rows := "id,product,amount,day\na,p1,1.10,2026-01-05\nb,p2,2.20,2026-01-12\n"
	acme.handle("/download", func(w http.ResponseWriter, _ *http.Request) {
		if acme.asked("/download") <= 3 {
			w.Header().Set("Content-Length", "99999")
			io.WriteString(w, rows)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, rows)
	})
	h := newHouse(t, acme.URL, withoutPages)
	const q = "start_date=2026-01-05&end_date=2026-01-18&granularity=week"
	var p struct {
		Code string
		Next string `json:"next_cursor"`
	}
	a := h.get(q)
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != http.StatusBadGateway || p.Next == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := ids(t, h.walkFrom(p.Next, q)); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
	if n, m := acme.asked("/reports"), acme.asked("/download"); n != 1 || m != 4 {
		t.Errorf("the job was started %d times, and fetched %d times", n, m)
	}
}

// TestAnErrorBehindAFullPageIsTheNextRequests.
func TestAnErrorBehindAFullPageIsTheNextRequests(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, someJanuaryLines(20)...)
	acme.per = 10
	broken := true
	acme.hook = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if down := broken && r.URL.Query().Get("cursor") != ""; down {
			w.WriteHeader(http.StatusNotImplemented)
			return true
		}
		return false
	}
	h := newHouse(t, acme.URL)
	for _, c := range []struct{ name, query, accept string }{{"a page", "", ""}, {"a stream", asStream, ""}, {"a table", "", "text/csv"}} {
		a := h.good("start_date=2026-01&limit=10"+c.query, "Accept", c.accept)
		next := a.header.Get("Meterbridge-Next-Cursor") + a.trailer.Get("Meterbridge-Next-Cursor")
		if c.name == "a page" {
			next = *a.list(t).Next
		}
		var p struct {
			Code string
			Next string `json:"next_cursor"`
		}
		b := h.get("start_date=2026-01&limit=10&next_cursor=" + next)
		if err := json.Unmarshal([]byte(b.body), &p); err != nil || b.status != http.StatusBadGateway || p.Code != "upstream_failed" || p.Next == "" {
			t.Errorf("%s: then %d %s", c.name, b.status, b.body)
		}
	}
}

// TestADeadlineWithoutARecordStillGoesOn: behind what was looked at and did not match.
func TestADeadlineWithoutARecordStillGoesOn(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, append(someJanuaryLines(30), linesOf("2026-01-06", `{"id":"rare","product":{"id":"rare"},"start_date":"2026-01-06T00:00:00Z"}`))...)
	acme.per = 10
	acme.hook = func(_ http.ResponseWriter, r *http.Request, n int) bool {
		if n == 3 {
			<-r.Context().Done()
		}
		return n == 3
	}
	h := newHouse(t, acme.URL)
	h.Proxy.Deadline = 300 * time.Millisecond
	var p struct {
		Code string
		Next string `json:"next_cursor"`
	}
	a := h.get("start_date=2026-01&product_id=rare")
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != http.StatusGatewayTimeout || p.Next == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := ids(t, h.walkFrom(p.Next, "start_date=2026-01&product_id=rare")); !slices.Equal(got, []string{"rare"}) {
		t.Errorf("got %v", got)
	}
	if n := acme.asked("/lines"); n != 5 { // three, and the last two again
		t.Errorf("the provider was asked for %d pages", n)
	}
}
