package proxy_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestAResultAtOnceStreams: where the status alone says that the submit's answer is the result, it is passed on as it
// arrives, and ends with the client who reads it.
func TestAResultAtOnceStreams(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	gone := make(chan struct{})
	acme.handle("/queries", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, `{"rows":[{"id":"r1","day":"2026-01-01","amount":1}`+strings.Repeat(" ", 1<<17))
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the rest never comes
		close(gone)
	})
	h := houseOf(t, "acme-jobs", acme.URL)
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := h.open(ctx, "date=2026-01-01"+asStream)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 10)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != `{"id":"r1"` {
		t.Fatalf("%q %v", first, err)
	}
	cancel()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("the provider's answer outlives the client who reads it")
	}
}

// TestAResultAtOnceHasADeadline: a submit outlives who asked for it, and the reading of its result does not.
func TestAResultAtOnceHasADeadline(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.handle("/queries", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, `{"rows":[`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	h := houseOf(t, "acme-jobs", acme.URL)
	h.Proxy.Deadline = 300 * time.Millisecond
	if a := h.get("date=2026-01-01"); a.status != http.StatusGatewayTimeout || a.code(t) != "upstream_timeout" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestNobodyWaitsForAResultAtOnce: whoever leaves before the answer to the submit leaves nothing open.
func TestNobodyWaitsForAResultAtOnce(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	left, gone := make(chan struct{}), make(chan struct{})
	acme.handle("/queries", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-left
		io.WriteString(w, `{"rows":[`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	})
	h := houseOf(t, "acme-jobs", acme.URL)
	h.Proxy.Deadline = 200 * time.Millisecond
	if a := h.get("date=2026-01-01"); a.status != http.StatusGatewayTimeout {
		t.Errorf("%d %s", a.status, a.body)
	}
	close(left)
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("a result that nobody reads is left open")
	}
}
