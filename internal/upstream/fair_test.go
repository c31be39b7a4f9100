package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

var acmeLimits connector.Limits

// TestPlacesGoRoundTheAccounts: one that queues a hundred calls delays another's by one.
func TestPlacesGoRoundTheAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFair(1, 0, 0)
		hog, other, third := newLane(acmeLimits), newLane(acmeLimits), newLane(acmeLimits)
		var mu sync.Mutex
		var order []string
		ask := func(who *lane, name string) {
			go func() {
				if err := f.enter(t.Context(), who, timed, true); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				f.leave(timed)
			}()
			synctest.Wait()
		}
		if err := f.enter(t.Context(), hog, timed, true); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			ask(hog, "hog")
		}
		ask(other, "other")
		ask(third, "third")
		ask(other, "other")
		f.leave(timed)
		synctest.Wait()
		if got, want := order[:6], []string{"hog", "other", "third", "hog", "other", "hog"}; !slices.Equal(got, want) || len(order) != 103 {
			t.Errorf("%d of them, in the order %v, want %v", len(order), got, want)
		}
		if f.free != 1 || len(f.queue) != 0 {
			t.Errorf("%d places are free, %d accounts wait", f.free, len(f.queue))
		}
	})
}

// TestPlacesHaveABound: at it a call goes, past it it waits, and a lookup has its own.
func TestPlacesHaveABound(t *testing.T) {
	who := newLane(acmeLimits)
	for _, c := range []struct {
		name          string
		places, aside int
	}{{"at a host", maxCallsAtHost, asideAtHost}, {"of all", maxCalls, asideOfAll}} {
		f := newFair(c.places, c.places/2, c.aside)
		for n := range c.places / 2 {
			if err := f.enter(t.Context(), who, endless, false); err != nil {
				t.Fatalf("%s: endless call %d: %v", c.name, n+1, err)
			}
		}
		if err := f.enter(t.Context(), who, endless, false); !errors.Is(err, ErrGivenUp) {
			t.Errorf("%s: one endless call more: %v", c.name, err)
		}
		for n := range c.places - c.places/2 {
			if err := f.enter(t.Context(), who, timed, false); err != nil {
				t.Fatalf("%s: call %d: %v", c.name, n+1, err)
			}
		}
		if err := f.enter(t.Context(), who, timed, false); !errors.Is(err, ErrGivenUp) {
			t.Errorf("%s: one more: %v", c.name, err)
		}
		for n := range c.aside {
			if err := f.enter(t.Context(), who, lookup, false); err != nil {
				t.Fatalf("%s: lookup %d: %v", c.name, n+1, err)
			}
		}
		if err := f.enter(t.Context(), who, lookup, false); !errors.Is(err, ErrGivenUp) {
			t.Errorf("%s: one lookup more: %v", c.name, err)
		}
		f.leave(lookup) //: its place is not for a page
		if err := f.enter(t.Context(), who, timed, false); err == nil {
			t.Errorf("%s: a page has a lookup's place", c.name)
		}
	}
}

// TestAPlaceIsWaitedForUntilTheDeadline: then it is our own limit, with when to come back; and nothing is left behind.
func TestAPlaceIsWaitedForUntilTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, who := newHosts(), newLane(acmeLimits)
		at := h.of("acme.example")
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		var leaves []func()
		for range maxCallsAtHost {
			leave, err := h.enter(ctx, at, who, false)
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		began := time.Now()
		_, err := h.enter(ctx, at, who, false)
		p := wants(t, err, problem.TooManyRequests, "")
		if p.RetryAfter < 1 || time.Since(began) != 25*time.Second {
			t.Errorf("Retry-After %d after %v", p.RetryAfter, time.Since(began))
		}
		ctx, leave := context.WithCancel(t.Context())
		leave()
		_, err = h.enter(ctx, at, who, false)
		wants(t, err, problem.ClientGone, "")
		if len(at.places.queue) != 0 {
			t.Error("one that left still waits")
		}
		for _, leave := range leaves {
			leave()
		}
		if at.places.free != maxCallsAtHost || at.places.endless != maxEndlessHost || h.all.free != maxCalls {
			t.Errorf("%d and %d places are free, %d in all", at.places.free, at.places.endless, h.all.free)
		}
	})
}

// TestAllPlacesComeBack: whatever comes together.
func TestAllPlacesComeBack(t *testing.T) {
	f := newFair(3, 1, 2)
	who := []*lane{newLane(acmeLimits), newLane(acmeLimits), newLane(acmeLimits)}
	var wg sync.WaitGroup
	for n := range 12 {
		wg.Go(func() {
			for range 300 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.N(300))*time.Microsecond)
				if c := class(n % 3); f.enter(ctx, who[n%len(who)], c, true) == nil {
					f.leave(c)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if f.free != 3 || f.endless != 1 || len(f.queue) != 0 {
		t.Errorf("%d places are free, %d accounts wait", f.free, len(f.queue))
	}
}
