package upstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

func TestOneFlightForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts := newTokens(nil, secret.RandomKeyring())
		fetched, gate := 0, make(chan struct{})
		fetch := func(context.Context) (token, error) {
			fetched++
			<-gate
			return token{"Bearer", "x", time.Now().Add(time.Hour)}, nil
		}
		results := make(chan error, 100)
		for range 100 {
			go func() { _, err := ts.get(t.Context(), "k", nil, fetch); results <- err }()
		}
		synctest.Wait() // all wait for the one flight
		close(gate)
		for range 100 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if fetched != 1 {
			t.Errorf("%d fetches", fetched)
		}
	})
}

func TestFlightOutlivesTheFirstToAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts := newTokens(nil, secret.RandomKeyring())
		gate := make(chan struct{})
		fetch := func(ctx context.Context) (token, error) {
			<-gate
			return token{"Bearer", "x", time.Now().Add(time.Hour)}, ctx.Err()
		}
		first, leave := context.WithCancel(t.Context())
		gone, served := make(chan error, 1), make(chan error, 1)
		go func() { _, err := ts.get(first, "k", nil, fetch); gone <- err }()
		synctest.Wait()
		go func() { _, err := ts.get(t.Context(), "k", nil, fetch); served <- err }()
		synctest.Wait()
		leave()
		wants(t, <-gone, problem.ClientGone, "")
		close(gate)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func TestFlightHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts := newTokens(nil, secret.RandomKeyring())
		start := time.Now()
		_, err := ts.get(t.Context(), "k", nil, func(ctx context.Context) (token, error) {
			<-ctx.Done()
			return token{}, ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != TokenTimeout {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestEachWaiterOwnsItsProblem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts := newTokens(nil, secret.RandomKeyring())
		gate := make(chan struct{})
		results := make(chan error, 10)
		for range 10 {
			go func() {
				_, err := ts.get(t.Context(), "k", nil, func(context.Context) (token, error) {
					<-gate
					return token{}, problem.New(problem.NeedsReauth, "no").With("status", 401)
				})
				results <- err
			}()
		}
		synctest.Wait()
		close(gate)
		for i := range 10 {
			p := problem.From(<-results)
			if p.Code != problem.NeedsReauth || len(p.Details) != 1 || p.NextCursor != "" {
				t.Errorf("waiter %d sees what another wrote: %+v", i, p)
			}
			p.With("mine", i).NextCursor = "c"
		}
	})
}

func TestTokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		life time.Duration // 0: not stated
		kept time.Duration
	}{
		{"an hour", time.Hour, 59 * time.Minute},
		{"two minutes", 2 * time.Minute, time.Minute},
		{"shorter than the margin", 30 * time.Second, 15 * time.Second},
		{"not stated", 0, tokenLife},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ts := newTokens(nil, secret.RandomKeyring())
				fetched := 0
				ask := func() {
					if _, err := ts.get(t.Context(), "k", nil, func(context.Context) (token, error) {
						fetched++
						expiry := time.Time{}
						if c.life > 0 {
							expiry = time.Now().Add(c.life)
						}
						return token{"Bearer", "x", until(time.Now(), expiry)}, nil
					}); err != nil {
						t.Fatal(err)
					}
				}
				ask()
				time.Sleep(c.kept - time.Nanosecond)
				if ask(); fetched != 1 {
					t.Fatalf("fetched again before %v", c.kept)
				}
				time.Sleep(time.Nanosecond)
				if ask(); fetched != 2 {
					t.Fatalf("not fetched again after %v", c.kept)
				}
				if len(ts.byKey) != 1 {
					t.Error("tokens pile up")
				}
			})
		})
	}
}

func newTokens(store Store, ring *secret.Keyring) *tokens {
	return New(Config{Store: store, Keyring: ring}).tokens
}

func TestLateNewsOfAnOldToken(t *testing.T) {
	ts, n := newTokens(nil, secret.RandomKeyring()), 0
	ask := func() string {
		tok, err := ts.get(t.Context(), "k", nil, func(context.Context) (token, error) {
			n++
			return token{"Bearer", fmt.Sprint(n), time.Now().Add(time.Hour)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return tok.Access
	}
	ask()
	ts.drop("k", token{Access: "1"})
	ask()
	ts.drop("k", token{Access: "1"})
	if got := ask(); got != "2" {
		t.Errorf("the new token was dropped for the old one: %s", got)
	}
}

func TestReplicasShareTokens(t *testing.T) {
	store, ring := &mapStore{m: map[string][]byte{}}, secret.RandomKeyring()
	a, b := newTokens(store, ring), newTokens(store, ring)
	n := 0
	fetch := func(context.Context) (token, error) {
		n++
		return token{"Bearer", fmt.Sprintf("canary-%d", n), time.Now().Add(time.Hour)}, nil
	}
	ask := func(ts *tokens) string {
		t.Helper()
		tok, err := ts.get(t.Context(), "k", nil, fetch)
		if err != nil {
			t.Fatal(err)
		}
		return tok.Access
	}
	if ask(a) != "canary-1" || ask(b) != "canary-1" {
		t.Fatal("the second replica fetched its own")
	}
	for k, v := range store.m {
		if strings.Contains(k+string(v), "canary") {
			t.Error("the store holds a token in clear")
		}
	}
	// The provider refuses it at b: the store must not bring it back.
	b.drop("k", token{Access: "canary-1"})
	b.drop("k", token{Access: "canary-1"})
	for range 2 {
		if got := ask(b); got != "canary-2" {
			t.Errorf("%s came back after canary-1 was refused", got)
		}
	}
	a.drop("k", token{Access: "canary-1"})
	if ask(a) != "canary-2" {
		t.Error("the newer token was not taken over")
	}
	a.drop("k", token{Access: "canary-1"}) // late news of the old one
	if ask(a) != "canary-2" || n != 2 {
		t.Errorf("%d fetches", n)
	}
	for k := range store.m {
		store.m[k] = []byte("garbage")
	}
	if c := newTokens(store, ring); ask(c) != "canary-3" {
		t.Error("garbage was taken for a token")
	}
	store.fail = true
	if c := newTokens(store, ring); ask(c) != "canary-4" {
		t.Error("a store that is down cost a token")
	}
	store.fail = false
	if c := newTokens(store, secret.RandomKeyring()); ask(c) != "canary-5" {
		t.Error("a token of another key was read")
	}
}
