package proxy_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/proxy"
)

// TestSumsAreThoseOfTheRecords: of every cassette, by every dimension and by all: what the groups sum to is the total,
// and the total is what a client gets who adds all records up.
func TestSumsAreThoseOfTheRecords(t *testing.T) {
	t.Parallel()
	cassettes, err := assembly.Files{}.Cassettes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cassettes {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r, err := assembly.NewReplay(assembly.Files{}, c, assembly.Options{Hurry: true})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			records := 0
			for _, q := range c.Requests {
				if q.Resource == "usage" && q.Via != "proxy" && q.ID == "" && isRange(q) {
					records += sumsAgree(t, r, q)
				}
			}
			if records == 0 {
				t.Error("no request of the cassette gave a record to sum")
			}
		})
	}
}

// isRange says whether a request is of all records of a range.
func isRange(q simulate.Request) bool {
	v, err := url.ParseQuery(q.Query)
	return err == nil && !slices.ContainsFunc([]string{"limit", "strict", "truto_key_by", "truto_exclude_fields", "truto_ignore_limit", "next_cursor"}, v.Has)
}

func sumsAgree(t *testing.T, r *assembly.Replay, q simulate.Request) (records int) {
	ask := func(more, accept string) (int, string) {
		resp := r.Get("/unified/usage-metering/usage?integrated_account_id="+url.QueryEscape(r.Account)+"&"+q.Query+more, http.Header{"Accept": {accept}})
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	status, body := ask("", "application/x-ndjson")
	if status != http.StatusOK {
		return 0 // a request that shows an error
	}
	want := newTotals()
	for lines := bufio.NewScanner(strings.NewReader(body)); lines.Scan(); {
		var rec struct {
			sumsOf
			Finality string
		}
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
			t.Fatal(err)
		}
		for i := range rec.Charges {
			if rec.Finality == "projected" {
				rec.Charges[i].Finality = rec.Finality
			}
		}
		rec.Records = 1
		want.add(t, rec.sumsOf)
	}
	for _, by := range append(proxy.Dimensions(), strings.Join(proxy.Dimensions()[:7], ",")+",month") {
		status, body := ask("&summary_by="+by, "")
		if by == "day" && status == http.StatusBadRequest && strings.Contains(body, "needs days") {
			continue
		}
		if status != http.StatusOK {
			t.Fatalf("%s by %s: %d %s", q.Name, by, status, body)
		}
		s := readSummary(t, body)
		groups, totals := newTotals(), newTotals()
		for _, g := range s.Result {
			groups.add(t, g.sumsOf)
		}
		totals.add(t, s.Totals)
		for name, got := range map[string]*totalsOf{"the totals": totals, "the groups": groups} {
			if got.String() != want.String() {
				t.Errorf("%s by %s: %s are\n%s\nand the records\n%s", q.Name, by, name, got, want)
			}
		}
	}
	return want.records
}

// totalsOf adds up by other means than the house's own.
type totalsOf struct {
	charges map[string]*decimal
	records int
}

func newTotals() *totalsOf { return &totalsOf{charges: map[string]*decimal{}} }

func (s *totalsOf) add(t testing.TB, r sumsOf) {
	t.Helper()
	s.records += r.Records
	for _, c := range r.Charges {
		key, err := json.Marshal([]any{c.Currency, c.Type, c.Virtual, c.Finality})
		if err != nil {
			t.Fatal(err)
		}
		if s.charges[string(key)] == nil {
			s.charges[string(key)] = &decimal{}
		}
		s.charges[string(key)].add(t, c.Amount.String())
	}
}

func (s *totalsOf) String() string {
	lines := []string{}
	for key, sum := range s.charges {
		lines = append(lines, key+" "+sum.String())
	}
	slices.Sort(lines)
	return strings.Join(append(lines, "records "+strconv.Itoa(s.records)), "\n")
}
