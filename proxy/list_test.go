package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/proxy"
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

// TestKeyByMakesAnObjectAndNeverLosesARecord.
func TestKeyByMakesAnObjectAndNeverLosesARecord(t *testing.T) {
	t.Parallel()
	acme := newAcme(t,
		linesOf("2026-01-05", `{"id":"a","product":{"id":"p1","name":"One"},"metric_name":"m1","start_date":"2026-01-05T00:00:00Z"}`),
		line{"2026-01-06", `{"n":{"k.1":17},"records":[{"id":"b","product":{"id":"p2"},"metric_name":"m1","start_date":"2026-01-06T00:00:00Z"}]}`})
	h := newHouse(t, acme.URL)
	for _, c := range []struct {
		name, query string
		status      int
		want        []string // keys, or words of the message
	}{
		{"by id", "truto_key_by=id", 200, []string{"a", "b"}},
		{"by a dotted path", "truto_key_by=product.id", 200, []string{"p1", "p2"}},
		{"by a field that is excluded", "truto_key_by=product.id&truto_exclude_fields=product", 200, []string{"p1", "p2"}},
		{"one page of several", "truto_key_by=id&limit=1", 200, []string{"a"}},
		{"by a field of two records", "truto_key_by=metric_name", 400, []string{`metric_name`, `"m1"`, `"b"`}},
		{"by a field that is null", "truto_key_by=product.name", 400, []string{`"b"`, "product.name"}},
		{"by a field that is no scalar", "truto_key_by=product", 400, []string{`"a"`, "product"}},
		{"by a field that does not exist", "truto_key_by=nope", 400, []string{`"a"`, "nope"}},
		{"by a part of the provider's data that one record lacks", "truto_key_by=remote_data.n.x", 400, []string{`"a"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := h.get("start_date=2026-01&" + c.query)
			if a.status != c.status {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if c.status != 200 {
				if a.code(t) != "duplicate_key" {
					t.Errorf("got %s", a.body)
				}
				for _, word := range c.want {
					if m := a.list(t).Message; !strings.Contains(m, word) {
						t.Errorf("%q does not name %s", m, word)
					}
				}
				return
			}
			var v struct {
				Result map[string]struct{ ID string }
				Count  int     `json:"result_count"`
				Next   *string `json:"next_cursor"`
			}
			if err := json.Unmarshal([]byte(a.body), &v); err != nil {
				t.Fatal(err)
			}
			var keys []string
			for k := range v.Result {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			if !slices.Equal(keys, c.want) || v.Count != len(keys) || (v.Next != nil) != strings.Contains(c.query, "limit=1") {
				t.Errorf("got %s", a.body)
			}
		})
	}
	if a := h.good("start_date=2026-01&truto_key_by=id&truto_response_format=debug"); !strings.HasPrefix(a.body, `{"result":{"result":{"a":{"id":"a"`) {
		t.Errorf("debug has another unified body: %s", a.body)
	}
	for _, q := range []string{"truto_response_format=stream", "truto_response_format=raw"} {
		if a := h.get("start_date=2026-01&truto_key_by=id&" + q); a.status != 400 || a.code(t) != "invalid_parameter" {
			t.Errorf("%s with a key: %d %s", q, a.status, a.body)
		}
	}
	if a := h.get("start_date=2026-01&truto_key_by=id", "Accept", "text/csv"); a.status != 400 || a.code(t) != "invalid_parameter" {
		t.Errorf("csv with a key: %d %s", a.status, a.body)
	}
}

// TestExcludedFieldsAreLeftOut: dotted, through arrays, and of the provider's own data.
func TestExcludedFieldsAreLeftOut(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, line{"2026-01-05", `{"records":[{"id":"a","product":{"id":"p","name":"P"},"resources":[{"id":"c1","name":"C"},{"id":"c2"}],"charges":[{"amount":1.10,"currency":"USD","type":"total"}],"user":{"id":"u","email":"secret@acme.example"},"start_date":"2026-01-05T00:00:00Z","dimensions":{"k":"v"}}],"deep":[{"x":1,"y":{"z":2}}]}`})
	h := newHouse(t, acme.URL)
	for _, c := range []struct {
		name, query string
		gone, stays []string // paths that the record has no more, and still has
	}{
		{"one", "truto_exclude_fields=metric_name", []string{"metric_name"}, []string{"id", "remote_data"}},
		{"a list", "truto_exclude_fields[]=product&truto_exclude_fields[]=remote_data", []string{"product", "remote_data"}, []string{"id"}},
		{"by commas", "truto_exclude_fields=id,resources", []string{"id", "resources"}, []string{"product"}},
		{"dotted", "truto_exclude_fields=product.name,user.email", []string{"product.name", "user.email"}, []string{"product.id", "user.id"}},
		{"through arrays", "truto_exclude_fields=resources.name,charges.currency", []string{"resources.0.name", "resources.1.name", "charges.0.currency"}, []string{"resources.1.id", "charges.0.amount"}},
		{"of the provider's data", "truto_exclude_fields=remote_data.records,remote_data.deep.y.z", []string{"remote_data.records", "remote_data.deep.0.y.z"}, []string{"remote_data.deep.0.x", "remote_data.deep.0.y"}},
		{"first and last", "truto_exclude_fields=id,dimensions,remote_data", []string{"id", "dimensions", "remote_data"}, []string{"user.email"}},
		{"all of an object's members", "truto_exclude_fields=product.id,product.name", []string{"product.id", "product.name"}, []string{"product"}},
		{"what is not there", "truto_exclude_fields=nope.nope", nil, []string{"id", "remote_data"}},
		{"the provider's data as a whole", "truto_ignore_remote_data=true", []string{"remote_data"}, []string{"id"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := "start_date=2026-01&" + c.query
			rec := decode(t, h.good(q).list(t).Result[0])
			for _, p := range c.gone {
				if _, ok := at(rec, p); ok {
					t.Errorf("%s is still there", p)
				}
			}
			for _, p := range c.stays {
				if _, ok := at(rec, p); !ok {
					t.Errorf("%s is gone", p)
				}
			}
			line := h.good(q + "&truto_response_format=stream").stream(t).records[0]
			if !reflect.DeepEqual(decode(t, []byte(line)), rec) {
				t.Errorf("the stream has %s", line)
			}
			if body := h.good(q, "Accept", "text/csv").body; slices.Contains(c.gone, "user.email") && strings.Contains(body, "secret@") {
				t.Errorf("the table has it: %s", body)
			}
		})
	}
}

// at follows a dotted path through decoded JSON.
func at(v any, path string) (any, bool) {
	for _, p := range strings.Split(path, ".") {
		switch e := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = e[p]; !ok {
				return nil, false
			}
		case []any:
			i := int(p[0] - '0')
			if i >= len(e) {
				return nil, false
			}
			v = e[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// TestIgnoringTheLimitGivesTheProvidersPages.
func TestIgnoringTheLimitGivesTheProvidersPages(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, someLines(50)...)
	acme.per = 7
	h := newHouse(t, acme.URL)
	var sizes []int
	h.walk("start_date=2026-01&truto_ignore_limit=true", func(_ int, l list) { sizes = append(sizes, l.Count) })
	for i, n := range sizes {
		if n != 7 && i < len(sizes)-1 {
			t.Errorf("the pages have %v records", sizes)
			break
		}
	}
	if strings.Contains(strings.Join(acme.calls, "\n"), "size=100&") || !strings.Contains(strings.Join(acme.calls, "\n"), "size=10000") {
		t.Errorf("it did not ask for the largest pages: %q", acme.calls[0])
	}
}

// TestIgnoringTheLimitStopsAtItsBound.
func TestIgnoringTheLimitStopsAtItsBound(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("10,001 records")
	}
	var lines []line
	for i := range 101 {
		var records []string
		for k := range 100 {
			records = append(records, fmt.Sprintf(`{"id":"%d-%d","start_date":"2026-01-05T00:00:00Z"}`, i, k))
		}
		if i == 100 {
			records = records[:1]
		}
		lines = append(lines, linesOf("2026-01-05", records...))
	}
	acme := newAcme(t, lines...)
	h := newHouse(t, acme.URL)
	l := h.good("start_date=2026-01&truto_ignore_limit=true&truto_ignore_remote_data=1").list(t)
	if l.Count != proxy.MaxIgnoredLimit || l.Next == nil {
		t.Fatalf("%d records, cursor %v", l.Count, l.Next != nil)
	}
	if l = h.good("start_date=2026-01&truto_ignore_limit=true&truto_ignore_remote_data=1&next_cursor=" + *l.Next).list(t); l.Count != 1 || l.Next != nil {
		t.Errorf("then %d records, cursor %v", l.Count, l.Next != nil)
	}
	acme.mu.Lock()
	acme.lines = acme.lines[:100]
	acme.mu.Unlock()
	if l = h.good("start_date=2026-01&truto_ignore_limit=true&truto_ignore_remote_data=1").list(t); l.Count != proxy.MaxIgnoredLimit || l.Next != nil {
		t.Errorf("at the bound: %d records, cursor %v", l.Count, l.Next != nil)
	}
}

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

// TestABrokenDownloadOfAJobIsOneDownloadMore: and not one job more, also without a cache that remembers the job.
func TestABrokenDownloadOfAJobIsOneDownloadMore(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	serveReports(acme)
	rows := "id,product,amount,day\na,p1,1.10,2026-01-05\nb,p2,2.20,2026-01-12\n"
	acme.handle("/download", func(w http.ResponseWriter, _ *http.Request) {
		if acme.asked("/download") == 1 {
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
	if n := acme.asked("/reports"); n != 1 {
		t.Errorf("the job was started %d times", n)
	}
}

// TestRateLimitsAreStatedOnLargeAnswersToo: their headers leave before the end is known.
func TestRateLimitsAreStatedOnLargeAnswersToo(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, bulkyLines(30, 60<<10)...)
	acme.hook = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.Header().Set("X-RateLimit-Limit", "100")
		w.Header().Set("X-RateLimit-Remaining", "99")
		return false
	}
	h := newHouse(t, acme.URL)
	for _, q := range []string{"", "&truto_response_format=raw", "&truto_response_format=stream", "&truto_response_format=normalized", "&truto_response_format=debug"} {
		if a := h.good("start_date=2026-01&truto_ignore_remote_data=1" + q); a.header.Get("ratelimit-remaining") != "99" {
			t.Errorf("%s: %v", q, a.header)
		}
	}
	if a := h.good("start_date=2026-01", "Accept", "text/csv"); a.header.Get("ratelimit-remaining") != "99" {
		t.Errorf("csv: %v", a.header)
	}
}

// TestGetIsTheBareObject.
func TestGetIsTheBareObject(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.handle("/orgs/o1", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Limit", "5")
		io.WriteString(w, ` {"id":"o1","name":"Org","more":1.10}`)
	})
	acme.handle("/orgs/o2", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"error":"nothing"}`)
	})
	acme.handle("/orgs/o3", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"error":"no such org"}`)
	})
	h := newHouse(t, acme.URL)
	const path = "/unified/usage-metering/organizations/"
	a := h.good(path + "o1")
	if a.body != `{"id":"o1","name":"Org","created_at":null,"updated_at":null,"remote_data":{"id":"o1","name":"Org","more":1.10}}` || a.header.Get("ratelimit-limit") != "5" {
		t.Errorf("got %s, %v", a.body, a.header)
	}
	if a := h.good(path + "o1?truto_response_format=raw"); a.body != ` {"id":"o1","name":"Org","more":1.10}` {
		t.Errorf("raw is %s", a.body)
	}
	if a := h.good(path + "o1?truto_response_format=debug"); !strings.Contains(a.body, `{"result":{"id":"o1"`) || !strings.Contains(a.body, `"data":{"id":"o1"`) {
		t.Errorf("debug is %s", a.body)
	}
	for _, id := range []string{"o2", "o3"} {
		for _, q := range []string{"", "?truto_response_format=raw"} {
			if a := h.get(path + id + q); a.status != http.StatusNotFound || a.code(t) != "not_found" {
				t.Errorf("%s%s: %d %s", id, q, a.status, a.body)
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
// the request that it begins.
func TestAWalkInTheProvidersPagesAsksForEachOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*setup)
		limit  string
		asked  int
	}{
		{"cached", func(*setup) {}, "10", 5}, {"cached, by one", func(*setup) {}, "1", 5}, {"cached, by more than a page", func(*setup) {}, "15", 5},
		{"not cached", withoutPages, "10", 9}, {"not cached, ignoring the limit", withoutPages, "", 9},
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
			if pages := h.Proxy.Pages.Stats(); pages.Puts > 5 || pages.Misses > 0 && !strings.HasPrefix(c.name, "not") {
				t.Errorf("5 pages were kept %d times, and looked for in vain %d times", pages.Puts, pages.Misses)
			}
		})
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
			w.WriteHeader(http.StatusServiceUnavailable)
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
