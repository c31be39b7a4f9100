package kv_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
)

// TestSilentRedisCostsOnce times the default client. The best of some tries counts: a defect is slow each time, a
// busy machine only now and then.
func TestSilentRedisCostsOnce(t *testing.T) {
	const silent, refused, later, tries = 120 * time.Millisecond, 40 * time.Millisecond, 5 * time.Millisecond, 10
	paused := kvtest.Start(t)
	for name, c := range map[string]struct {
		url     string
		prepare func(*testing.T, *kv.Redis)
		atLeast time.Duration // or it was not the silence that was met
		atMost  time.Duration
		why     string
	}{
		"refused port":       {url: kvtest.RefusedURL(t), atMost: refused, why: "connection refused"},
		"black hole":         {url: kvtest.BlackHole(t), atLeast: kv.DefaultTimeout, atMost: silent, why: "no answer in time"},
		"black hole cluster": {url: kvtest.BlackHole(t) + "," + strings.TrimPrefix(kvtest.BlackHole(t), "redis://"), atLeast: kv.DefaultTimeout, atMost: silent, why: "no answer in time"},
		"refused cluster":    {url: kvtest.RefusedURL(t) + "," + kvtest.RefusedURL(t), atMost: refused, why: "connection refused"},
		"silent after a good call": {url: paused.URL(), atLeast: kv.DefaultTimeout, atMost: silent, why: "no answer in time", prepare: func(t *testing.T, r *kv.Redis) {
			paused.Restart()
			_ = r.Ping(t.Context()) // makes a connection; not judged, the machine may be busy
			paused.Command("CLIENT", "PAUSE", "600000", "ALL")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bestFirst, bestLater := time.Hour, time.Hour
			for range tries {
				r := newRedis(t, kv.RedisConfig{URL: c.url})
				if c.prepare != nil {
					c.prepare(t, r)
				}
				start := time.Now()
				_, ok, err := r.Get(t.Context(), "k")
				took := time.Since(start)
				if ok || err == nil || took < c.atLeast && !errors.Is(err, kv.ErrDown) {
					t.Fatalf("first Get: %v, %v after %s", ok, err, took)
				}
				if errors.Is(err, kv.ErrDown) { // prepare's call had met a busy machine
					continue
				}
				if got := r.Status(); !strings.HasPrefix(got, "down: "+c.why+"; next try in ") {
					t.Errorf("status %q", got)
				}
				bestFirst = min(bestFirst, took)
				for range 20 {
					start = time.Now()
					_, _, err = r.Get(t.Context(), "k")
					took = time.Since(start)
					if !errors.Is(err, kv.ErrDown) && r.Stats().Skipped == 0 {
						t.Fatalf("a later Get: %v", err)
					}
					bestLater = min(bestLater, took)
				}
				if bestFirst <= c.atMost && bestLater <= later {
					return
				}
			}
			t.Errorf("first Get took %s (at most %s), later ones %s (at most %s)", bestFirst, c.atMost, bestLater, later)
		})
	}
}

func TestManyRequestsMeetASilentRedisTogether(t *testing.T) {
	r := newRedis(t, kv.RedisConfig{URL: kvtest.BlackHole(t)})
	start := time.Now()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, _, err := r.Get(t.Context(), "k"); err == nil {
				t.Error("a black hole answered")
			}
		})
	}
	wg.Wait()
	if took := time.Since(start); took > time.Second {
		t.Errorf("100 requests at once took %s", took)
	}
}
