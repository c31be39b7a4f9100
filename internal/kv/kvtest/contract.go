package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
)

// ContractMaxValue is the bound of a value that the stores under Contract are made with.
const ContractMaxValue = 4096

// Contract holds a store to what kv.Store promises. open makes an empty one with ContractMaxValue.
func Contract(t *testing.T, open func(t *testing.T) kv.Store) {
	for name, test := range map[string]func(*testing.T, kv.Store){
		"a value comes back until it is replaced": comesBack,
		"values end":                       valuesEnd,
		"bytes are the caller's":           bytesAreTheCallers,
		"bounds":                           bounds,
		"a caller that left gets an error": callerLeft,
		"many at once":                     manyAtOnce,
		"a lock is held by one":            locks,
		"closed":                           closed,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func comesBack(t *testing.T, s kv.Store) {
	ctx := t.Context()
	want := func(key, val string, present bool) {
		t.Helper()
		got, ok, err := s.Get(ctx, key)
		if err != nil || ok != present || string(got) != val {
			t.Fatalf("Get(%q) = %q, %v, %v; want %q, %v", key, got, ok, err, val, present)
		}
	}
	want("k", "", false)
	for _, val := range []string{"one", "", "\x00\r\n\xff", strings.Repeat("x", ContractMaxValue), "two"} {
		if err := s.Set(ctx, "k", []byte(val), time.Minute); err != nil {
			t.Fatal(err)
		}
		want("k", val, true)
		want("K", "", false)
	}
	if err := s.Ping(ctx); err != nil {
		t.Error(err)
	}
}

func locks(t *testing.T, s kv.Store) {
	ctx := t.Context()
	lock := func(key string, ttl time.Duration) func() {
		t.Helper()
		release, ok, err := s.(kv.Locker).Lock(ctx, key, ttl)
		if err != nil || ok != (release != nil) {
			t.Fatalf("Lock(%q) = %v, %v", key, ok, err)
		}
		return release
	}
	first := lock("l", time.Hour)
	if first == nil || lock("l", time.Hour) != nil {
		t.Fatal("a lock is held by two, or by none")
	}
	if lock("other", time.Hour) == nil {
		t.Error("another key is locked too")
	}
	first()
	soon := lock("l", 20*time.Millisecond)
	if soon == nil {
		t.Fatal("a lock that was let go is still held")
	}
	var next func()
	for end := time.Now().Add(patience); next == nil && time.Now().Before(end); {
		next = lock("l", time.Hour) // until the one before has ended
	}
	if next == nil {
		t.Fatal("a lock does not end")
	}
	soon()
	first()
	if lock("l", time.Hour) != nil {
		t.Error("letting go of a lock that had ended let go of another one's")
	}
	var wins atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, ok, err := s.(kv.Locker).Lock(ctx, "many", time.Hour); err != nil {
				t.Error(err)
			} else if ok {
				wins.Add(1)
			}
		})
	}
	if all.Wait(); wins.Load() != 1 {
		t.Errorf("%d hold one lock", wins.Load())
	}
}

func valuesEnd(t *testing.T, s kv.Store) {
	ctx := t.Context()
	for key, ttl := range map[string]time.Duration{"soon": 20 * time.Millisecond, "at once": time.Nanosecond, "later": time.Hour} {
		if err := s.Set(ctx, key, []byte("v"), ttl); err != nil {
			t.Fatal(err)
		}
	}
	end := time.Now().Add(patience)
	for _, key := range []string{"soon", "at once"} {
		for {
			_, ok, err := s.Get(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%q never ends", key)
			}
		}
	}
	if _, ok, err := s.Get(ctx, "later"); !ok || err != nil {
		t.Errorf("a value of an hour is gone: %v", err)
	}
}

func bytesAreTheCallers(t *testing.T, s kv.Store) {
	ctx, val := t.Context(), []byte("value")
	if err := s.Set(ctx, "k", val, time.Minute); err != nil {
		t.Fatal(err)
	}
	val[0] = 'X'
	for range 2 {
		got, _, err := s.Get(ctx, "k")
		if err != nil || string(got) != "value" {
			t.Fatalf("got %q, %v", got, err)
		}
		got[0] = 'Y'
	}
}

func bounds(t *testing.T, s kv.Store) {
	for _, c := range []struct {
		name string
		key  string
		size int
		ttl  time.Duration
		ok   bool
		is   error
	}{
		{"longest key", strings.Repeat("k", kv.MaxKey), 1, time.Minute, true, nil},
		{"key one too long", strings.Repeat("k", kv.MaxKey+1), 1, time.Minute, false, kv.ErrTooLarge},
		{"empty key", "", 1, time.Minute, false, nil},
		{"largest value", "v", ContractMaxValue, time.Minute, true, nil},
		{"value one too large", "v", ContractMaxValue + 1, time.Minute, false, kv.ErrTooLarge},
		{"no ttl", "v", 1, 0, false, nil},
		{"negative ttl", "v", 1, -time.Second, false, nil},
	} {
		err := s.Set(t.Context(), c.key, make([]byte, c.size), c.ttl)
		if (err == nil) != c.ok || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("Set, %s: %v", c.name, err)
		}
	}
	for key, ok := range map[string]bool{"": false, strings.Repeat("k", kv.MaxKey): true, strings.Repeat("k", kv.MaxKey+1): false} {
		if _, _, err := s.Get(t.Context(), key); (err == nil) != ok {
			t.Errorf("Get, key of %d bytes: %v", len(key), err)
		}
	}
	if _, ok, err := s.Get(t.Context(), "v"); !ok || err != nil {
		t.Errorf("a Set that was refused took the old value away: %v, %v", ok, err)
	}
}

func callerLeft(t *testing.T, s kv.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := s.Get(ctx, "k")
	for name, err := range map[string]error{"Get": err, "Set": s.Set(ctx, "k", nil, time.Minute), "Ping": s.Ping(ctx)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Set(t.Context(), "k", nil, time.Minute); err != nil {
		t.Errorf("the next caller pays for it: %v", err)
	}
}

func manyAtOnce(t *testing.T, s kv.Store) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				key := fmt.Sprintf("k%d", j%5)
				if i%2 == 0 {
					if err := s.Set(t.Context(), key, bytes.Repeat([]byte(key), 100), time.Minute); err != nil {
						t.Error(err)
					}
					continue
				}
				got, ok, err := s.Get(t.Context(), key)
				if err != nil || ok && !bytes.Equal(got, bytes.Repeat([]byte(key), 100)) {
					t.Errorf("%q: %d bytes, %v", key, len(got), err)
				}
			}
		})
	}
	wg.Wait()
}

func closed(t *testing.T, s kv.Store) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.Get(t.Context(), "k")
	for name, err := range map[string]error{"Get": err, "Set": s.Set(t.Context(), "k", nil, time.Minute), "Ping": s.Ping(t.Context())} {
		if !errors.Is(err, kv.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
