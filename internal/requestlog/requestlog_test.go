package requestlog

import (
	"bytes"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

var now = time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC)

// kept is a request log, and what it says.
type kept struct {
	*Log
	dropped atomic.Int64
	said    bytes.Buffer
}

func open(t *testing.T, address string, change func(*Config)) *kept {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	k := new(kept)
	c := Config{DB: db, Dropped: func(n int) { k.dropped.Add(int64(n)) }, Log: slog.New(slog.NewTextHandler(&k.said, nil)), Now: func() time.Time { return now }, Keep: time.Hour, MaxRows: 1 << 20}
	change(&c)
	if k.Log, err = Open(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return k
}

func asIs(*Config) {}

// line is the n-th request, a second after the one before.
func line(n int) *telemetry.Line {
	l := &telemetry.Line{
		RequestID: fmt.Sprint("r-", n), TraceID: "t", Began: now.Add(time.Duration(n) * time.Second), Method: "GET", Route: "/unified/:model/:resource", Status: 200, Format: "unified",
		FirstByte: time.Millisecond, Took: 2 * time.Millisecond, Bytes: 12, Caller: "billing", TokenID: "token-1",
	}
	l.Of("acme-1", "north", "acme")
	l.Served("usage", 7)
	l.Upstream(time.Second)
	l.Mapped(3 * time.Microsecond)
	return l
}

// ids are the request ids of rows.
func ids(rows []Entry) (out []string) {
	for _, r := range rows {
		out = append(out, r.RequestID)
	}
	return out
}

func TestRowsComeBackAsTheyWere(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		k := open(t, address, asIs)
		k.Add(line(1))
		odd := line(2)
		odd.RequestID, odd.Caller = "nul\x00 and \xff", strings.Repeat("é", maxText)
		k.Add(odd)
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
		rows, next, err := k.List(t.Context(), Filter{Limit: 10})
		if err != nil || next != 0 || len(rows) != 2 {
			t.Fatalf("%d rows, next %d: %v", len(rows), next, err)
		}
		want := Entry{ID: rows[1].ID, At: now.Add(time.Second), RequestID: "r-1", TraceID: "t", Method: "GET", Route: "/unified/:model/:resource", Status: 200, Format: "unified",
			AccountID: "acme-1", TenantID: "north", Connector: "acme", Resource: "usage", TokenID: "token-1", Caller: "billing",
			Duration: 2000, FirstByte: 1000, Upstream: 1e6, UpstreamCalls: 1, Mapping: 3, Records: 7, Bytes: 12}
		if !reflect.DeepEqual(rows[1], want) {
			t.Errorf("got\n%+v\nwant\n%+v", rows[1], want)
		}
		if rows[0].RequestID != "nul and " || rows[0].Caller != strings.Repeat("é", maxText/2) {
			t.Errorf("odd texts: %q %q", rows[0].RequestID, rows[0].Caller)
		}
		if k.dropped.Load() != 0 || k.said.Len() > 0 {
			t.Errorf("dropped %d: %s", k.dropped.Load(), &k.said)
		}
	})
}

