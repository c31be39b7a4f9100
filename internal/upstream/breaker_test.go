package upstream

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// TestBreakerCounts: it opens when half of the window has failed, and not one before.
func TestBreakerCounts(t *testing.T) {
	for _, c := range []struct {
		name  string
		calls string // w: well, f: failed, u: unsaid
		open  bool
	}{
		{"nothing yet", "", false},
		{"one failure less", "fffffffff", false},
		{"half of the window", "ffffffffff", true},
		{"failures among successes", "fwfwfwfwfwfwfwfwfwf", true},
		{"the same, a call later", "fwfwfwfwfwfwfwfwfwwf", true},
		{"the first has left the window", "fwfwfwfwfwfwfwfwfwwwwf", false},
		{"what says nothing", "fffffffffuuuuuuuuuuu", false},
		{"what says nothing between", "fffffufuuffuff", true},
	} {
		var b breaker
		for _, r := range c.calls {
			b.report(map[rune]outcome{'w': well, 'f': failed, 'u': unsaid}[r], false)
		}
		if _, wait := b.admit(); (wait > 0) != c.open {
			t.Errorf("%s: open %v", c.name, wait > 0)
		}
	}
}

// TestBreakerPauses: one call a pause tries; the pause doubles to its bound, and is forgotten when the try succeeds.
func TestBreakerPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b breaker
		open := func() {
			for range breakerTrip {
				b.report(failed, false)
			}
		}
		open()
		for _, pause := range []time.Duration{10, 20, 40, 60, 60} {
			pause *= time.Second
			if _, wait := b.admit(); wait != pause {
				t.Fatalf("a pause of %v, want %v", wait, pause)
			}
			time.Sleep(pause - 1)
			if _, wait := b.admit(); wait != 1 {
				t.Fatalf("just before its end: %v", wait)
			}
			time.Sleep(time.Nanosecond)
			if try, wait := b.admit(); !try || wait != 0 {
				t.Fatal("no try after the pause")
			}
			if try, wait := b.admit(); try || wait == 0 {
				t.Fatal("two tries at a time")
			}
			b.report(failed, false) // of a call that had been under way all the time
			b.report(failed, true)
		}
		time.Sleep(breakerMost)
		try, _ := b.admit()
		b.report(unsaid, try)
		if try, _ = b.admit(); !try {
			t.Fatal("a try that said nothing is not followed by another")
		}
		b.report(well, true)
		if try, wait := b.admit(); try || wait != 0 || !b.rests() {
			t.Fatal("not closed after a try that succeeded")
		}
		if open(); b.pause != breakerPause {
			t.Errorf("the next pause is %v", b.pause)
		}
		time.Sleep(breakerPause)
		b.admit() // and is never heard of again
		time.Sleep(breakerPause)
		if try, _ := b.admit(); !try {
			t.Error("a try that was lost shuts the provider out")
		}
	})
}

// TestARestingProviderIsAnsweredFor: with when to come back, and without a call.
func TestARestingProviderIsAnsweredFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		down := true
		a := newPiped(t, func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1); down {
				w.WriteHeader(500)
			}
		}, Config{}, keyAuth)
		s := a.session()
		for range 4 { // of three attempts each, but for the last
			_, _ = s.Do(t.Context(), get("x"))
		}
		resting := func() (accounts int) {
			if hosts := a.client.Resting(func(name string, n int) {
				if name == "acme" {
					accounts = n
				}
			}); hosts != 0 {
				t.Errorf("%d hosts are left alone", hosts)
			}
			return accounts
		}
		if n := resting(); n != 1 {
			t.Errorf("%d accounts rest", n)
		}
		made := calls.Load()
		_, err := s.Do(t.Context(), get("x"))
		if p := wants(t, err, problem.Unavailable, ""); p.Status != 503 || p.RetryAfter != 10 || p.Details["host"] != "127.0.0.1:80" {
			t.Errorf("%d %d %v", p.Status, p.RetryAfter, p.Details)
		}
		if calls.Load() != made {
			t.Error("the provider was called")
		}
		down = false
		time.Sleep(breakerPause)
		reply, err := s.Do(t.Context(), get("x"))
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		if n := resting(); n != 0 {
			t.Errorf("%d accounts rest when all is well again", n)
		}
	})
}

