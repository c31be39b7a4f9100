package assembly

import (
	"context"
	"time"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/internal/kv"
)

func openStore(cfg *config.Config, timeout time.Duration) (kv.Store, error) {
	if cfg.Cursors.Store == config.StoreRedis {
		return kv.NewRedis(kv.RedisConfig{URL: cfg.Redis.URL.Reveal(), Timeout: timeout})
	}
	return kv.NewMemory(kv.MemoryConfig{}), nil
}

// shared is the store where replicas count together, nil where each has its own.
func shared(s kv.Store) kv.Limiter {
	if r, ok := s.(*kv.Redis); ok {
		return r
	}
	return nil
}

// ready tells the truth about the parts. A Redis that is lost costs speed and not data, so it is told and the gateway
// stays ready: taking every replica out of service for it would turn the loss of a cache into an outage.
func (h *House) ready(ctx context.Context) gateway.Readiness {
	r := gateway.Readiness{Ready: true, Parts: map[string]string{"configuration": "ok"}}
	if h.database != nil {
		r.Parts["database"] = "ok"
		if err := h.database.Ping(ctx); err != nil {
			r.Degraded = true
			r.Parts["database"] = "down: accounts that were used lately are served, and none can be changed"
		}
	}
	if _, isRedis := h.store.(*kv.Redis); !isRedis {
		r.Parts["cursor_store"] = "memory"
		return r
	}
	r.Parts["redis"] = "ok"
	if err := h.store.Ping(ctx); err != nil {
		r.Degraded = true
		r.Parts["redis"] = "down: walks go on without cached pages"
	}
	return r
}

func storeState(s kv.Store) string {
	if r, ok := s.(*kv.Redis); ok {
		return r.Status()
	}
	return "ok"
}
