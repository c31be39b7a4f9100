package telemetry

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// whole is a line with everything in it.
func whole() *Line {
	l := &Line{
		RequestID: "r-1", Began: time.Date(2026, 1, 2, 4, 4, 5, 0, time.FixedZone("", 3600)), Method: "GET", Route: "/unified/:model/:resource",
		Status: 200, Bytes: 123, FirstByte: 1500 * time.Microsecond, Took: 2 * time.Second,
		Caller: "billing", Token: "0123456789ab", Account: "ba9876543210",
	}
	l.Of("acme-1", "north", "acme")
	l.As("unified")
	l.Served("usage", 7)
	l.Upstream(time.Second)
	l.Upstream(500 * time.Millisecond)
	l.Joined()
	l.Mapped(42 * time.Microsecond)
	return l
}

func TestALineSaysWhatTheRequestDid(t *testing.T) {
	var out bytes.Buffer
	whole().Log(t.Context(), NewLogger(&out, slog.LevelInfo, true))
	want := `{"time":"2026-01-02T03:04:07Z","level":"INFO","msg":"request","request_id":"r-1","method":"GET","route":"/unified/:model/:resource","status":200,"code":"",` +
		`"duration_us":2000000,"ttfb_us":1500,"upstream_calls":2,"upstream_joined":1,"upstream_us":1500000,"mapping_us":42,"records":7,"bytes":123,"format":"unified",` +
		`"connector":"acme","resource":"usage","account_fp":"ba9876543210","token_fp":"0123456789ab","caller":"billing"}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for _, id := range []string{"acme-1", "north"} {
		if strings.Contains(out.String(), `"`+id+`"`) {
			t.Errorf("the log has %s in clear", id)
		}
	}
}

func TestALinesLevel(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		code   string
		want   slog.Level
	}{
		"well": {200, "", slog.LevelInfo}, "the caller's fault": {404, "not_found", slog.LevelInfo}, "the caller left": {499, "client_gone", slog.LevelInfo},
		"our fault": {500, "internal", slog.LevelWarn}, "the provider's": {502, "upstream_reset", slog.LevelWarn}, "broken under way": {200, "upstream_reset", slog.LevelWarn},
	} {
		if got := (&Line{Status: c.status, Code: c.code}).level(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	var out bytes.Buffer
	whole().Log(t.Context(), NewLogger(&out, slog.LevelWarn, true))
	if out.Len() > 0 {
		t.Errorf("below the level: %s", out.String())
	}
}

func TestALineGoesToAnyHandler(t *testing.T) {
	var out bytes.Buffer
	whole().Log(t.Context(), slog.New(slog.NewJSONHandler(&out, nil)))
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["caller"] != "billing" {
		t.Errorf("got %s, %v", out.String(), err)
	}
	out.Reset()
	log := NewLogger(&out, slog.LevelInfo, false).With("a", 1)
	whole().Log(t.Context(), log)
	if !strings.Contains(out.String(), "a=1") || !strings.Contains(out.String(), "upstream_us=1500000") {
		t.Errorf("got %s", out.String())
	}
}

func TestNobodysLine(t *testing.T) {
	l := LineOf(t.Context())
	l.Of("a", "t", "c")
	l.As("f")
	l.Served("r", 1)
	l.Broke("x")
	l.Upstream(1)
	l.Joined()
	l.Mapped(1)
	if l != nil {
		t.Errorf("a bare context has the line %v", l)
	}
}

// Lines and other entries go to one writer by two handlers.
func TestLinesAreWrittenOneByOne(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelInfo, true)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { whole().Log(t.Context(), log) })
		all.Go(func() { log.Info("other") })
	}
	all.Wait()
	if n := strings.Count(out.String(), "\n"); n != 40 {
		t.Errorf("%d lines", n)
	}
	for line := range strings.Lines(out.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("broken: %s", line)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	l, log := whole(), NewLogger(io.Discard, slog.LevelInfo, true)
	b.ReportAllocs()
	for b.Loop() {
		l.Log(b.Context(), log)
	}
}
