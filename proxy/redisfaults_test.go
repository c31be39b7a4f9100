package proxy_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// TestFaultsOfRedis: each from the beginning, and from the middle of a walk of fifty pages on, with and without an end. No request
// fails, and no record is lost or comes twice. I9
func TestFaultsOfRedis(t *testing.T) {
	t.Parallel()
	lines := someLines(100)
	for name, fault := range map[string]kvtest.Fault{
		"refused": {Refuse: true}, "reset": {Reset: true}, "silent": {Silent: true}, "slow": {Slow: time.Second},
		"loading": {Answer: "-LOADING Redis is loading the dataset in memory"}, "out of memory": {Answer: "-OOM command not allowed when used memory > 'maxmemory'."},
		"read only": {Answer: "-READONLY You can't write against a read only replica."}, "no password": {Answer: "-NOAUTH Authentication required."},
		"too many clients": {Answer: "-ERR max number of clients reached"}, "an answer of another kind": {Answer: "*1\r\n:7"}, "no answer of Redis": {Answer: "HTTP/1.1 400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			between := kvtest.StandBetween(t, kvtest.Start(t))
			acme := newAcme(t, lines...)
			h := newHouse(t, acme.URL, func(s *setup) {
				s.configure = func(c *config.Config) {
					c.Cursors.Store, c.Redis.URL = config.StoreRedis, secret.New(between.URL())
				}
			})
			want := ids(t, h.walk(twoMonths+"&limit=1000"))
			between.Now(fault)
			same(t, "with the fault from the beginning", ids(t, h.walk(twoMonths+"&limit=25")), want)
			if a := h.get("/readyz"); a.status != http.StatusOK {
				t.Errorf("/readyz is %d", a.status)
			}
			between.Now(kvtest.Fault{})
			pages := 0
			got := ids(t, h.walk(twoMonths+"&limit=2", func(int, list) {
				switch pages++; pages {
				case 25:
					between.Now(fault)
				case 40:
					between.Now(kvtest.Fault{})
				}
			}))
			same(t, "with the fault in the middle", got, want)
			if pages != 50 {
				t.Errorf("%d pages", pages)
			}
		})
	}
}

// TestRedisIsEmptiedInMidWalk: and served by another that knows nothing, as after a failover.
func TestRedisIsEmptiedInMidWalk(t *testing.T) {
	t.Parallel()
	redis := kvtest.Start(t)
	acme := newAcme(t, someLines(60)...)
	h := newHouse(t, acme.URL, func(s *setup) {
		s.configure = func(c *config.Config) {
			c.Cursors.Store, c.Redis.URL = config.StoreRedis, secret.New(redis.URL())
		}
	})
	want := ids(t, h.walk(twoMonths+"&limit=1000"))
	same(t, "records", ids(t, h.walk(twoMonths+"&limit=3", func(page int, _ list) {
		switch page {
		case 5, 6, 12:
			redis.Command("FLUSHALL")
		case 9:
			redis.Restart()
		}
	})), want)
}
