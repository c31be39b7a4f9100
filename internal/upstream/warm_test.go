package upstream

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestAConnectionServesOneCallAfterAnother: whatever the provider answers.
func TestAConnectionServesOneCallAfterAnother(t *testing.T) {
	var fresh atomic.Int32
	n := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		w.WriteHeader([]int{200, 404, 500, 204, 429, 400}[n%6])
		if n%6 != 3 {
			fmt.Fprint(w, `{"error":"`, strings.Repeat("x", n*1000), `"}`)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			fresh.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	a := acmeAt(t, server.URL, Config{Attempts: 1}, keyAuth)
	for range 24 {
		_, _ = readAll(t.Context(), a.session().Share(t.Context(), listCall("/usage"), nil))
	}
	if got := fresh.Load(); got > 2 { // one may still be on its way back
		t.Errorf("%d connections for one call after another", got)
	}
}

// TestAsManyConnectionsAreKeptAsWereUsedAtOnce: the next calls find them.
func TestAsManyConnectionsAreKeptAsWereUsedAtOnce(t *testing.T) {
	const atOnce = 20
	var fresh atomic.Int32
	var here sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		here.Done()
		here.Wait()
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			fresh.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	a := acmeAt(t, server.URL, Config{}, keyAuth, fmt.Sprintf("limits: { concurrency: %d }", atOnce))
	for range 3 {
		here.Add(atOnce)
		var all sync.WaitGroup
		for i := range atOnce {
			all.Go(func() {
				if _, err := readAll(t.Context(), a.session().Share(t.Context(), listCall(fmt.Sprint("/usage/", i)), nil)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if got := fresh.Load(); got > atOnce+atOnce/2 {
		t.Errorf("%d connections for three times %d calls", got, atOnce)
	}
}

// TestATLSSessionIsResumed: where a connection had to end.
func TestATLSSessionIsResumed(t *testing.T) {
	ca := newAuthority(t)
	var resumed atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.DidResume {
			resumed.Add(1)
		}
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue("127.0.0.1", time.Now().Add(time.Hour))}}
	server.StartTLS()
	defer server.Close()
	a := acmeAt(t, server.URL, Config{RootCAs: ca.pool}, keyAuth)
	for range 3 {
		if _, err := readAll(t.Context(), a.session().Share(t.Context(), listCall("/usage"), nil)); err != nil {
			t.Fatal(err)
		}
		a.client.CloseIdle()
	}
	if resumed.Load() == 0 {
		t.Error("each handshake was a whole one")
	}
}
