package telemetry

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the gateway does. Its methods are safe for concurrent use, and do nothing on a nil *Metrics, so
// that what is measured need not know whether anybody looks. Labels must come from a bounded set: a route's pattern
// and never its path, a connector's name and never an account's id.
type Metrics struct {
	registry *prometheus.Registry
	redis    redisGauge

	requests  *prometheus.HistogramVec
	upstream  *prometheus.HistogramVec
	flights   *prometheus.CounterVec
	records   *prometheus.CounterVec
	mappings  *prometheus.CounterVec
	checks    *prometheus.CounterVec
	mapped    *prometheus.CounterVec
	limited   *prometheus.CounterVec
	opened    prometheus.Counter
	stale     prometheus.Counter
	pageHit   prometheus.Counter
	pageMiss  prometheus.Counter
	collector []prometheus.Collector
}

// seconds are the bounds of both histograms: from an answer out of the cache to a request at its deadline of 25 s, and
// a stream beyond it.
var seconds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25, 60, 300}

// NewMetrics is a set of metrics, all zero.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = histogram(m, "request_duration_seconds", "Requests answered, by route pattern, status and response format.", "route", "status", "format")
	m.upstream = histogram(m, "upstream_duration_seconds", "Calls to providers until their response header; status is error where none came.", "connector", "status")
	m.flights = counters(m, "upstream_flights_total", "Calls to providers that were joined by a request which asks the same (joined), made before they were waited for (ahead), or made ahead and broken off (given_up).", "connector", "outcome")
	m.records = counters(m, "records_total", "Records served.", "connector", "resource", "format")
	m.mappings = counters(m, "mapping_errors_total", "Items that a mapping could not read.", "connector", "resource")
	m.checks = counters(m, "mapping_checks_total", "Items that a compiled mapping and jq's machine both read: same, or other where the two made something else of one.", "connector", "resource", "outcome")
	m.mapped = counters(m, "mapped_items_total", "Items mapped, by the compiled mapping (compiled), by jq's machine where the compiled mapping was not sure (bailed), or by jq's machine alone (interpreted).", "connector", "resource", "engine")
	m.limited = counters(m, "limited_total", "Requests refused by a limit of the gateway's own: that of their token, or of their account.", "limit")
	m.opened = counter(m, "cursors_opened_total", "Cursors that clients sent and that opened.")
	m.stale = counter(m, "cursors_stale_total", "Cursors whose record was no longer where it was.")
	m.pageHit = counter(m, "page_cache_hits_total", "Provider's pages found in the page cache.")
	m.pageMiss = counter(m, "page_cache_misses_total", "Provider's pages not found in the page cache.")
	m.registry.MustRegister(m.collector...)
	m.registry.MustRegister(&m.redis, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
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

// Request counts an answer of ours and the time from the request's arrival to its last byte.
func (m *Metrics) Request(route string, status int, format string, took time.Duration) {
	if m != nil {
		m.requests.WithLabelValues(label(route), statusLabel(status), label(format)).Observe(took.Seconds())
	}
}

// Upstream counts a call to a provider; status is 0 where no response came.
func (m *Metrics) Upstream(connector string, status int, took time.Duration) {
	if m != nil {
		m.upstream.WithLabelValues(label(connector), statusLabel(status)).Observe(took.Seconds())
	}
}

// Flight counts a call that was shared, made ahead or given up.
func (m *Metrics) Flight(connector, outcome string) {
	if m != nil {
		m.flights.WithLabelValues(label(connector), label(outcome)).Inc()
	}
}

// Records counts n records served to a client.
func (m *Metrics) Records(connector, resource, format string, n int) {
	if m != nil && n > 0 {
		m.records.WithLabelValues(label(connector), label(resource), label(format)).Add(float64(n))
	}
}

// MappingError counts an item that a mapping could not read.
func (m *Metrics) MappingError(connector, resource string) {
	if m != nil {
		m.mappings.WithLabelValues(label(connector), label(resource)).Inc()
	}
}

// MappingChecked counts an item that a compiled mapping and jq's machine both read.
func (m *Metrics) MappingChecked(connector, resource string, same bool) {
	if m == nil {
		return
	}
	outcome := "other"
	if same {
		outcome = "same"
	}
	m.checks.WithLabelValues(label(connector), label(resource), outcome).Inc()
}

// Mapped counts n items that an engine has mapped.
func (m *Metrics) Mapped(connector, resource, engine string, n int) {
	if m != nil && n > 0 {
		m.mapped.WithLabelValues(label(connector), label(resource), label(engine)).Add(float64(n))
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

// RedisUp shows what up says at each scrape as meterbridge_redis_up; without it, there is no such metric. A later call
// takes the place of an earlier one. It must not block: up reports what is known, and asks nobody.
func (m *Metrics) RedisUp(up func() bool) {
	if m != nil {
		m.redis.up.Store(&up)
	}
}

// Handler serves the metrics in the format that the scraper asks for, Prometheus text by default.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// label makes a value safe: the library panics at bytes that are not UTF-8.
func label(s string) string { return strings.ToValidUTF8(s, "?") }

// statusLabel bounds the label: a provider may send any number.
func statusLabel(status int) string {
	switch {
	case status == 0:
		return "error"
	case status < 100 || status > 599:
		return "other"
	}
	return strconv.Itoa(status)
}
