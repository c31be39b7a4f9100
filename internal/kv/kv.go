// Package kv is the house's cache of bytes by key: in memory, or in Redis where replicas share one.
//
// Both stores keep bounded values for a bounded time and may lose any of them at any moment; nothing in them is the
// only copy of a truth (I9), but for a refresh token that a provider gave in place of one of the configuration. Whoever writes seals first: a store sees no plaintext. Memory evicts the entries
// longest unused when it is full. Redis prefixes its keys, gives every call 50 ms, tries nothing twice, and after a
// failure answers ErrDown at once until a probe succeeds, so that a silent server costs one request 50 ms and not
// every request.
package kv

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// DefaultMaxBytes bounds the memory store.
	DefaultMaxBytes = 64 << 20
	// DefaultMaxValue bounds one value: a cached page of 1 MiB, sealed, with room to spare.
	DefaultMaxValue = 2 << 20
	// MaxKey bounds a key, in bytes.
	MaxKey = 256
)

var (
	// ErrDown says that the store failed a moment ago and is not asked again yet.
	ErrDown = errors.New("the store is down")
	// ErrTooLarge says that a key or a value passes its bound; nothing was stored.
	ErrTooLarge = errors.New("too large for the store")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the store is closed")

	errNoTTL = errors.New("a value without an end would stay for ever")
	errNoKey = errors.New("empty key")
)

// Store keeps values for a while. It is safe for concurrent use. The bytes of Set may be reused by the caller when
// it returns, those of Get belong to the caller.
type Store interface {
	// Get is the value under the key; ok is false where there is none, or no more.
	Get(ctx context.Context, key string) (val []byte, ok bool, err error)
	// Set replaces the value under the key and lets it end after ttl, which must be positive.
	Set(ctx context.Context, key string, val []byte, ttl time.Duration) error
	// Ping says whether the store answers.
	Ping(ctx context.Context) error
	// Close frees what the store holds; later calls fail.
	Close() error
}

// Locker is a store that holds locks too: a memory within the process, Redis among replicas.
type Locker interface {
	// Lock holds a key for at most ttl, or until released; ok is false while somebody else holds it.
	Lock(ctx context.Context, key string, ttl time.Duration) (release func(), ok bool, err error)
}

func checkSet(key string, val []byte, ttl time.Duration, maxValue int) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if len(val) > maxValue {
		return fmt.Errorf("a value of %d bytes: %w", len(val), ErrTooLarge)
	}
	if ttl <= 0 {
		return errNoTTL
	}
	return nil
}

func checkKey(key string) error {
	if key == "" {
		return errNoKey
	}
	if len(key) > MaxKey {
		return fmt.Errorf("a key of %d bytes: %w", len(key), ErrTooLarge)
	}
	return nil
}
