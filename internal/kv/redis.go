package kv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// DefaultTimeout bounds each step of a call to Redis: pool, dial, write, read.
	DefaultTimeout = 50 * time.Millisecond

	prefix = "mb:"
)

// RedisConfig names a Redis. Zero fields take their defaults.
type RedisConfig struct {
	// URL is redis://, rediss:// or unix://, with user, password and database; several, comma-separated, are the
	// first addresses of a cluster.
	URL      string
	Timeout  time.Duration    // of each step; DefaultTimeout. A whole call has twice that
	MaxValue int              // one value; DefaultMaxValue
	Now      func() time.Time // the breaker's clock; time.Now
}

// Redis is a Store that replicas share. Losing it is an error to its callers and never a wait (I9).
type Redis struct {
	cfg     RedisConfig
	client  redis.UniversalClient
	breaker breaker
	last    atomic.Pointer[string] // why the last call failed, in a word or two; nil after a good one

	calls, failures, skipped atomic.Uint64
}

// NewRedis makes a client and calls nobody: a server that is down at the start is no different from one lost later.
func NewRedis(cfg RedisConfig) (*Redis, error) {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.MaxValue <= 0 {
		cfg.MaxValue = DefaultMaxValue
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	client, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	return &Redis{cfg: cfg, client: client, breaker: breaker{now: cfg.Now}}, nil
}

// Get is the value under the key.
func (r *Redis) Get(ctx context.Context, key string) (val []byte, ok bool, err error) {
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	err = r.call(ctx, "reading from redis", func(ctx context.Context) error {
		var err error
		val, err = r.client.Get(ctx, prefix+key).Bytes()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		ok = err == nil && len(val) <= r.cfg.MaxValue // a larger one is not ours
		return err
	})
	if !ok || err != nil {
		return nil, false, err
	}
	return val, true, nil
}

// Set replaces the value under the key.
func (r *Redis) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	if err := checkSet(key, val, ttl, r.cfg.MaxValue); err != nil {
		return err
	}
	ttl = max(ttl, time.Millisecond) // Redis counts no finer
	return r.call(ctx, "writing to redis", func(ctx context.Context) error {
		return r.client.Set(ctx, prefix+key, val, ttl).Err()
	})
}

// unlock removes a lock that is still the caller's: one that ended, and was taken by another, is not.
var unlock = redis.NewScript(`if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0`)

// Lock holds a key among all replicas.
func (r *Redis) Lock(ctx context.Context, key string, ttl time.Duration) (release func(), ok bool, err error) {
	mine := rand.Text()
	if err := checkSet(key, nil, ttl, r.cfg.MaxValue); err != nil {
		return nil, false, err
	}
	err = r.call(ctx, "locking in redis", func(ctx context.Context) error {
		var err error
		ok, err = r.client.SetNX(ctx, prefix+key, mine, max(ttl, time.Millisecond)).Result()
		return err
	})
	if err != nil || !ok {
		return nil, false, err
	}
	return func() {
		// One that can't be let go ends by itself.
		_ = r.call(context.Background(), "unlocking in redis", func(ctx context.Context) error {
			return unlock.Eval(ctx, r.client, []string{prefix + key}, mine).Err()
		})
	}, true, nil
}

// Ping says whether Redis answers. It goes through the breaker like every call, so that a readiness probe neither
// waits for a silent server each time nor keeps a recovered one away.
func (r *Redis) Ping(ctx context.Context) error {
	return r.call(ctx, "asking redis", func(ctx context.Context) error { return r.client.Ping(ctx).Err() })
}

// Close ends all connections.
func (r *Redis) Close() error { return r.client.Close() }

// call runs one command within the time it has, behind the breaker.
func (r *Redis) call(ctx context.Context, doing string, f func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	report, ok := r.breaker.allow()
	if !ok {
		r.skipped.Add(1)
		return fmt.Errorf("%s: %w", doing, ErrDown)
	}
	r.calls.Add(1)
	bounded, cancel := context.WithTimeout(ctx, 2*r.cfg.Timeout)
	defer cancel()
	err := f(bounded)
	left := callerLeft(ctx)
	switch {
	case err == nil:
		report(good)
		r.last.Store(nil)
		return nil
	case errors.Is(err, redis.ErrClosed):
		report(unknown)
		return fmt.Errorf("%s: %w", doing, ErrClosed)
	case left != nil: // that says nothing of the server
		report(unknown)
		return fmt.Errorf("%s: %w", doing, left)
	}
	r.failures.Add(1)
	why := reason(err)
	r.last.Store(&why)
	if answered(err) {
		report(good)
	} else {
		report(bad)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// callerLeft is why the caller waits no more. The socket knows the deadline too and may notice it first.
func callerLeft(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok && !time.Now().Before(end) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// Status is "up", or in a few words what is wrong, for the readiness route. It names no address.
func (r *Redis) Status() string {
	why := r.last.Load()
	if open, wait := r.breaker.state(); open {
		s := "down"
		if why != nil {
			s += ": " + *why
		}
		return fmt.Sprintf("%s; next try in %s", s, wait.Round(100*time.Millisecond))
	}
	if why != nil {
		return "up, but refuses a command: " + *why
	}
	return "up"
}

// RedisStats counts calls since the start.
type RedisStats struct {
	Up       bool
	Calls    uint64 // made
	Failures uint64 // of these, failed
	Skipped  uint64 // not made, because the server had just failed
}

// Stats counts calls since the start.
func (r *Redis) Stats() RedisStats {
	open, _ := r.breaker.state()
	return RedisStats{Up: !open, Calls: r.calls.Load(), Failures: r.failures.Load(), Skipped: r.skipped.Load()}
}
