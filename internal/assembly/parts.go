package assembly

import (
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/kv"
)

// store is what replicas share.
type store interface {
	kv.Store
	kv.Locker
}

func openStore(cfg *config.Config) (store, error) {
	if cfg.Cursors.Store == config.StoreRedis {
		return kv.NewRedis(kv.RedisConfig{URL: cfg.Redis.URL.Reveal(), Timeout: cfg.Redis.Timeout})
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
