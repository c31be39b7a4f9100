package upstream

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// gated answers each call when it is let through, and counts them.
type gated struct {
	calls atomic.Int32
	open  chan struct{}
	left  chan struct{} // a caller that left before
}

func (g *gated) serve(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g.calls.Add(1)
		select {
		case <-g.open:
			answer(w, r)
		case <-r.Context().Done():
			g.left <- struct{}{}
		}
	}
}

func newGated() *gated { return &gated{open: make(chan struct{}), left: make(chan struct{}, 10)} }

func listCall(path string) connector.Call {
	c := get(path)
	c.Purpose = "list"
	return c
}

// readAll is what a seat is given.
func readAll(ctx context.Context, t *Seat) (string, error) {
	reply, err := t.Reply(ctx)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	return string(b), err
}

// TestThoseWhoAskTheSameShareOneCall: whatever it answers, and however many they are.
func TestThoseWhoAskTheSameShareOneCall(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		code  problem.Code
		size  int
		calls int
	}{
		{"an answer", answers(200, nil, `{"data":[]}`), "", 11, 1},
		{"none", answers(204, nil, ``), "", 0, 1},
		{"an error", answers(501, nil, `{"error":"x"}`), problem.UpstreamFailed, 0, 1},
		{"the largest that is shared", answers(200, nil, strings.Repeat("x", MaxShared)), "", MaxShared, 1},
		{"one that is larger", answers(200, nil, strings.Repeat("x", MaxShared+1)), "", MaxShared + 1, 5},
		{"one that is larger and does not say so", func(w http.ResponseWriter, _ *http.Request) {
			http.NewResponseController(w).Flush()
			io.WriteString(w, strings.Repeat("x", MaxShared+1))
		}, "", MaxShared + 1, 5},
		{"one that breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "12345")
		}, problem.UpstreamReset, 5, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGated()
			a := newAcme(t, g.serve(c.serve), Config{}, keyAuth)
			var seats []*Seat
			for i := range 5 {
				board := []func(context.Context, connector.Call, Landed) *Seat{a.session().Share, a.session().Take}[i%2]
				seats = append(seats, board(t.Context(), listCall("/usage"), nil))
			}
			close(g.open)
			var all sync.WaitGroup
			for _, s := range seats {
				all.Go(func() {
					body, err := readAll(t.Context(), s)
					if c.code != "" && problem.From(err).Code != c.code || c.code == "" && err != nil || len(body) != c.size {
						t.Errorf("%d bytes, %v", len(body), err)
					}
				})
			}
			all.Wait()
			if n := g.calls.Load(); int(n) != c.calls {
				t.Errorf("%d calls, want %d", n, c.calls)
			}
		})
	}
}

