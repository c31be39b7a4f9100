package proxy

import (
	"strconv"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// maxLookupCache bounds all lookups that are kept, in bytes; docs/limits.md lists it.
const maxLookupCache = 64 << 20

// lookupEntry is one lookup's answer for one account.
type lookupEntry struct {
	json    []byte
	warn    *problem.Warning
	fault   *problem.Problem // why it is not whole; nil where it is, or was cut at a bound
	expires time.Time
}

// lookupKey is all that a lookup's answer depends on.
type lookupKey struct {
	account, name, base string
	connector           uint64 // its hash
}

// flight names the one flight that brings it.
func (k lookupKey) flight() string {
	return "lookup\x00" + k.account + "\x00" + k.name + "\x00" + k.base + "\x00" + strconv.FormatUint(k.connector, 16)
}

// lookupCache keeps lookups of all accounts. Beyond its bound the entry goes that would expire first.
type lookupCache struct {
	mu      sync.Mutex
	entries map[lookupKey]*lookupEntry
	bytes   int
}

func (c *lookupCache) get(key lookupKey, now time.Time) (*lookupEntry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	return e, ok && now.Before(e.expires)
}

func (c *lookupCache) put(key lookupKey, e *lookupEntry, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
	for k, old := range c.entries {
		if !now.Before(old.expires) {
			c.drop(k)
		}
	}
	for c.bytes+len(e.json) > maxLookupCache && len(c.entries) > 0 {
		c.drop(c.first())
	}
	if c.entries == nil {
		c.entries = map[lookupKey]*lookupEntry{}
	}
	c.entries[key] = e
	c.bytes += len(e.json)
}

// first is the key of the entry that expires first.
func (c *lookupCache) first() (key lookupKey) {
	var at time.Time
	for k, e := range c.entries {
		if at.IsZero() || e.expires.Before(at) {
			key, at = k, e.expires
		}
	}
	return key
}

func (c *lookupCache) drop(key lookupKey) {
	if e, ok := c.entries[key]; ok {
		c.bytes -= len(e.json)
		delete(c.entries, key)
	}
}
