package proxy_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/meterbridge/meterbridge/internal/config"
)

// TestAStreamEndsWithItsToken: what is under way when its token is revoked ends with an error that says so, and with the cursor
// behind its last record, with which another token goes on; what is buffered has its deadline.
func TestAStreamEndsWithItsToken(t *testing.T) {
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
	var cfg *config.Config
	h := newHouse(t, acme.URL, func(s *setup) { s.configure = func(c *config.Config) { cfg = c } })
	resp, err := h.open(context.Background(), "start_date=2026-01"+asStream)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	<-reached
	revoked := *cfg
	revoked.Auth.Tokens = nil
	if err := h.Load(&revoked); err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	lines := answer{resp.StatusCode, resp.Header, resp.Trailer, string(body), err}.stream(t)
	if lines.fault != "unauthorized" || lines.status != "error" || lines.next == "" || len(lines.records) == 0 {
		t.Fatalf("lines: %+v", lines)
	}
	if strings.Contains(string(body), "token-of-the-tests") {
		t.Error("the answer holds the token")
	}
	stalls.Store(false)
	if err := h.Load(cfg); err != nil {
		t.Fatal(err)
	}
	rest := h.good("start_date=2026-01&next_cursor=" + lines.next + asStream).stream(t)
	same(t, "records", append(ids(t, lines.records), ids(t, rest.records)...), ids(t, h.walk("start_date=2026-01")))
}
