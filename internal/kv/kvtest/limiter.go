package kvtest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
)

// LimiterStore is a store that counts.
type LimiterStore interface {
	kv.Store
	kv.Limiter
}

// LimiterContract holds a store to what kv.Limiter promises. open makes an empty one.
func LimiterContract(t *testing.T, open func(t *testing.T) LimiterStore) {
	for name, test := range map[string]func(*testing.T, LimiterStore){
		"as many as the rate says, and not one more": asMany,
		"a bucket fills again":                       fillsAgain,
		"buckets are counted each on its own":        eachOnItsOwn,
		"of many at once as many as the rate says":   manyTake,
		"a rate that was lowered":                    lowered,
		"a key that is none":                         keyless,
		"a caller that left, and the end":            leftAndClosed,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// slow is a rate whose buckets don't fill while a test runs.
func slow(n int) kv.Rate { return kv.Rate{Requests: n, Per: 24 * time.Hour} }

func take(t *testing.T, l kv.Limiter, key string, r kv.Rate) kv.Taken {
	t.Helper()
	got, err := l.Take(t.Context(), kv.Bucket{Key: key, Rate: r})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d answers, %v", len(got), err)
	}
	return got[0]
}

func asMany(t *testing.T, s LimiterStore) {
	for _, n := range []int{1, 2, 7} {
		key := strings.Repeat("k", n)
		for i := range n {
			got := take(t, s, key, slow(n))
			if !got.OK || got.Remaining != n-i-1 || got.Retry != 0 || got.Reset <= 0 || got.Reset > 24*time.Hour {
				t.Errorf("request %d of %d: %+v", i+1, n, got)
			}
		}
		got := take(t, s, key, slow(n))
		step := 24 * time.Hour / time.Duration(n)
		if got.OK || got.Remaining != 0 || got.Retry <= step-time.Hour || got.Retry > step+time.Second || got.Reset < got.Retry {
			t.Errorf("one more than %d: %+v", n, got)
		}
		if again := take(t, s, key, slow(n)); again.OK || again.Retry > got.Retry {
			t.Errorf("a request that was refused is counted: %+v after %+v", again, got)
		}
	}
}

func fillsAgain(t *testing.T, s LimiterStore) {
	fast := kv.Rate{Requests: 2, Per: 40 * time.Millisecond}
	for end := time.Now().Add(patience); take(t, s, "k", fast).OK; {
		if time.Now().After(end) {
			t.Fatal("it never empties")
		}
	}
	for end := time.Now().Add(patience); !take(t, s, "k", fast).OK; {
		if time.Now().After(end) {
			t.Fatal("it never fills again")
		}
	}
}

func eachOnItsOwn(t *testing.T, s LimiterStore) {
	small, large := kv.Bucket{Key: "small", Rate: slow(1)}, kv.Bucket{Key: "large", Rate: slow(3)}
	for i, want := range [][2]bool{{true, true}, {false, true}, {false, true}, {false, false}} {
		got, err := s.Take(t.Context(), small, large)
		if err != nil || len(got) != 2 || got[0].OK != want[0] || got[1].OK != want[1] {
			t.Errorf("call %d: %+v, %v, want %v", i+1, got, err, want)
		}
	}
	if got, err := s.Take(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("no bucket: %v, %v", got, err)
	}
}

func manyTake(t *testing.T, s LimiterStore) {
	const n = 20
	var good atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range n {
				got, err := s.Take(t.Context(), kv.Bucket{Key: "k", Rate: slow(n)})
				if err != nil {
					t.Error(err)
				} else if got[0].OK {
					good.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if good.Load() != n {
		t.Errorf("%d of %d", good.Load(), n)
	}
}

func lowered(t *testing.T, s LimiterStore) {
	for range 5 {
		take(t, s, "k", kv.Rate{Requests: 5, Per: 24 * time.Hour})
	}
	got := take(t, s, "k", kv.Rate{Requests: 5, Per: time.Minute})
	if got.OK || got.Retry > time.Minute {
		t.Errorf("the debt of the old rate is held against the new one: %+v", got)
	}
	if got := take(t, s, "fastest", kv.Rate{Requests: kv.MaxRate, Per: time.Nanosecond}); !got.OK {
		t.Errorf("faster than the clock: %+v", got)
	}
}

func keyless(t *testing.T, s LimiterStore) {
	for key, ok := range map[string]bool{"": false, strings.Repeat("k", kv.MaxKey): true, strings.Repeat("k", kv.MaxKey+1): false} {
		if _, err := s.Take(t.Context(), kv.Bucket{Key: key, Rate: slow(1)}); (err == nil) != ok {
			t.Errorf("a key of %d bytes: %v", len(key), err)
		}
	}
}

func leftAndClosed(t *testing.T, s LimiterStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Take(ctx, kv.Bucket{Key: "k", Rate: slow(1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that left: %v", err)
	}
	if got := take(t, s, "k", slow(1)); !got.OK {
		t.Errorf("the next caller pays for it: %+v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Take(t.Context(), kv.Bucket{Key: "k", Rate: slow(1)}); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
