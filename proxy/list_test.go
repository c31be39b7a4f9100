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

	"github.com/meterbridge/meterbridge/proxy"
)

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
