package assembly

import (
	"context"
	"time"

	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/internal/kv"
)

// readyPatience is how long a part may take to say how it is, so that a probe has an answer before it gives up itself.
const readyPatience = time.Second

// States of a part, as /readyz and docs/observability.md have them.
const (
	stateOK       = "ok"
	stateMemory   = "memory"
	stateDown     = "down"
	stateNone     = "none"
	stateDraining = "draining"
)

// ready tells the truth about the parts. Where Redis is lost, or the database, that is told and the gateway stays ready: the one
// is a cache, and of the other those accounts are served that were used lately. To take every replica out of service would
// turn the loss into an outage. I9
func (h *House) ready(ctx context.Context) gateway.Readiness {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	r := gateway.Readiness{Ready: true, Parts: map[string]string{"listener": stateOK, "connectors": stateOK}}
	needs := func(part, state string, ok bool) {
		if !ok {
			r.Ready, r.Parts[part] = false, state
		}
	}
	needs("listener", stateDraining, !h.draining.Load())
	catalog := h.catalog.Load()
	needs("connectors", stateNone, catalog != nil && len(catalog.Connectors.Names()) > 0)
	loses := func(part string, err error) {
		r.Parts[part] = stateOK
		if err != nil {
			r.Degraded, r.Parts[part] = true, stateDown
		}
	}
	if h.database != nil {
		loses("database", h.database.Ping(ctx))
	}
	if _, isRedis := h.store.(*kv.Redis); !isRedis {
		r.Parts["cursor_store"] = stateMemory
		return r
	}
	loses("redis", h.store.Ping(ctx))
	return r
}

// Drain says by /readyz that the gateway is about to stop, so that balancers send no more requests. It goes on to answer.
func (h *House) Drain() { h.draining.Store(true) }

// storeUp says whether requests have the store; it asks nobody.
func storeUp(s kv.Store) bool {
	r, ok := s.(*kv.Redis)
	return !ok || r.Status() == "up"
}