// TestWhatOpensABreaker: and for whom. What an account is answered is its own affair; a host that can't be reached is
// everybody's, and nobody's at another host.
func TestWhatOpensABreaker(t *testing.T) {
	var refuse atomic.Int32
	refuse.Store(500)
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") == theKey {
			w.WriteHeader(int(refuse.Load()))
		}
	}, Config{}, keyAuth)
	other := *a.acct
	other.ID, other.Credentials = "acct-2", credentials("another-key-of-20-characters")
	ask := func(acct *account.Account, base string) error {
		acct.Context = map[string]any{"base_url": base}
		reply, err := a.client.For(acct, a.conn, acct.Context).Do(t.Context(), get("x"))
		if err == nil {
			_ = reply.Body.Close()
		}
		return err
	}
	shut := func(status int32) bool {
		refuse.Store(status)
		a.client.lanes = lanes{}
		for range 2 * breakerWindow {
			_ = ask(a.acct, a.url)
		}
		return problem.From(ask(a.acct, a.url)) != nil && problem.From(ask(a.acct, a.url)).Code == problem.Unavailable
	}
	for status, want := range map[int32]bool{400: false, 404: false, 500: true, 503: true} {
		if shut(status) != want {
			t.Errorf("%d opens the breaker: %v", status, !want)
		}
		if err := ask(&other, a.url); err != nil {
			t.Errorf("after %d, another account: %v", status, err)
		}
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	_ = l.Close()
	a.client.lanes = lanes{}
	for range breakerTrip {
		_ = ask(a.acct, nobody)
	}
	wants(t, ask(&other, nobody), problem.Unavailable, "another account at the same host")
	if err := ask(&other, a.url); err != nil {
		t.Errorf("another account at another host: %v", err)
	}
	if err := ask(a.acct, "http://10.0.0.1:1"); problem.From(err).Code != problem.EgressDenied {
		t.Errorf("another host: %v", err)
	}
}

// TestWhatIsRefusedSaysNothingOfAHost: else one account's base_url would shut the same host for those who may call it.
func TestWhatIsRefusedSaysNothingOfAHost(t *testing.T) {
	a := acmeAt(t, "http://127.0.0.1:1", Config{Allow: []netip.Prefix{}}, keyAuth)
	for range 2 * breakerWindow {
		a.fails(get("x"), problem.EgressDenied)
	}
}

// TestHostsAreBounded: one that rests makes room for the next, and one with calls under way stays.
func TestHostsAreBounded(t *testing.T) {
	h := newHosts()
	used, open := h.of("used"), h.of("open")
	if _, err := h.enter(t.Context(), used, newLane(acmeLimits), false); err != nil {
		t.Fatal(err)
	}
	for range breakerTrip {
		open.breaker.report(failed, false)
	}
	for n := range maxHosts - 2 {
		h.of(strconv.Itoa(n))
	}
	if len(h.byName) != maxHosts {
		t.Fatalf("%d hosts", len(h.byName))
	}
	h.of("one more")
	if len(h.byName) != 3 || h.of("used") != used || h.of("open") != open {
		t.Errorf("%d hosts, or one that matters is gone", len(h.byName))
	}
}

func TestBreakerUnderLoad(t *testing.T) {
	var b breaker
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 1000 {
				if try, wait := b.admit(); wait == 0 {
					b.report([]outcome{well, failed}[(i+n)%2], try)
				}
			}
		})
	}
	wg.Wait()
	if _, wait := b.admit(); wait == 0 {
		t.Error("half of the calls failed, and it is closed")
	}
}

func credentials(key string) map[string]secret.Value {
	return map[string]secret.Value{"key": secret.New(key), "id": secret.New(theID)}
}
