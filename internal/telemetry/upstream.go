package telemetry

import (
	"net/http"
	"time"
)

// Upstream counts a call to a provider: its status, 0 where no answer came, the time until then, and how long it had waited
// for its turn before.
func (m *Metrics) Upstream(connector string, status int, took, waited time.Duration) {
	if m != nil {
		m.upstream.WithLabelValues(label(connector), outcome(status)).Observe(took.Seconds())
		m.waits.WithLabelValues(label(connector)).Observe(waited.Seconds())
	}
}

// TokenAsked counts a call for an access token.
func (m *Metrics) TokenAsked(connector string, status int) {
	if m != nil {
		m.tokens.WithLabelValues(label(connector), outcome(status)).Inc()
	}
}

// Flight counts a call that was shared, made ahead or given up.
func (m *Metrics) Flight(connector, outcome string) {
	if m != nil {
		m.flights.WithLabelValues(label(connector), label(outcome)).Inc()
	}
}

// Retried counts a call that is made once more.
func (m *Metrics) Retried(connector string) {
	if m != nil {
		m.retries.WithLabelValues(label(connector)).Inc()
	}
}

// Expect begins a connector's counters at zero, so that the first failure is a rise and not the first sight of a series.
func (m *Metrics) Expect(connector string, resources ...string) {
	if m == nil {
		return
	}
	name := label(connector)
	for _, o := range []string{"ok", "refused", "rate_limited", "failed", "unreachable"} {
		m.upstream.WithLabelValues(name, o)
		m.tokens.WithLabelValues(name, o)
	}
	for _, resource := range resources {
		m.mappings.WithLabelValues(name, label(resource))
		m.checks.WithLabelValues(name, label(resource), "other")
		m.mapping.WithLabelValues(name, label(resource))
	}
	m.waits.WithLabelValues(name)
	m.retries.WithLabelValues(name)
	for _, o := range []string{"joined", "ahead", "given_up"} {
		m.flights.WithLabelValues(name, o)
	}
}

// outcome bounds the label: a provider may send any number.
func outcome(status int) string {
	switch {
	case status == 0:
		return "unreachable"
	case status >= 200 && status < 300:
		return "ok"
	case status == http.StatusTooManyRequests:
		return "rate_limited"
	case status >= 400 && status < 500:
		return "refused"
	}
	return "failed"
}
