package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// page is a list answer as a client reads it.
type page struct {
	Result     []json.RawMessage `json:"result"`
	NextCursor *string           `json:"next_cursor"`
	Count      int               `json:"result_count"`
	Code       string            `json:"code"`
	Message    string            `json:"message"`
}

func get(t *testing.T, r *assembly.Replay, path string, q url.Values) page {
	t.Helper()
	resp := r.Get(path+"?"+q.Encode(), http.Header{})
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p page
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%s: %v in %q", path, err, body)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s?%s: %d %s: %s", path, q.Encode(), resp.StatusCode, p.Code, p.Message)
	}
	return p
}

// walkAll follows cursors to the end, calling between before each further page.
func walkAll(t *testing.T, r *assembly.Replay, q simulate.Request, limit int, between func(page int)) []string {
	t.Helper()
	values, err := url.ParseQuery(q.Query)
	if err != nil {
		t.Fatal(err)
	}
	values.Set("integrated_account_id", r.Account)
	values.Set("limit", fmt.Sprint(limit))
	var out []string
	for n := 1; ; n++ {
		p := get(t, r, "/unified/usage-metering/"+q.Resource, values)
		if p.Count != len(p.Result) {
			t.Fatalf("page %d says %d records and has %d", n, p.Count, len(p.Result))
		}
		for _, rec := range p.Result {
			out = append(out, string(r.Settle(rec)))
		}
		if p.NextCursor == nil {
			return out
		}
		if len(p.Result) != limit {
			t.Fatalf("page %d has a cursor and %d of %d records", n, len(p.Result), limit)
		}
		values.Set("next_cursor", *p.NextCursor)
		if between != nil {
			between(n)
		}
	}
}

// TestWalks proves for every cassette that a walk gives the same records in the same order for every page size, with
// and without the page cache, and when the clock passes a month's end in the middle of it.
func TestWalks(t *testing.T) {
	cassettes, err := assembly.Files{}.Cassettes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cassettes {
		for _, q := range c.Requests {
			if q.Format != "unified" || q.Via == "proxy" || q.ID != "" {
				continue
			}
			if v, _ := url.ParseQuery(q.Query); v.Has("limit") || v.Has("strict") || v.Has("truto_key_by") {
				continue
			}
			t.Run(c.Name+"/"+q.Name, func(t *testing.T) { walksAgree(t, c, q) })
		}
	}
}

func walksAgree(t *testing.T, c *simulate.Cassette, q simulate.Request) {
	t.Parallel()
	var want []string
	walks := int64(0)
	for _, cached := range []bool{true, false} {
		var clock atomic.Pointer[time.Time]
		r, err := assembly.NewReplay(assembly.Files{}, c, assembly.Options{NoPages: !cached, Hurry: true, Clock: func() time.Time {
			if at := clock.Load(); at != nil {
				return *at
			}
			return c.Now
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for _, limit := range []int{1000, 7, 1} {
			for _, late := range []bool{false, true} {
				if raceEnabled && (limit == 1 || late == cached) {
					continue // the plain run has them all
				}
				name := fmt.Sprintf("limit %d, cached %v, clock moves %v", limit, cached, late)
				walks++
				began := c.Now.Add(time.Duration(walks)) // a walk has pages of its own, by its clock
				clock.Store(&began)
				got := walkAll(t, r, q, limit, func(page int) {
					if late && page == 1 {
						then := began.AddDate(0, 1, 0)
						clock.Store(&then)
					}
				})
				if want == nil {
					want = append([]string{}, got...)
					unique(t, want)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s: %d records, not the %d of the first walk: %s", name, len(got), len(want), firstDiff(got, want))
				}
			}
		}
	}
}

// unique proves that ids are unique within account and resource.
func unique(t *testing.T, records []string) {
	t.Helper()
	seen := map[string]string{}
	for _, r := range records {
		var v struct{ ID string }
		if err := json.Unmarshal([]byte(r), &v); err != nil || v.ID == "" {
			t.Fatalf("a record without an id: %s", r)
		}
		if seen[v.ID] != "" {
			t.Fatalf("two records have the id %q:\n%s\n%s", v.ID, seen[v.ID], r)
		}
		seen[v.ID] = r
	}
}

func firstDiff(got, want []string) string {
	for i := range max(len(got), len(want)) {
		var a, b string
		if i < len(got) {
			a = got[i]
		}
		if i < len(want) {
			b = want[i]
		}
		if a != b {
			return fmt.Sprintf("record %d\n got %s\nwant %s", i, a, b)
		}
	}
	return ""
}
