package proxy_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/gateway"
)

// served is the house behind the listener that the binary has.
func (h *house) served() *gateway.EdgeServer {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	s := gateway.Server(h.House)
	h.url = "http://" + l.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	h.t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return s
}

// TestAStreamIsToldThatTheGatewayStops: with a cursor that goes on behind its last record, in every form that has a place for it.
func TestAStreamIsToldThatTheGatewayStops(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, someJanuaryLines(20)...)
	acme.per = 10
	var stalls atomic.Bool
	stalls.Store(true)
	reached := make(chan struct{}, 10)
	acme.hook = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if stalls.Load() && r.URL.Query().Get("cursor") != "" {
			reached <- struct{}{}
			<-r.Context().Done()
			return true
		}
		return false
	}
	h := newHouse(t, acme.URL)
	forms := []struct{ query, accept string }{{asStream, ""}, {"", "text/event-stream"}, {"", "text/csv"}}
	answers := make([]answer, len(forms))
	var all sync.WaitGroup
	var under sync.WaitGroup // until there is something to read of each, but of a table, which is held back for longer
	for i, form := range forms {
		if form.accept != "text/csv" {
			under.Add(1)
		}
		all.Go(func() {
			resp, err := h.open(context.Background(), "start_date=2026-01"+form.query, "Accept", form.accept)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			first := make([]byte, 1)
			n, err := io.ReadFull(resp.Body, first)
			if form.accept != "text/csv" {
				under.Done()
			}
			var rest []byte
			if err == nil {
				rest, err = io.ReadAll(resp.Body)
			}
			answers[i] = answer{resp.StatusCode, resp.Header, resp.Trailer, string(first[:n]) + string(rest), err}
		})
	}
	for range forms {
		<-reached
	}
	under.Wait()
	h.Stop()
	all.Wait()
	stalls.Store(false)
	lines := answers[0].stream(t)
	if lines.fault != "shutting_down" || lines.status != "error" || lines.next == "" || len(lines.records) == 0 {
		t.Fatalf("lines: %+v", lines)
	}
	if !strings.Contains(answers[1].body, "event: error\n") || !strings.Contains(answers[1].body, `"shutting_down"`) {
		t.Errorf("events: %s", answers[1].body)
	}
	answers[2].isProblem(t, "shutting_down") // nothing of the table was under way
	h.get("start_date=2026-01"+asStream).isProblem(t, "shutting_down")

	other := newHouse(t, acme.URL) // another replica, with the same key
	rest := other.good("start_date=2026-01&next_cursor=" + lines.next + asStream).stream(t)
	same(t, "records", append(ids(t, lines.records), ids(t, rest.records)...), ids(t, other.walk("start_date=2026-01")))
}

// TestAStopUnderLoad: what was taken is answered, and what takes too long is answered with what there is.
func TestAStopUnderLoad(t *testing.T) {
	t.Parallel()
	const clients, within = 16, 2 * time.Second
	acme := newAcme(t, someJanuaryLines(20)...)
	acme.per = 10
	acme.hook = func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		hangs := r.URL.Query().Get("hang") != "" && r.URL.Query().Get("cursor") != ""
		if hangs {
			<-r.Context().Done()
		}
		return hangs
	}
	h := newHouse(t, acme.URL)
	var taken, whole atomic.Int64
	inner := h.House.Handler
	h.House.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		taken.Add(1)
		inner.ServeHTTP(w, r)
	})
	s := h.served()
	busy := make(chan struct{}, 10*clients)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for {
				resp, err := h.open(context.Background(), "start_date=2026-01&limit=20")
				if err != nil {
					return // it was not taken
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"result_count":20`) {
					t.Errorf("%d, %v: %.200s", resp.StatusCode, err, body)
					return
				}
				whole.Add(1)
				select {
				case busy <- struct{}{}:
				default:
				}
			}
		})
	}
	var late, hung answer
	all.Go(func() { late = h.get("start_date=2026-01&limit=15&remote_query[hang]=1") })
	all.Go(func() {
		hung = h.get("/proxy/usage?integrated_account_id=acme-1&start_date=2026-01&limit=15&remote_query[hang]=1")
	})
	for range cap(busy) {
		<-busy
	}
	h.Stop()
	if err := s.Drain(within); err != nil {
		t.Error(err)
	}
	all.Wait()
	if n := taken.Load(); n != whole.Load()+2 {
		t.Errorf("%d requests were taken, %d answered", n, whole.Load())
	}
	if l := late.list(t); late.status != http.StatusOK || l.Count != 10 || l.Next == nil || len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0].Message, "stopped") {
		t.Errorf("the one that hung with ten records: %d %s", late.status, late.body)
	}
	if l := hung.list(t); hung.status != http.StatusOK || l.Count != 10 || l.Next == nil {
		t.Errorf("the unmapped one that hung: %d %s", hung.status, hung.body)
	}
}
