package telemetry

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// scraped is a gauge that is asked for at each scrape, and absent until there is something to ask. A GaugeFunc could neither
// be absent, nor have labels that come and go, nor have its function replaced.
type scraped struct {
	desc *prometheus.Desc
	ask  atomic.Pointer[func(show func(value float64, labels ...string))]
}

func newScraped(name, help string, labels ...string) *scraped {
	return &scraped{desc: prometheus.NewDesc(namespace+"_"+name, help, labels, nil)}
}

func (g *scraped) Describe(ch chan<- *prometheus.Desc) { ch <- g.desc }

func (g *scraped) Collect(ch chan<- prometheus.Metric) {
	if ask := g.ask.Load(); ask != nil {
		(*ask)(func(value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, value, labels...)
		})
	}
}

// RedisUp shows what up says at each scrape as meterbridge_redis_up; without it, there is no such metric. A later call
// takes the place of an earlier one. It must not block: up reports what is known, and asks nobody.
func (m *Metrics) RedisUp(up func() bool) {
	if m == nil {
		return
	}
	m.redis.ask.Store(nil)
	if up == nil {
		return
	}
	ask := func(show func(float64, ...string)) {
		value := 0.0
		if up() {
			value = 1
		}
		show(value)
	}
	m.redis.ask.Store(&ask)
}

// Accounts shows how many accounts there are at each scrape; count says it once for each connector and status.
func (m *Metrics) Accounts(count func(show func(connector, status string, n int))) {
	if m == nil {
		return
	}
	ask := func(show func(float64, ...string)) {
		count(func(connector, status string, n int) { show(float64(n), label(connector), label(status)) })
	}
	m.accounts.ask.Store(&ask)
}

// Breakers shows at each scrape which calls are not made: open says it once for each connector, and gives the hosts.
func (m *Metrics) Breakers(open func(show func(connector string, n int)) (hosts int)) {
	if m == nil {
		return
	}
	breakers := func(show func(float64, ...string)) {
		open(func(connector string, n int) { show(float64(n), label(connector)) })
	}
	hosts := func(show func(float64, ...string)) {
		show(float64(open(func(string, int) {})))
	}
	m.breakers.ask.Store(&breakers)
	m.hosts.ask.Store(&hosts)
}
