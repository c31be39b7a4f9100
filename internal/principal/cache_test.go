package principal_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/principal/principaltest"
)

func filled(t *testing.T) *principaltest.Memory {
	s := new(principaltest.Memory)
	for _, r := range principaltest.Records() {
		if err := s.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Revoked in another replica, a token is good for less than five seconds more; and until then the store is asked once.
func TestARevokedTokenEndsWithinFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := filled(t)
		c, sum := principal.NewCached(s, time.Now), principaltest.Records()[0].Sum
		find := func() error { _, err := c.Find(t.Context(), sum); return err }
		for range 100 {
			if err := find(); err != nil {
				t.Fatal(err)
			}
		}
		if s.Asked != 1 {
			t.Errorf("the store was asked %d times", s.Asked)
		}
		if err := s.Revoke(t.Context(), "id-wide"); err != nil {
			t.Fatal(err)
		}
		if time.Sleep(principal.CacheTTL - 1); find() != nil {
			t.Error("the cache forgets before its time")
		}
		if time.Sleep(time.Nanosecond); !errors.Is(find(), principal.ErrUnknown) {
			t.Errorf("after %v: %v", principal.CacheTTL, find())
		}
	})
}

func TestARevokedTokenEndsAtOnceWhereItWasRevoked(t *testing.T) {
	s := filled(t)
	c, sum := principal.NewCached(s, time.Now), principaltest.Records()[0].Sum
	if _, err := c.Find(t.Context(), sum); err != nil {
		t.Fatal(err)
	}
	if err := s.Revoke(t.Context(), "id-wide"); err != nil {
		t.Fatal(err)
	}
	c.Forget()
	if _, err := c.Find(t.Context(), sum); !errors.Is(err, principal.ErrUnknown) {
		t.Error(err)
	}
}

// slow answers when it is let.
type slow struct {
	principal.Finder
	let   chan struct{}
	began chan context.Context
}

func (s slow) Find(ctx context.Context, sum principal.Sum) (*principal.Principal, error) {
	s.began <- ctx
	select {
	case <-s.let:
		return s.Finder.Find(ctx, sum)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Many requests with one token are one question, which does not end with the request that asked it.
func TestManyRequestsAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow{filled(t), make(chan struct{}), make(chan context.Context, 100)}
		c, sum := principal.NewCached(s, time.Now), principaltest.Records()[0].Sum
		var wg sync.WaitGroup
		first, leave := context.WithCancel(t.Context())
		for i := range 50 {
			ctx := t.Context()
			if i == 0 {
				ctx = first
			}
			wg.Go(func() {
				if _, err := c.Find(ctx, sum); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		leave()
		close(s.let)
		wg.Wait()
		if len(s.began) != 1 {
			t.Errorf("the store was asked %d times", len(s.began))
		}
	})
}

// A store that does not answer costs its callers a second together, and the next one is asked after another.
func TestAStoreThatHangsCostsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow{filled(t), make(chan struct{}), make(chan context.Context, 100)}
		c, sum := principal.NewCached(s, time.Now), principaltest.Records()[0].Sum
		began := time.Now()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := c.Find(t.Context(), sum); err == nil || errors.Is(err, principal.ErrUnknown) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(began); took != time.Second || len(s.began) != 1 {
			t.Errorf("%v for %d questions", took, len(s.began))
		}
		close(s.let)
		if time.Sleep(time.Second - 1); len(s.began) != 1 {
			t.Error("asked too early")
		}
		if _, err := c.Find(t.Context(), sum); err == nil {
			t.Error("a failure is forgotten before its time")
		}
		time.Sleep(time.Nanosecond)
		if _, err := c.Find(t.Context(), sum); err != nil {
			t.Errorf("the store is back: %v", err)
		}
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	s := filled(t)
	c := principal.NewCached(s, time.Now)
	var sum principal.Sum
	for i := range principal.MaxCached {
		binary.BigEndian.PutUint32(sum[:], uint32(i))
		_, _ = c.Find(t.Context(), sum)
	}
	asked := s.Asked
	if _, _ = c.Find(t.Context(), sum); s.Asked != asked {
		t.Error("the last of as many as are known was forgotten")
	}
	_, _ = c.Find(t.Context(), principal.Sum{1})
	if _, _ = c.Find(t.Context(), sum); s.Asked != asked+2 {
		t.Error("one more than are known, and nothing was forgotten")
	}
}

func TestACachedTokenIsFoundWithoutAllocating(t *testing.T) {
	c, sum, ctx := principal.NewCached(filled(t), time.Now), principaltest.Records()[0].Sum, context.Background()
	if n := testing.AllocsPerRun(100, func() { c.Find(ctx, sum) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// A cache is a finder like any other to those who ask for what does not change.
func TestTheCacheFindsAsItsStoreDoes(t *testing.T) {
	s := filled(t)
	c := principal.NewCached(s, time.Now)
	for range 2 {
		for _, r := range principaltest.Records() {
			if p, err := c.Find(t.Context(), r.Sum); err != nil || p.Name != r.Name {
				t.Errorf("%s: %+v, %v", r.Name, p, err)
			}
		}
		if p, err := c.Find(t.Context(), principal.Sum{}); !errors.Is(err, principal.ErrUnknown) || p != nil {
			t.Errorf("nobody: %+v, %v", p, err)
		}
	}
	if s.Asked != len(principaltest.Records())+1 {
		t.Errorf("the store was asked %d times", s.Asked)
	}
}
