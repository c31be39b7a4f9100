package telemetry

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// redisGauge is a gauge that is absent until there is something to ask. A GaugeFunc could neither be absent nor have
// its function replaced.
type redisGauge struct{ up atomic.Pointer[func() bool] }

var redisDesc = prometheus.NewDesc(namespace+"_redis_up", "1 while Redis answers, 0 while requests go on without it.", nil, nil)

func (g *redisGauge) Describe(ch chan<- *prometheus.Desc) { ch <- redisDesc }

func (g *redisGauge) Collect(ch chan<- prometheus.Metric) {
	up := g.up.Load()
	if up == nil || *up == nil {
		return
	}
	value := 0.0
	if (*up)() {
		value = 1
	}
	ch <- prometheus.MustNewConstMetric(redisDesc, prometheus.GaugeValue, value)
}
