package cursor

import (
	"context"
	"encoding/hex"
	"sync/atomic"
	"time"
)

// MaxPage bounds a page in the cache; a larger one is fetched again.
const MaxPage = 1 << 20

// Pages caches what makes the next page cheap: a provider's page that cursors point into, the id of a job, its
// rows. Whatever goes wrong is a miss and a number in Stats: a cache must not fail a request. It is safe for
// concurrent use.
type Pages struct {
	cfg Config

	hits, misses, puts, tooLarge, corrupt, errors atomic.Uint64
}

// NewPages makes a cache over the config's store.
func NewPages(cfg Config) *Pages { return &Pages{cfg: cfg.withDefaults()} }

// Key is the key of the parts: the account first, so that no account meets another's pages (I8). It is a keyed
// hash, and says nothing of them to whoever reads the store.
func (p *Pages) Key(parts ...[]byte) [32]byte { return p.cfg.Keys.MAC(labelPageKey, parts...) }

// Get is what was put under the key, if it is still there. The bytes are the caller's.
func (p *Pages) Get(ctx context.Context, key [32]byte) (body []byte, ok bool) {
	if p.cfg.Store == nil {
		p.misses.Add(1)
		return nil, false
	}
	name := pageName(key)
	sealed, found, err := p.cfg.Store.Get(ctx, name)
	switch {
	case err != nil:
		if ctx.Err() == nil { // else the caller left, and the store is not to blame
			p.errors.Add(1)
		}
	case !found:
	default:
		if body, err = p.cfg.Keys.Open(labelPage, sealed, []byte(name)); err == nil {
			p.hits.Add(1)
			return body, true
		}
		p.corrupt.Add(1)
	}
	p.misses.Add(1)
	return nil, false
}

// Put keeps body for the config's TTL. A body beyond MaxPage is not kept.
func (p *Pages) Put(ctx context.Context, key [32]byte, body []byte) {
	p.PutTTL(ctx, key, body, p.cfg.TTL)
}

// PutTTL is Put for a time of its own.
func (p *Pages) PutTTL(ctx context.Context, key [32]byte, body []byte, ttl time.Duration) {
	if len(body) > MaxPage {
		p.tooLarge.Add(1)
		return
	}
	if p.cfg.Store == nil || ttl <= 0 {
		return
	}
	name := pageName(key)
	if err := p.cfg.Store.Set(ctx, name, p.cfg.Keys.Seal(labelPage, body, []byte(name)), ttl); err != nil {
		if ctx.Err() == nil {
			p.errors.Add(1)
		}
		return
	}
	p.puts.Add(1)
}

// PageStats counts since the start.
type PageStats struct {
	Hits, Misses uint64
	Puts         uint64
	TooLarge     uint64 // not kept, beyond MaxPage
	Corrupt      uint64 // found and not opened: another key, or altered; a miss too
	Errors       uint64 // of the store
}

// Stats counts since the start.
func (p *Pages) Stats() PageStats {
	return PageStats{
		Hits: p.hits.Load(), Misses: p.misses.Load(), Puts: p.puts.Load(),
		TooLarge: p.tooLarge.Load(), Corrupt: p.corrupt.Load(), Errors: p.errors.Load(),
	}
}

func pageName(key [32]byte) string { return "page:" + hex.EncodeToString(key[:]) }
