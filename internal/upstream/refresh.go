package upstream

import (
	"context"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/secret"
)

const (
	// refreshTTL is how long a refresh token that replaced the configured one is kept without being used.
	refreshTTL = 180 * 24 * time.Hour
	// racePatience is how long another replica, which used a refresh token first, has to store its successor.
	racePatience = 500 * time.Millisecond

	refreshLabel = "refresh"
)

// refreshes keeps the refresh tokens that providers gave in place of the configured ones: in memory, and sealed in the
// store, where other replicas and the next start find them.
type refreshes struct {
	ring  *secret.Keyring
	store Store

	mu    sync.Mutex
	byKey map[string]*refresh
}

// refresh is one account's refresh token. Whoever uses it holds the gate: a provider that rotates takes each but once.
type refresh struct {
	all     *refreshes
	key     string
	gate    chan struct{}
	text    string // "" where none came in place of the configured one
	unsaved bool   // the store was down when it came
}

// hold is the refresh token of a key, for one user at a time, until it is let go.
func (r *refreshes) hold(ctx context.Context, key string) (*refresh, error) {
	r.mu.Lock()
	one := r.byKey[key]
	if one == nil {
		one = &refresh{all: r, key: key, gate: make(chan struct{}, 1)}
		r.byKey[key] = one
	}
	r.mu.Unlock()
	select {
	case one.gate <- struct{}{}:
		return one, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *refresh) release() { <-f.gate }

// current is the token to use now: the newest that is known here or to another replica, else the configured one.
func (f *refresh) current(ctx context.Context, configured string) string {
	if f.unsaved {
		f.save(ctx)
		return f.text
	}
	if text, ok := f.stored(ctx); ok {
		f.text = text
	}
	if f.text == "" {
		return configured
	}
	return f.text
}

// keep takes a token in the place of the one before.
func (f *refresh) keep(ctx context.Context, text string) {
	f.text = text
	f.save(ctx)
}

func (f *refresh) save(ctx context.Context) {
	if f.all.store == nil {
		return
	}
	sealed := f.all.ring.Seal(refreshLabel, []byte(f.text), []byte(f.key))
	f.unsaved = f.all.store.Set(ctx, refreshLabel+":"+f.key, sealed, refreshTTL) != nil
}

func (f *refresh) stored(ctx context.Context) (string, bool) {
	if f.all.store == nil {
		return "", false
	}
	sealed, ok, err := f.all.store.Get(ctx, refreshLabel+":"+f.key)
	if err != nil || !ok {
		return "", false
	}
	plain, err := f.all.ring.Open(refreshLabel, sealed, []byte(f.key))
	return string(plain), err == nil && len(plain) > 0
}