// TestWhatDiffersIsNotShared: nor is what has an answer already.
func TestWhatDiffersIsNotShared(t *testing.T) {
	post := connector.Call{Purpose: "list", Method: "POST", Path: "/usage", Body: []byte(`{"a":1}`), ContentType: "application/json", Accept: "*/*"}
	with := func(c connector.Call, change func(*connector.Call)) connector.Call {
		change(&c)
		return c
	}
	for _, c := range []struct {
		name   string
		call   connector.Call
		other  func(a *acme) *Session
		shared bool
	}{
		{"the same", post, nil, true},
		{"another body", with(post, func(c *connector.Call) { c.Body = []byte(`{"a":2}`) }), nil, false},
		{"another parameter", with(post, func(c *connector.Call) { c.Query = []connector.Param{{Key: "a", Value: "b"}} }), nil, false},
		{"another header", with(post, func(c *connector.Call) { c.Header = []connector.Param{{Key: "A", Value: "b"}} }), nil, false},
		{"a submit", with(post, func(c *connector.Call) { c.Purpose = "submit" }), nil, false},
		{"a call of the caller's own", with(post, func(c *connector.Call) { c.Purpose = "custom" }), nil, false},
		{"without credentials", with(post, func(c *connector.Call) { c.NoAuth = true }), nil, false},
		{"another account", post, func(a *acme) *Session {
			other := *a.acct
			other.ID = "acct-2"
			return (&acme{t: a.t, url: a.url, client: a.client, acct: &other, conn: a.conn}).session()
		}, false},
		{"other credentials", post, func(a *acme) *Session {
			other := *a.acct
			other.Credentials = map[string]secret.Value{"key": secret.New(theKey + "x"), "id": secret.New(theID)}
			return (&acme{t: a.t, url: a.url, client: a.client, acct: &other, conn: a.conn}).session()
		}, false},
		{"other permissions", post, func(a *acme) *Session { return a.session().WithScopes([]string{"x"}) }, false},
		{"another connector", post, func(a *acme) *Session {
			conn := *a.conn
			conn.Hash++
			return (&acme{t: a.t, url: a.url, client: a.client, acct: a.acct, conn: &conn}).session()
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGated()
			a := newAcme(t, g.serve(answers(200, nil, `{}`)), Config{}, keyAuth)
			first, other := c.call, a.session()
			if !mayJoin(first) {
				post = first // two of the same kind
			} else {
				first = connector.Call{Purpose: "list", Method: "POST", Path: "/usage", Body: []byte(`{"a":1}`), ContentType: "application/json", Accept: "*/*"}
			}
			if c.other != nil {
				other = c.other(a)
			}
			seats := []*Seat{a.session().Share(t.Context(), first, nil), other.Share(t.Context(), c.call, nil)}
			close(g.open)
			for _, s := range seats {
				if _, err := readAll(t.Context(), s); err != nil {
					t.Error(err)
				}
			}
			if n := g.calls.Load(); n == 1 != c.shared {
				t.Errorf("%d calls, shared %v", n, c.shared)
			}
			if _, err := readAll(t.Context(), a.session().Share(t.Context(), first, nil)); err != nil || g.calls.Load() < 2 {
				t.Errorf("%d calls after another one, %v: nothing is kept of one that has ended", g.calls.Load(), err)
			}
		})
	}
}

