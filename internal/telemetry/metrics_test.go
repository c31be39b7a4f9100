package telemetry

import (
	"net/http"
	"net/http/httptest"
	"runtime"
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
	m := NewMetrics("v1")
	asked := func(route string, status int, code, format string, took time.Duration) {
		m.Request(&Line{Route: route, Status: status, Code: code, Format: format, Took: took})
	}
	asked("/unified/{model}/{resource}", 200, "", "unified", 30*time.Millisecond)
	asked("/unified/{model}/{resource}", 200, "upstream_reset", "unified", 10*time.Minute)
	asked("bad\xff", 200, "bad\xff", "\xff", 0)
	m.Upstream("acme", 503, time.Second, time.Millisecond)
	m.Upstream("acme", 0, time.Second, 0)
	m.Upstream("acme", 99999, time.Second, 0)
	m.TokenAsked("acme", 200)
	m.Retried("acme")
	m.Breakers(func(show func(string, int)) int { show("acme", 2); return 1 })
	m.Accounts(func(show func(string, string, int)) { show("acme", "active", 3) })
	m.Mapping("acme", "usage", 1500*time.Millisecond)
	m.RequestLogDropped(4)
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
		`meterbridge_requests_total{code="ok",route="/unified/{model}/{resource}",status="2xx"} 1`,
		`meterbridge_requests_total{code="upstream_reset",route="/unified/{model}/{resource}",status="2xx"} 1`,
		`meterbridge_request_duration_seconds_bucket{format="unified",route="/unified/{model}/{resource}",status="2xx",le="0.05"} 1`,
		`meterbridge_request_duration_seconds_bucket{format="unified",route="/unified/{model}/{resource}",status="2xx",le="300"} 1`,
		`meterbridge_request_duration_seconds_count{format="unified",route="/unified/{model}/{resource}",status="2xx"} 2`,
		`meterbridge_request_duration_seconds_count{format="?",route="bad?",status="2xx"} 1`,
		`meterbridge_upstream_duration_seconds_count{connector="acme",outcome="failed"} 2`,
		`meterbridge_upstream_duration_seconds_count{connector="acme",outcome="unreachable"} 1`,
		`meterbridge_upstream_wait_seconds_count{connector="acme"} 3`,
		`meterbridge_upstream_tokens_total{connector="acme",outcome="ok"} 1`,
		`meterbridge_upstream_retries_total{connector="acme"} 1`,
		`meterbridge_upstream_breakers_open{connector="acme"} 2`,
		`meterbridge_upstream_hosts_down 1`,
		`meterbridge_accounts{connector="acme",status="active"} 3`,
		`meterbridge_mapping_seconds_total{connector="acme",resource="usage"} 1.5`,
		`meterbridge_request_log_dropped_total 4`,
		`meterbridge_build_info{go_version="` + runtime.Version() + `",version="v1"} 1`,
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
	m := NewMetrics("v1")
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
	a, b := NewMetrics("v1"), NewMetrics("v1")
	a.CursorStale()
	if got := scrape(t, b); !strings.Contains(got, "meterbridge_cursors_stale_total 0") {
		t.Errorf("one set counts into another:\n%s", got)
	}
}

func TestLabelsAreBounded(t *testing.T) {
	for status, want := range map[int]string{0: "unreachable", 99: "failed", 200: "ok", 299: "ok", 300: "failed", 399: "failed", 400: "refused", 429: "rate_limited", 499: "refused", 500: "failed", 9999: "failed"} {
		if got := outcome(status); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
	}
	for status, want := range map[int]string{0: "none", 99: "none", 100: "1xx", 200: "2xx", 599: "5xx", 600: "none", -1: "none"} {
		if got := statusClass(status); got != want {
			t.Errorf("%d is of %s, want %s", status, got, want)
		}
	}
}

func TestWhatIsExpectedBeginsAtZero(t *testing.T) {
	m := NewMetrics("v1")
	m.Expect("acme")
	got := scrape(t, m)
	for _, want := range []string{
		`meterbridge_upstream_duration_seconds_count{connector="acme",outcome="unreachable"} 0`, `meterbridge_upstream_retries_total{connector="acme"} 0`,
		`meterbridge_upstream_tokens_total{connector="acme",outcome="refused"} 0`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}

func TestNilMetricsCountNothing(t *testing.T) {
	var m *Metrics
	m.Request(&Line{})
	m.Upstream("c", 200, 0, 0)
	m.TokenAsked("c", 200)
	m.Flight("c", "joined")
	m.Retried("c")
	m.Breakers(nil)
	m.SpansLost(1)
	m.Expect("c")
	m.Mapping("c", "r", 1)
	m.RequestLogDropped(1)
	m.Accounts(nil)
	m.Records("c", "r", "f", 1)
	m.MappingError("c", "r")
	m.CursorOpened()
	m.CursorStale()
	m.PageCache(true)
	m.RedisUp(func() bool { t.Error("asked"); return true })
}

func BenchmarkRequest(b *testing.B) {
	m, l := NewMetrics("v1"), whole()
	b.ReportAllocs()
	for b.Loop() {
		m.Request(l)
	}
}
