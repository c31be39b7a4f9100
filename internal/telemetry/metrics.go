package telemetry

import (
	"net/http"
	"runtime"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the gateway does. Its methods are safe for concurrent use, and do nothing on a nil *Metrics, so
// that what is measured need not know whether anybody looks. Labels must come from a bounded set: a route's pattern
// and never its path, a connector's name and never an account's id.
type Metrics struct {
	registry *prometheus.Registry
	redis    *scraped
	accounts *scraped
	breakers *scraped
	hosts    *scraped

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	upstream  *prometheus.HistogramVec
	waits     *prometheus.HistogramVec
	tokens    *prometheus.CounterVec
	retries   *prometheus.CounterVec
	flights   *prometheus.CounterVec
	records   *prometheus.CounterVec
	mappings  *prometheus.CounterVec
	checks    *prometheus.CounterVec
	mapped    *prometheus.CounterVec
	limited   *prometheus.CounterVec
	mapping   *prometheus.CounterVec
	dropped   prometheus.Counter
	lost      prometheus.Counter
	opened    prometheus.Counter
	stale     prometheus.Counter
	pageHit   prometheus.Counter
	pageMiss  prometheus.Counter
	collector []prometheus.Collector
}

// seconds are the bounds of the histograms: from an answer out of the cache to a request at its deadline of 25 s, and
// a stream beyond it.
var seconds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25, 60, 300}

// NewMetrics is a set of metrics, all zero.
func NewMetrics(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = counters(m, "requests_total", "Requests answered, by route pattern, class of status, and code of the problem; ok where there was none.", "route", "status", "code")
	m.durations = histogram(m, "request_duration_seconds", "Time from a request's arrival to the last byte of its answer, by route pattern, class of status and response format.", "route", "status", "format")
	m.upstream = histogram(m, "upstream_duration_seconds", "Calls to providers until their response header; outcome is ok, refused (4xx), rate_limited (429), failed (other) or unreachable (no answer).", "connector", "outcome")
	m.waits = histogram(m, "upstream_wait_seconds", "Time that a call waited for its turn: for a place in the account's concurrency and for the provider's rate.", "connector")
	m.tokens = counters(m, "upstream_tokens_total", "Calls for an access token, by outcome as of upstream_duration_seconds.", "connector", "outcome")
	m.retries = counters(m, "upstream_retries_total", "Calls to providers that were made once more after a failure that may pass.", "connector")
	m.flights = counters(m, "upstream_flights_total", "Calls to providers that were joined by a request which asks the same (joined), made before they were waited for (ahead), or made ahead and broken off (given_up).", "connector", "outcome")
	m.records = counters(m, "records_total", "Records served.", "connector", "resource", "format")
	m.mappings = counters(m, "mapping_errors_total", "Items that a mapping could not read.", "connector", "resource")
	m.checks = counters(m, "mapping_checks_total", "Items that a compiled mapping and jq's machine both read: same, or other where the two made something else of one.", "connector", "resource", "outcome")
	m.mapped = counters(m, "mapped_items_total", "Items mapped, by the compiled mapping (compiled), by jq's machine where the compiled mapping was not sure (bailed), or by jq's machine alone (interpreted).", "connector", "resource", "engine")
	m.limited = counters(m, "limited_total", "Requests refused by a limit of the gateway's own: that of their token, or of their account.", "limit")
	m.mapping = counters(m, "mapping_seconds_total", "Time that mappings have worked.", "connector", "resource")
	m.opened = counter(m, "cursors_opened_total", "Cursors that clients sent and that opened.")
	m.stale = counter(m, "cursors_stale_total", "Cursors whose record was no longer where it was.")
	m.pageHit = counter(m, "page_cache_hits_total", "Provider's pages found in the page cache.")
	m.pageMiss = counter(m, "page_cache_misses_total", "Provider's pages not found in the page cache.")
	m.dropped = counter(m, "request_log_dropped_total", "Requests that the request log has no row of, because its queue was full or the database did not take them.")
	m.lost = counter(m, "spans_lost_total", "Spans of traces that their receiver did not take.")
	m.redis = newScraped("redis_up", "1 while Redis answers, 0 while requests go on without it.")
	m.accounts = newScraped("accounts", "Integrated accounts, by their status.", "connector", "status")
	m.breakers = newScraped("upstream_breakers_open", "Accounts whose calls are kept away from a provider now, because it has failed most of their last ones.", "connector")
	m.hosts = newScraped("upstream_hosts_down", "Hosts of providers that are left alone now, because they could not be reached.")
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "1; the labels say what runs.", ConstLabels: prometheus.Labels{"version": label(version), "go_version": runtime.Version()}})
	build.Set(1)
	m.registry.MustRegister(m.collector...)
	m.registry.MustRegister(build, m.redis, m.accounts, m.breakers, m.hosts, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

const namespace = "meterbridge"

func histogram(m *Metrics, name, help string, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: seconds}, labels)
	m.collector = append(m.collector, v)
	return v
}

func counters(m *Metrics, name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.collector = append(m.collector, v)
	return v
}

func counter(m *Metrics, name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	m.collector = append(m.collector, c)
	return c
}

// Request counts an answer of ours.
func (m *Metrics) Request(l *Line) {
	if m == nil {
		return
	}
	route, status, code := label(l.Route), statusClass(l.Status), l.Code
	if code == "" {
		code = "ok"
	}
	m.requests.WithLabelValues(route, status, label(code)).Inc()
	m.durations.WithLabelValues(route, status, label(l.Format)).Observe(l.Took.Seconds())
}

// Records counts n records served to a client.
func (m *Metrics) Records(connector, resource, format string, n int) {
	if m != nil && n > 0 {
		m.records.WithLabelValues(label(connector), label(resource), label(format)).Add(float64(n))
	}
}

// Limited counts a request that a limit of ours refused.
func (m *Metrics) Limited(limit string) {
	if m != nil {
		m.limited.WithLabelValues(label(limit)).Inc()
	}
}

// CursorOpened counts a client's cursor that opened.
func (m *Metrics) CursorOpened() {
	if m != nil {
		m.opened.Inc()
	}
}

// CursorStale counts a cursor whose record is gone.
func (m *Metrics) CursorStale() {
	if m != nil {
		m.stale.Inc()
	}
}

// PageCache counts a look into the page cache.
func (m *Metrics) PageCache(hit bool) {
	switch {
	case m == nil:
	case hit:
		m.pageHit.Inc()
	default:
		m.pageMiss.Inc()
	}
}

// RequestLogDropped counts n requests that the request log has lost.
func (m *Metrics) RequestLogDropped(n int) {
	if m != nil {
		m.dropped.Add(float64(n))
	}
}

// SpansLost counts n spans that no receiver has taken.
func (m *Metrics) SpansLost(n int) {
	if m != nil {
		m.lost.Add(float64(n))
	}
}

// Handler serves the metrics in the format that the scraper asks for, Prometheus text by default.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// label makes a value safe: the library panics at bytes that are not UTF-8.
func label(s string) string { return strings.ToValidUTF8(s, "?") }

// statusClass is 2xx and so on.
func statusClass(status int) string {
	if status < 100 || status > 599 {
		return "none"
	}
	return [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}[status/100-1]
}