// TestOneWhoLeavesTakesNothingFromTheOthers: and the last one ends the call.
func TestOneWhoLeavesTakesNothingFromTheOthers(t *testing.T) {
	for _, c := range []struct {
		name  string
		leave []int
		calls int32
	}{{"the first", []int{0}, 1}, {"a later one", []int{1}, 1}, {"all but one", []int{0, 2}, 1}, {"all", []int{0, 1, 2}, 1}} {
		t.Run(c.name, func(t *testing.T) {
			g := newGated()
			began := make(chan struct{}, 1)
			serve := g.serve(answers(200, nil, `{"data":[]}`))
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) { began <- struct{}{}; serve(w, r) }, Config{}, keyAuth)
			var seats []*Seat
			for range 3 {
				seats = append(seats, a.session().Share(t.Context(), listCall("/usage"), nil))
			}
			<-began
			gone := map[*Seat]bool{}
			for _, i := range c.leave {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if _, err := seats[i].Reply(ctx); problem.From(err).Code != problem.ClientGone {
					t.Errorf("one who has left is told %v", err)
				}
				gone[seats[i]] = true
			}
			if len(gone) == len(seats) {
				<-g.left
				return
			}
			close(g.open)
			for _, s := range seats {
				if gone[s] {
					continue
				}
				if body, err := readAll(t.Context(), s); err != nil || body != `{"data":[]}` {
					t.Errorf("%q, %v", body, err)
				}
			}
			if n := g.calls.Load(); n != c.calls {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// TestWhoMakesTheCallItselfMayLeaveToo: it goes on for those who wait for it, and ends with the last of them. Who leaves before
// it makes the call leaves it to them.
func TestWhoMakesTheCallItselfMayLeaveToo(t *testing.T) {
	for _, c := range []struct {
		name   string
		before bool // the first one leaves before it makes the call
		all    bool
	}{{"the first", false, false}, {"the first, too early", true, false}, {"all", false, true}} {
		t.Run(c.name, func(t *testing.T) {
			g := newGated()
			began := make(chan struct{}, 2)
			serve := g.serve(answers(200, nil, `{"data":[]}`))
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) { began <- struct{}{}; serve(w, r) }, Config{}, keyAuth)
			ctx, leave := context.WithCancel(t.Context())
			var seats []*Seat
			for range 3 {
				seats = append(seats, a.session().Take(ctx, listCall("/usage"), nil))
			}
			var all sync.WaitGroup
			if c.before {
				seats[0].Close()
			} else {
				all.Go(func() {
					if _, err := seats[0].Reply(ctx); problem.From(err).Code != problem.ClientGone {
						t.Errorf("one who has left is told %v", err)
					}
				})
				<-began
			}
			if c.all {
				for _, s := range seats[1:] {
					s.Close()
				}
				leave()
				<-g.left
				all.Wait()
				return
			}
			leave()
			for _, s := range seats[1:] {
				all.Go(func() {
					if body, err := readAll(t.Context(), s); err != nil || body != `{"data":[]}` {
						t.Errorf("%q, %v", body, err)
					}
				})
			}
			if c.before {
				<-began
			}
			close(g.open)
			all.Wait()
			if n := g.calls.Load(); n != 1 && !c.before {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// TestWhatHasComeWholeIsReadWhereItIs: of who makes the call, whatever its size; a body that broke off is none.
func TestWhatHasComeWholeIsReadWhereItIs(t *testing.T) {
	says := func(n, sends int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(n))
			io.WriteString(w, strings.Repeat("x", sends))
			if http.NewResponseController(w).Flush(); sends < n {
				time.Sleep(time.Second) // in the bubble's time
				panic(http.ErrAbortHandler)
			}
		}
	}
	for _, c := range []struct {
		name        string
		says, sends int
		whole       bool
		wait        time.Duration // for Reply
		code        problem.Code  // of its body
	}{
		{"small", 100, 100, true, 0, ""},
		{"the largest that is waited for", maxAtOnce, maxAtOnce, true, 0, ""},
		{"small and cut off", maxAtOnce, 10, false, time.Second, problem.UpstreamReset},
		{"larger and cut off", maxAtOnce + 1, 10, false, 0, problem.UpstreamReset},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newPiped(t, says(c.says, c.sends), Config{}, keyAuth)
				start := time.Now()
				reply, err := a.session().Take(t.Context(), listCall("/usage"), nil).Reply(t.Context())
				if err != nil || time.Since(start) != c.wait || (reply.Whole != nil) != c.whole || c.whole && len(reply.Whole) != c.says {
					t.Fatalf("after %s: %d bytes, %v", time.Since(start), len(reply.Whole), err)
				}
				body, err := io.ReadAll(reply.Body)
				if len(body) != c.sends || c.code != "" && problem.From(err).Code != c.code || c.code == "" && err != nil {
					t.Errorf("%d bytes, %v", len(body), err)
				}
				reply.Body.Close()
			})
		})
	}
}

// TestTheFirstOnesDeadlineIsItsOwn: the others ask again.
func TestTheFirstOnesDeadlineIsItsOwn(t *testing.T) {
	var calls atomic.Int32
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, "{}")
	}, Config{}, keyAuth)
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	first, second := a.session().Share(short, listCall("/usage"), nil), a.session().Share(t.Context(), listCall("/usage"), nil)
	if body, err := readAll(t.Context(), second); err != nil || body != "{}" {
		t.Errorf("%q, %v", body, err)
	}
	if _, err := first.Reply(short); problem.From(err).Code != problem.Timeout {
		t.Error(err)
	}
}

