package upstream

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const (
	// refreshTTL is how long a refresh token that replaced the configured one is kept without being used, in Redis.
	refreshTTL = 180 * 24 * time.Hour
	// racePatience is how long another replica, which used a refresh token first, has to store its successor.
	racePatience = 500 * time.Millisecond
	// lockPause is how long a replica waits until it asks again whether another one still refreshes.
	lockPause = 100 * time.Millisecond
	// turnPatience is how long a replica waits for another one's token, where a second call for one does no harm.
	turnPatience = 2 * time.Second
	// lockMargin is by how much a lock outlives the token call that it is for, and the replica that died in it.
	lockMargin = time.Second

	refreshLabel = "refresh"
)

// Vault keeps the refresh tokens that a provider gave in place of an account's configured ones. A grant is the text of what
// is configured, secrets and all: configured anew, it never meets the tokens of the old one.
type Vault interface {
	// RefreshToken is the newest one; ok is false where the configured one is. An error says that nobody knows.
	RefreshToken(ctx context.Context, account, grant string) (text string, ok bool, err error)
	// KeepRefreshToken takes one in place of the one before.
	KeepRefreshToken(ctx context.Context, account, grant, text string) error
}

// Locker lets one replica at a time do something; kv's stores fit. ok is false where another one does.
type Locker interface {
	Lock(ctx context.Context, key string, ttl time.Duration) (release func(), ok bool, err error)
}

// kvVault keeps them sealed in the store that replicas share, for accounts that have no database. Every doubt is an absence:
// then the configured one, or the newest of this process, is tried.
type kvVault struct {
	ring  *secret.Keyring
	store Store
}

func (v kvVault) key(account, grant string) string {
	sum := v.ring.MAC(refreshLabel, []byte(account), []byte(grant))
	return refreshLabel + ":" + hex.EncodeToString(sum[:])
}

func (v kvVault) RefreshToken(ctx context.Context, account, grant string) (string, bool, error) {
	key := v.key(account, grant)
	sealed, ok, err := v.store.Get(ctx, key)
	if err != nil || !ok {
		return "", false, nil
	}
	plain, err := v.ring.Open(refreshLabel, sealed, []byte(key))
	return string(plain), err == nil && len(plain) > 0, nil
}

func (v kvVault) KeepRefreshToken(ctx context.Context, account, grant, text string) error {
	key := v.key(account, grant)
	return v.store.Set(ctx, key, v.ring.Seal(refreshLabel, []byte(text), []byte(key)), refreshTTL)
}

// refreshes are the refresh tokens that this process knows, in front of the vault.
type refreshes struct {
	vault Vault // nil: none

	mu    sync.Mutex
	byKey map[string]*refresh
}

// refresh is one account's refresh token. Whoever uses it holds the gate: a provider that rotates takes each but once.
type refresh struct {
	vault          Vault
	account, grant string
	gate           chan struct{}
	text           string // "" where none came in place of the configured one
	unsaved        bool   // the vault took nothing when it came
}

// hold is the refresh token of a key, for one user at a time, until it is let go.
func (r *refreshes) hold(ctx context.Context, key, account, grant string) (*refresh, error) {
	r.mu.Lock()
	one := r.byKey[key]
	if one == nil {
		one = &refresh{vault: r.vault, account: account, grant: grant, gate: make(chan struct{}, 1)}
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

// current is the token to use now: the newest that is known here or to another replica, else the configured one. Where nobody
// knows, none is used: a provider may take a token that was spent for a theft, and end all of them.
func (f *refresh) current(ctx context.Context, configured string) (string, error) {
	if f.unsaved {
		f.save(ctx)
		return f.text, nil
	}
	text, ok, err := f.stored(ctx)
	if err != nil {
		return "", problem.Wrap(problem.StoreUnavailable, err, "the newest refresh token of the account lies in the database, which does not answer; try again")
	}
	if ok {
		f.text = text
	}
	if f.text == "" {
		return configured, nil
	}
	return f.text, nil
}

// keep takes a token in the place of the one before.
func (f *refresh) keep(ctx context.Context, text string) {
	f.text = text
	f.save(ctx)
}

func (f *refresh) save(ctx context.Context) {
	if f.vault != nil {
		f.unsaved = f.vault.KeepRefreshToken(ctx, f.account, f.grant, f.text) != nil
	}
}

func (f *refresh) stored(ctx context.Context) (string, bool, error) {
	if f.vault == nil {
		return "", false, nil
	}
	return f.vault.RefreshToken(ctx, f.account, f.grant)
}

// turn waits until no other replica refreshes under a key. A lock that can't be asked for is none: then a race is lost now
// and then, which fetch knows how to mend.
//
// It waits as long as the caller does, or for patience where that is given: the holder may have died.
func (c *Client) turn(ctx context.Context, key string, patience time.Duration) (release func(), err error) {
	for began := time.Now(); c.cfg.Locks != nil; {
		release, ok, err := c.cfg.Locks.Lock(ctx, "lock:"+key, c.cfg.Timeouts.Token+lockMargin)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case ok:
			return release, nil
		case err != nil, patience > 0 && time.Since(began) > patience:
			return func() {}, nil
		}
		if err := sleep(ctx, lockPause/2+rand.N(lockPause)); err != nil {
			return nil, err
		}
	}
	return func() {}, nil
}
