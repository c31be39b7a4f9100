package telemetry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	m.Request("/unified/{model}/{resource}", 200, "unified", 30*time.Millisecond)
	m.Request("/unified/{model}/{resource}", 200, "unified", 10*time.Minute)
	m.Request("bad\xff", 200, "\xff", 0)
	m.Upstream("acme", 503, time.Second)
	m.Upstream("acme", 0, time.Second)
	m.Upstream("acme", 99999, time.Second)
	m.Flight("acme", "joined")
	m.Records("acme", "usage", "stream", 7)
	m.Records("acme", "usage", "stream", 0)
	m.Records("acme", "usage", "stream", -1)
	m.MappingError("acme", "usage")
	m.MappingChecked("acme", "usage", true)
	m.MappingChecked("acme", "usage", false)
	m.Mapped("acme", "usage", "bailed", 3)
	m.Mapped("acme", "usage", "compiled", 0)
	m.CursorOpened()
	m.CursorOpened()
	m.CursorStale()
	m.PageCache(true)
	m.PageCache(false)
	m.PageCache(false)
	got := scrape(t, m)
	for _, want := range []string{
		`meterbridge_request_duration_seconds_bucket{format="unified",route="/unified/{model}/{resource}",status="200",le="0.05"} 1`,
		`meterbridge_request_duration_seconds_bucket{format="unified",route="/unified/{model}/{resource}",status="200",le="300"} 1`,
		`meterbridge_request_duration_seconds_count{format="unified",route="/unified/{model}/{resource}",status="200"} 2`,
		`meterbridge_request_duration_seconds_count{format="?",route="bad?",status="200"} 1`,
		`meterbridge_upstream_duration_seconds_count{connector="acme",status="503"} 1`,
		`meterbridge_upstream_duration_seconds_count{connector="acme",status="error"} 1`,
		`meterbridge_upstream_duration_seconds_count{connector="acme",status="other"} 1`,
		`meterbridge_upstream_flights_total{connector="acme",outcome="joined"} 1`,
		`meterbridge_records_total{connector="acme",format="stream",resource="usage"} 7`,
		`meterbridge_mapping_errors_total{connector="acme",resource="usage"} 1`,
		`meterbridge_mapping_checks_total{connector="acme",outcome="same",resource="usage"} 1`,
		`meterbridge_mapping_checks_total{connector="acme",outcome="other",resource="usage"} 1`,
		`meterbridge_mapped_items_total{connector="acme",engine="bailed",resource="usage"} 3`,
		`meterbridge_cursors_opened_total 2`,
		`meterbridge_cursors_stale_total 1`,
		`meterbridge_page_cache_hits_total 1`,
		`meterbridge_page_cache_misses_total 2`,
		`go_goroutines `,
		`process_open_fds `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}

func TestRedisGauge(t *testing.T) {
	m := NewMetrics()
	shows := func(want string) {
		t.Helper()
		got := ""
		for line := range strings.Lines(scrape(t, m)) {
			if strings.HasPrefix(line, "meterbridge_redis_up") {
				got = strings.TrimSpace(line)
			}
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	shows("")
	up := true
	m.RedisUp(func() bool { return up })
	shows("meterbridge_redis_up 1")
	up = false
	shows("meterbridge_redis_up 0")
	m.RedisUp(func() bool { return true })
	shows("meterbridge_redis_up 1")
	m.RedisUp(nil)
	shows("")
}

func TestTwoSetsAreApart(t *testing.T) {
	a, b := NewMetrics(), NewMetrics()
	a.CursorStale()
	if got := scrape(t, b); !strings.Contains(got, "meterbridge_cursors_stale_total 0") {
		t.Errorf("one set counts into another:\n%s", got)
	}
}

func TestStatusLabelBounds(t *testing.T) {
	for status, want := range map[int]string{0: "error", 99: "other", 100: "100", 599: "599", 600: "other", -1: "other"} {
		if got := statusLabel(status); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
	}
}

func TestNilMetricsCountNothing(t *testing.T) {
	var m *Metrics
	m.Request("r", 200, "f", 0)
	m.Upstream("c", 200, 0)
	m.Records("c", "r", "f", 1)
	m.MappingError("c", "r")
	m.CursorOpened()
	m.CursorStale()
	m.PageCache(true)
	m.RedisUp(func() bool { t.Error("asked"); return true })
}

func BenchmarkRequest(b *testing.B) {
	m := NewMetrics()
	b.ReportAllocs()
	for b.Loop() {
		m.Request("/unified/{model}/{resource}", 200, "unified", time.Millisecond)
	}
}