// TestACallAheadTakesOnlyWhatIsFree: a place that nobody has, and a turn with another to spare.
func TestACallAheadTakesOnlyWhatIsFree(t *testing.T) {
	type step struct {
		what string // ahead, call: enter; come: a call that is about to
		free bool
	}
	for _, c := range []struct {
		name   string
		limits connector.Limits
		steps  []step
	}{
		{"places", connector.Limits{Concurrency: 3}, []step{{"call", true}, {"ahead", true}, {"ahead", true}, {"ahead", false}}},
		{"the place of a call that comes for it", connector.Limits{Concurrency: 2}, []step{{"come", true}, {"ahead", true}, {"ahead", false}}},
		{"one place", connector.Limits{Concurrency: 1}, []step{{"ahead", true}, {"ahead", false}}},
		{"turns", connector.Limits{Rate: 12, Per: time.Minute}, []step{{"ahead", true}, {"ahead", true}, {"ahead", false}, {"call", true}}},
		{"no turn to spare", connector.Limits{Rate: 4, Per: time.Second}, []step{{"ahead", false}, {"call", true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLane(c.limits)
				for i, s := range c.steps {
					f := claimed(t, l, s.what == "ahead")
					defer f.cancel()
					free := f.claim != nil
					if free && s.what != "come" {
						ctx, cancel := context.WithTimeout(&f.ctx, time.Millisecond)
						defer cancel()
						_, err := l.enter(ctx, 1, false)
						free = err == nil
					}
					if free != s.free {
						t.Fatalf("step %d, %s: free %v", i, s.what, free)
					}
				}
			})
		})
	}
}

// TestACallAheadGivesItsPlaceToOneThatIsWaitedFor: after a while, or at once where it only keeps an answer open.
func TestACallAheadGivesItsPlaceToOneThatIsWaitedFor(t *testing.T) {
	for _, c := range []struct {
		name           string
		open, promoted bool
		want           time.Duration
	}{{"under way", false, false, yieldPatience}, {"kept open", true, false, 0}, {"waited for", false, true, time.Second}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLane(connector.Limits{Concurrency: 1})
				f := claimed(t, l, true)
				ctx, cl := &f.ctx, f.claim
				leave, err := l.enter(ctx, 1, false)
				if err != nil {
					t.Fatal(err)
				}
				stop := context.AfterFunc(ctx, leave)
				defer stop()
				if c.open {
					cl.keepsOpen()
				}
				if c.promoted {
					cl.promote()
					time.AfterFunc(time.Second, leave)
				}
				start := time.Now()
				if _, err := l.enter(t.Context(), 1, false); err != nil || time.Since(start) != c.want {
					t.Errorf("a place after %v, %v; want %v", time.Since(start), err, c.want)
				}
				if gone := ctx.Err() != nil; gone == c.promoted {
					t.Errorf("broken off: %v", gone)
				}
				f.cancel()
			})
		})
	}
}

// claimed is a flight that is about to ask for its place.
func claimed(t *testing.T, l *lane, ahead bool) *flight {
	f := new(flight)
	f.claim = l.claim(ahead, 1, f)
	f.ctx.claim = f.claim
	f.begin(t.Context())
	return f
}

// TestALargeBodyIsNotKeptOpenForLong: a provider would break it off in the end.
func TestALargeBodyIsNotKeptOpenForLong(t *testing.T) {
	for _, wait := range []time.Duration{aheadPatience - time.Millisecond, aheadPatience + time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			closed := make(chan struct{})
			body := closer{io.NopCloser(strings.NewReader("")), closed}
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			f := &flight{ctx: flightContext{Context: ctx}, reply: &Reply{Body: body}, state: flightLarge}
			s := &Seat{flight: f, first: true}
			came := make(chan struct{})
			go func() {
				defer close(came)
				time.Sleep(wait)
				s.wait(t.Context())
			}()
			defer func() { <-came }()
			f.keepOpen()
			select {
			case <-closed:
				if wait < aheadPatience {
					t.Error("it was let go before its reader came")
				}
			default:
				if wait > aheadPatience {
					t.Error("it is still open")
				}
			}
		})
	}
}

type closer struct {
	io.ReadCloser
	closed chan struct{}
}

func (c closer) Close() error {
	close(c.closed)
	return nil
}