func TestRowsAreFilteredAndPaged(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		k := open(t, address, asIs)
		for n, change := range []func(*telemetry.Line){
			func(*telemetry.Line) {},
			func(l *telemetry.Line) { l.Status, l.Code = 404, "account_not_found" },
			func(l *telemetry.Line) { l.Status, l.Code = 429, "rate_limited" },
			func(l *telemetry.Line) { l.Of("acme-2", "south", "other"); l.Status = 502 },
			func(l *telemetry.Line) { l.TokenID = "token-2" },
		} {
			l := line(n)
			change(l)
			k.Add(l)
		}
		k.Close()
		for name, c := range map[string]struct {
			filter Filter
			want   string
		}{
			"all":         {Filter{}, "[r-4 r-3 r-2 r-1 r-0]"},
			"an account":  {Filter{AccountID: "acme-2"}, "[r-3]"},
			"a tenant":    {Filter{TenantID: "north"}, "[r-4 r-2 r-1 r-0]"},
			"a token":     {Filter{TokenID: "token-2"}, "[r-4]"},
			"a connector": {Filter{Connector: "other"}, "[r-3]"},
			"a code":      {Filter{Code: "rate_limited"}, "[r-2]"},
			"a status":    {Filter{Status: 404}, "[r-1]"},
			"a class":     {Filter{Status: 4}, "[r-2 r-1]"},
			"a range":     {Filter{From: now.Add(time.Second), To: now.Add(3 * time.Second)}, "[r-2 r-1]"},
			"together":    {Filter{AccountID: "acme-1", Status: 2, TokenID: "token-1"}, "[r-0]"},
			"none":        {Filter{AccountID: "' OR 1=1 --"}, "[]"},
		} {
			c.filter.Limit = 10
			rows, _, err := k.List(t.Context(), c.filter)
			if got := fmt.Sprint(ids(rows)); err != nil || got != c.want {
				t.Errorf("%s: %s, want %s: %v", name, got, c.want, err)
			}
		}
		var walked []string
		for f := (Filter{Limit: 2}); ; {
			rows, next, err := k.List(t.Context(), f)
			if err != nil || len(rows) > 2 {
				t.Fatalf("%d rows: %v", len(rows), err)
			}
			walked = append(walked, ids(rows)...)
			if f.Before = next; next == 0 {
				break
			}
		}
		if got := fmt.Sprint(walked); got != "[r-4 r-3 r-2 r-1 r-0]" {
			t.Errorf("page by page: %s", got)
		}
	})
}

// TestWhatIsOldOrTooMuchIsDeleted: at each bound, and one past it.
func TestWhatIsOldOrTooMuchIsDeleted(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		at := now
		k := open(t, address, func(c *Config) { c.Keep, c.MaxRows, c.Now = time.Minute, 3, func() time.Time { return at } })
		for n := range 3 {
			k.Add(line(n))
		}
		k.Close()
		left := func(want string) {
			t.Helper()
			if err := k.sweep(); err != nil {
				t.Fatal(err)
			}
			rows, _, err := k.List(t.Context(), Filter{Limit: 10})
			if got := fmt.Sprint(ids(rows)); err != nil || got != want {
				t.Errorf("left are %s, want %s: %v", got, want, err)
			}
		}
		left("[r-2 r-1 r-0]")
		if err := k.insert([]Entry{entryOf(line(3))}); err != nil {
			t.Fatal(err)
		}
		left("[r-3 r-2 r-1]")
		at = now.Add(time.Second + time.Minute)
		left("[r-3 r-2 r-1]")
		at = at.Add(time.Millisecond)
		left("[r-3 r-2]")
	})
}

func TestNobodyWaitsForTheQueue(t *testing.T) {
	var dropped int
	l := &Log{Config: Config{Dropped: func(n int) { dropped += n }}, queue: make(chan Entry, maxQueued)} // nobody writes
	for range maxQueued {
		l.Add(line(0))
	}
	if dropped != 0 {
		t.Errorf("%d of %d were dropped", dropped, maxQueued)
	}
	if l.Add(line(0)); dropped != 1 {
		t.Errorf("one past it: %d were dropped", dropped)
	}
	var none *Log
	none.Add(line(0))
	none.Close()
}

func TestAllThatIsQueuedIsWritten(t *testing.T) {
	for _, n := range []int{maxBatch, maxBatch + 1, 3*maxBatch + 7} {
		k := open(t, databasetest.SQLite(t), asIs)
		for i := range n {
			k.Add(line(i))
		}
		k.Close()
		rows, _, err := k.List(t.Context(), Filter{Limit: n + 1})
		if err != nil || len(rows) != n || k.dropped.Load() != 0 {
			t.Errorf("%d of %d rows, %d dropped: %v", len(rows), n, k.dropped.Load(), err)
		}
	}
}

func TestADatabaseThatIsGoneCostsRowsAndNothingElse(t *testing.T) {
	k := open(t, databasetest.SQLite(t), asIs)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	k.DB.Close()
	const n = 2*maxBatch + 1
	for i := range n {
		k.Add(line(i))
	}
	k.Close()
	if k.dropped.Load() != n || strings.Count(k.said.String(), "\n") != 1 {
		t.Errorf("%d of %d are counted: %s", k.dropped.Load(), n, &k.said)
	}
}
