package account

import (
	"container/list"
	"sync"
	"time"
)

const (
	// MaxCached is how many accounts of a database are kept in memory, the longest unused going first.
	MaxCached = 4096
	// CacheTTL is how long an account is served before the database is asked whether it changed, elsewhere: here, a change
	// shows at once.
	CacheTTL = 5 * time.Second
)

// cache holds the accounts that were read lately.
type cache struct {
	now func() time.Time

	mu   sync.Mutex
	byID map[string]*list.Element // of *cached
	used *list.List               // most recently used in front
}

type cached struct {
	acct     *Account
	revision int64
	until    time.Time // from here on the database is asked
}

func newCache(now func() time.Time) *cache {
	return &cache{now: now, byID: map[string]*list.Element{}, used: list.New()}
}

// get is what is known of an account, and whether it is still good.
func (c *cache) get(id string) (known cached, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.byID[id]
	if el == nil {
		return cached{}, false
	}
	c.used.MoveToFront(el)
	known = *el.Value.(*cached)
	return known, c.now().Before(known.until)
}

// put keeps an account, until CacheTTL after asked: what changed since then is not in it.
func (c *cache) put(a *Account, revision int64, asked time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &cached{a, revision, asked.Add(CacheTTL)}
	if el := c.byID[a.ID]; el != nil {
		if el.Value.(*cached).revision <= revision { // a slow reader must not bring back what was
			el.Value = e
		}
		return
	}
	c.byID[a.ID] = c.used.PushFront(e)
	if c.used.Len() > MaxCached {
		delete(c.byID, c.used.Remove(c.used.Back()).(*cached).acct.ID)
	}
}

// expire has the database asked for an account when it is next wanted.
func (c *cache) expire(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.byID[id]; el != nil {
		old := el.Value.(*cached)
		el.Value = &cached{old.acct, old.revision, time.Time{}}
	}
}

func (c *cache) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.byID[id]; el != nil {
		c.used.Remove(el)
		delete(c.byID, id)
	}
}
