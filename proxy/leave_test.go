package proxy_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// endless writes lines of a page until its client leaves, each when it is told to.
func endless(w http.ResponseWriter, r *http.Request, tick <-chan struct{}) {
	endlessTo(w, func() error { return nil }, w, r, tick)
}

// endlessZipped is the same compressed.
func endlessZipped(w http.ResponseWriter, r *http.Request, tick <-chan struct{}) {
	w.Header().Set("Content-Encoding", "gzip")
	zip := gzip.NewWriter(w)
	endlessTo(zip, zip.Flush, w, r, tick)
}

func endlessTo(out io.Writer, flush func() error, w http.ResponseWriter, r *http.Request, tick <-chan struct{}) {
	io.WriteString(out, `{"data":{"lines":[`)
	for i := 0; ; i++ {
		if i > 0 {
			io.WriteString(out, ",")
		}
		io.WriteString(out, totalLine(fmt.Sprintf("r%d", i), "2026-01-05", "1").raw)
		if err := flush(); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		select {
		case <-tick:
		case <-r.Context().Done():
			return
		}
	}
}

// TestARecordLeavesAsSoonAsItArrives: while the provider says nothing more.
func TestARecordLeavesAsSoonAsItArrives(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, query, accept string }{
		{"lines", asStream, ""}, {"lines with a limit", asStream + "&limit=1000", ""}, {"events", "", "text/event-stream"}, {"lines of meta", asStream + "&stream_meta=1", ""}, {"compressed", asStream, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tick, sent := make(chan struct{}), make(chan time.Time, 1)
			acme := newAcme(t)
			acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
				sent <- time.Now()
				if c.name == "compressed" {
					endlessZipped(w, r, tick)
					return
				}
				endless(w, r, tick)
			})
			h := newHouse(t, acme.URL)
			ctx, leave := context.WithCancel(t.Context())
			resp, err := h.open(ctx, "start_date=2026-01"+c.query, "Accept", c.accept)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			defer leave()
			in := bufio.NewReader(resp.Body)
			var worst time.Duration
			first := <-sent
			for i := range 20 {
				line := ""
				for !strings.Contains(line, `"id":"r`) {
					if line, err = in.ReadString('\n'); err != nil {
						t.Fatal(err)
					}
				}
				if !strings.Contains(line, fmt.Sprintf(`"id":"r%d"`, i)) {
					t.Fatalf("record %d is %s", i, line)
				}
				worst = max(worst, time.Since(first))
				first = time.Now()
				tick <- struct{}{}
			}
			if worst > 500*time.Millisecond { // a few ms; the bound is for a machine that is busy with other tests
				t.Errorf("a record took %s", worst)
			}
		})
	}
}

// TestAClientThatLeavesCancelsTheProvidersCall: in every format.
func TestAClientThatLeavesCancelsTheProvidersCall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, query, accept string }{
		{"unified", "&limit=1000", ""}, {"keyed", "&truto_key_by=id", ""}, {"normalized", "&truto_response_format=normalized", ""}, {"debug", "&truto_response_format=debug", ""},
		{"raw", asRaw, ""}, {"stream", asStream, ""}, {"events", "", "text/event-stream"}, {"csv", "", "text/csv"}, {"derived", "/products", ""},
		{"a job", "&granularity=week", ""}, {"before the first byte", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began, gone := make(chan struct{}, 1), make(chan struct{}, 1)
			wait := func(w http.ResponseWriter, r *http.Request) {
				began <- struct{}{}
				if c.name != "before the first byte" {
					endless(w, r, nil)
				}
				<-r.Context().Done()
				gone <- struct{}{}
			}
			acme := newAcme(t)
			acme.handle("/lines", wait)
			serveReports(acme)
			acme.handle("/download", wait)
			h := newHouse(t, acme.URL)
			ctx, leave := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				query := "start_date=2026-01" + c.query
				if resource, ok := strings.CutPrefix(c.query, "/"); ok {
					query = "/unified/usage-metering/" + resource + "?start_date=2026-01"
				}
				if resp, err := h.open(ctx, query, "Accept", c.accept); err == nil {
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			}()
			<-began
			leave()
			select {
			case <-gone:
			case <-time.After(5 * time.Second):
				t.Error("the provider's call goes on")
			}
			<-done
		})
	}
}

// TestASlowReaderSlowsTheProviderDown: what is sent and not read lies in the sockets, and nowhere else.
func TestASlowReaderSlowsTheProviderDown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, query, accept string }{{"lines", asStream, ""}, {"events", "", "text/event-stream"}, {"csv", "", "text/csv"}, {"raw", asRaw, ""}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const most = 64 << 20
			var sent atomic.Int64
			acme := newAcme(t)
			acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, `{"data":{"lines":[`)
				bulk := strings.Repeat("x", 16<<10)
				for i := 0; sent.Load() < most; i++ {
					n, err := fmt.Fprintf(w, `{"records":[{"id":"r%d","start_date":"2026-01-05T00:00:00Z","dimensions":{"x":%q}}]},`, i, bulk)
					if err != nil {
						return
					}
					sent.Add(int64(n))
				}
			})
			h := newHouse(t, acme.URL)
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			resp, err := h.open(ctx, "start_date=2026-01"+c.query, "Accept", c.accept)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			// The sockets are full when nothing moves any more.
			last, still := int64(-1), 0
			for tick := time.NewTicker(20 * time.Millisecond); still < 10; <-tick.C {
				if n := sent.Load(); n == last {
					still++
				} else {
					last, still = n, 0
				}
			}
			if last > most/2 {
				t.Errorf("%d bytes were taken from the provider for a client that reads nothing", last)
			}
		})
	}
}

// TestRowsOfATableLeaveAsTheyArrive: once its first mebibyte is out.
func TestRowsOfATableLeaveAsTheyArrive(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	bulk := bulkyLines(30, 60<<10)
	acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"data":{"lines":[`)
		for _, l := range bulk {
			io.WriteString(w, l.raw+",")
		}
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	h := newHouse(t, acme.URL)
	ctx, leave := context.WithTimeout(t.Context(), 5*time.Second)
	defer leave()
	resp, err := h.open(ctx, "start_date=2026-01", "Accept", "text/csv")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for i := range len(bulk) + 1 { // and the header
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
	}
}
