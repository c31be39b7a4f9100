package kv

import (
	"bytes"
	"container/list"
	"context"
	"crypto/rand"
	"sync"
	"time"
)

// entryOverhead is what an entry costs beside its key and value: map slot, list element, headers.
const entryOverhead = 160

// MemoryConfig bounds a Memory. Zero fields take their defaults.
type MemoryConfig struct {
	MaxBytes int64            // keys, values and overhead of all entries; DefaultMaxBytes
	MaxValue int              // one value; DefaultMaxValue
	Now      func() time.Time // time.Now
}

// Memory is a Store within the process: when it is full, the entry longest unused goes first.
type Memory struct {
	cfg MemoryConfig

	locking sync.Mutex // of Lock and release, around mu

	mu      sync.Mutex
	entries map[string]*list.Element // of *memEntry; nil once closed
	used    *list.List               // most recently used in front
	bytes   int64
	evicted uint64
}

type memEntry struct {
	key  string
	val  []byte
	ends time.Time
}

func (e *memEntry) size() int64 { return int64(len(e.key)+len(e.val)) + entryOverhead }

// NewMemory makes an empty store.
func NewMemory(cfg MemoryConfig) *Memory {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	if cfg.MaxValue <= 0 {
		cfg.MaxValue = DefaultMaxValue
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Memory{cfg: cfg, entries: map[string]*list.Element{}, used: list.New()}
}

// Get is the value under the key.
func (m *Memory) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		return nil, false, ErrClosed
	}
	el, ok := m.entries[key]
	if !ok {
		return nil, false, nil
	}
	e := el.Value.(*memEntry)
	if !m.cfg.Now().Before(e.ends) {
		m.remove(el)
		return nil, false, nil
	}
	m.used.MoveToFront(el)
	return bytes.Clone(e.val), true, nil
}

// Set replaces the value under the key.
func (m *Memory) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkSet(key, val, ttl, m.cfg.MaxValue); err != nil {
		return err
	}
	e := &memEntry{key: key, val: append([]byte{}, val...), ends: m.cfg.Now().Add(ttl)}
	if e.size() > m.cfg.MaxBytes {
		return ErrTooLarge
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		return ErrClosed
	}
	if old, ok := m.entries[key]; ok {
		m.remove(old)
	}
	m.put(e)
	return nil
}

// put adds an entry whose key is free, and lets others go where there is no room for it.
func (m *Memory) put(e *memEntry) {
	for m.bytes+e.size() > m.cfg.MaxBytes && m.used.Len() > 0 {
		m.remove(m.used.Back())
		m.evicted++
	}
	m.entries[e.key] = m.used.PushFront(e)
	m.bytes += e.size()
}

// Lock holds a key as a value that nobody reads.
func (m *Memory) Lock(ctx context.Context, key string, ttl time.Duration) (release func(), ok bool, err error) {
	m.locking.Lock()
	defer m.locking.Unlock()
	if _, held, err := m.Get(ctx, key); err != nil || held {
		return nil, false, err
	}
	mine := rand.Text()
	if err := m.Set(ctx, key, []byte(mine), ttl); err != nil {
		return nil, false, err
	}
	return func() {
		m.locking.Lock()
		defer m.locking.Unlock()
		if val, ok, err := m.Get(context.Background(), key); err == nil && ok && string(val) == mine {
			m.mu.Lock()
			defer m.mu.Unlock()
			if el := m.entries[key]; el != nil {
				m.remove(el)
			}
		}
	}, true, nil
}

func (m *Memory) remove(el *list.Element) {
	e := m.used.Remove(el).(*memEntry)
	delete(m.entries, e.key)
	m.bytes -= e.size()
}

// Ping fails only once the store is closed.
func (m *Memory) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		return ErrClosed
	}
	return nil
}

// Close empties the store.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries, m.bytes = nil, 0
	m.used.Init()
	return nil
}

// Status is "up", for the readiness route.
func (m *Memory) Status() string { return "up" }

// MemoryStats is what a Memory holds.
type MemoryStats struct {
	Entries int
	Bytes   int64
	Evicted uint64 // entries that had to go before their time
}

// Stats counts what the store holds now.
func (m *Memory) Stats() MemoryStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return MemoryStats{Entries: len(m.entries), Bytes: m.bytes, Evicted: m.evicted}
}
