package principal

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// CacheTTL is how long a token of a store is known without asking for it again. With the time between two looks at a
	// stream's token, and that of an answer, one that was revoked in another replica ends within 5 s.
	CacheTTL = 3 * time.Second
	// MaxCached bounds the tokens that are known; past it they are asked for anew.
	MaxCached = 10_000

	findTimeout = time.Second     // for an answer of the store
	failureTTL  = 1 * time.Second // how long one that failed is left alone for a token
)

// Cached is a Finder that asks another one for a token once in CacheTTL, however many requests bring it, and at once again
// after Forget. It knows for as long that a token is nobody's.
type Cached struct {
	of  Finder
	now func() time.Time

	mu      sync.RWMutex
	entries map[Sum]*entry
}

// entry is what is known of a token. The one who asks for it is the one whose value is in asking; the others wait for it or
// leave.
type entry struct {
	asking chan struct{}
	known  atomic.Pointer[known]
}

type known struct {
	who   *Principal
	err   error // ErrUnknown, or why the store did not answer
	until time.Time
}

// NewCached caches a finder.
func NewCached(of Finder, now func() time.Time) *Cached {
	return &Cached{of: of, now: now, entries: map[Sum]*entry{}}
}

// Find implements Finder. An answer is as old as the question: what changes while the store works on it, the next one sees.
func (c *Cached) Find(ctx context.Context, sum Sum) (*Principal, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := c.entry(sum)
	if k := e.known.Load(); k != nil && c.now().Before(k.until) {
		return k.who, k.err
	}
	select {
	case e.asking <- struct{}{}:
		defer func() { <-e.asking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	began := c.now()
	if k := e.known.Load(); k != nil && began.Before(k.until) {
		return k.who, k.err
	}
	// Others wait for this answer, so that it does not end with the one who asked first.
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), findTimeout)
	defer cancel()
	k := &known{until: began.Add(CacheTTL)}
	if k.who, k.err = c.of.Find(bounded, sum); k.err != nil && !errors.Is(k.err, ErrUnknown) {
		k.until = c.now().Add(failureTTL)
	}
	e.known.Store(k)
	return k.who, k.err
}

// Forget lets the next request with any token ask again. It is for who has just revoked one.
func (c *Cached) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
}

func (c *Cached) entry(sum Sum) *entry {
	c.mu.RLock()
	e := c.entries[sum]
	c.mu.RUnlock()
	if e != nil {
		return e
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e = c.entries[sum]; e == nil {
		if len(c.entries) >= MaxCached {
			clear(c.entries)
		}
		e = &entry{asking: make(chan struct{}, 1)}
		c.entries[sum] = e
	}
	return e
}
