package upstream

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

func TestNoPeriodSeesMoreThanTheRate(t *testing.T) {
	for _, l := range []connector.Limits{{Rate: 1, Per: 1e9}, {Rate: 4, Per: 1e9}, {Rate: 7, Per: 1e9}, {Rate: 50, Per: 60e9}, {Rate: 300, Per: 60e9}} {
		t.Run(time.Duration(l.Per).String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lane, per := newLane(l), time.Duration(l.Per)
				var at []time.Time
				for range 3 * l.Rate {
					leave, err := lane.enter(t.Context(), 1, false)
					if err != nil {
						t.Fatal(err)
					}
					leave()
					at = append(at, time.Now())
				}
				for i := range len(at) - l.Rate {
					// A timer's rounding to nanoseconds is not a call too many.
					if gap := at[i+l.Rate].Sub(at[i]); gap < per-time.Microsecond {
						t.Fatalf("rate %d: call %d comes %v after call %d", l.Rate, i+l.Rate, gap, i)
					}
				}
				if took := at[len(at)-1].Sub(at[0]); took > 4*per {
					t.Errorf("rate %d: three periods' calls took %v", l.Rate, took)
				}
			})
		})
	}
}

// TestACallTakesAsManyTurnsAsItCosts: more of them than may go at once, too.
func TestACallTakesAsManyTurnsAsItCosts(t *testing.T) {
	for _, cost := range []int{1, 2, 5, 12, 30} {
		synctest.Test(t, func(t *testing.T) {
			lane := newLane(connector.Limits{Rate: 12, Per: connectorMinute})
			var at []time.Time
			for range 5 {
				leave, err := lane.enter(t.Context(), cost, false)
				if err != nil {
					t.Fatal(err)
				}
				leave()
				at = append(at, time.Now())
			}
			refill := time.Minute / 10 // 3 of 12 may go at once, so 10 come in a minute
			if took, want := at[4].Sub(at[0]), 4*time.Duration(cost)*refill; took > want || took < want-3*refill {
				t.Errorf("cost %d: four further calls took %v, want %v", cost, took, want)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := lane.enter(ctx, 30, false); err == nil {
				t.Fatal("thirty turns came in a second")
			}
			if _, err := lane.enter(t.Context(), 1, false); err != nil || time.Since(at[4]) > refill {
				t.Errorf("turns that nobody waited for were kept: %v, %v", time.Since(at[4]), err)
			}
		})
	}
}

func TestACallSaysWhatItCosts(t *testing.T) {
	a := newAcme(t, answers(200, nil, `{"data":[]}`), Config{}, keyAuth, `limits: { rate: 4, per: 1h }`)
	costly := get("/usage")
	costly.Cost = 2 // one of four may go at once
	if _, err := a.session().Do(deadlined(t), costly); problem.From(err).Code != problem.TooManyRequests {
		t.Errorf("a call that costs two: %v", err)
	}
	reply, err := a.session().Do(deadlined(t), get("/usage"))
	if err != nil {
		t.Fatalf("a call that costs one: %v", err)
	}
	reply.Body.Close()
}

func deadlined(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestQueueingEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lane := newLane(connector.Limits{Rate: 1, Per: connectorMinute, Concurrency: 1})
		leave, err := lane.enter(t.Context(), 1, false)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err = lane.enter(ctx, 1, false)
		if p := wants(t, err, problem.TooManyRequests, ""); p.RetryAfter < 1 || p.Remote {
			t.Errorf("%+v", p)
		}
		if time.Since(start) != 10*time.Second {
			t.Errorf("a place was waited for %v", time.Since(start))
		}
		leave()
		leave() // twice gives one place back
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start = time.Now()
		_, err = lane.enter(ctx, 1, false)
		if p := wants(t, err, problem.TooManyRequests, ""); p.RetryAfter != 50 {
			t.Errorf("wait %d s", p.RetryAfter)
		}
		if time.Since(start) != 0 {
			t.Error("a turn that can't come in time was waited for")
		}
		ctx, leaves := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leaves)
		_, err = lane.enter(ctx, 1, false)
		wants(t, err, problem.ClientGone, "")
		if free, err := lane.enter(t.Context(), 0, false); err != nil {
			t.Errorf("a place was lost: %v", err)
		} else {
			free()
		}
	})
}

const connectorMinute = 60e9

func TestConcurrencyHoldsUntilTheBodyIsClosed(t *testing.T) {
	for _, c := range []struct {
		name string
		yaml string
		want int64
	}{
		{"by default", ``, DefaultConcurrency},
		{"as declared", `limits: { concurrency: 3 }`, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			var open, most atomic.Int64
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
				n := open.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				<-time.After(5 * time.Millisecond)
				open.Add(-1)
			}, Config{}, keyAuth, c.yaml)
			var wg sync.WaitGroup
			for range 40 {
				wg.Go(func() {
					if _, err := a.read(get("x")); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if most.Load() > c.want || most.Load() < 2 {
				t.Errorf("%d calls at once, want at most %d", most.Load(), c.want)
			}
			// Every place is free again, after errors too.
			for range c.want + 1 {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_, _ = a.session().Do(ctx, get("x"))
			}
			var replies []*Reply
			for range c.want {
				r, err := a.session().Do(t.Context(), get("x"))
				if err != nil {
					t.Fatal(err)
				}
				replies = append(replies, r)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			_, err := a.session().Do(ctx, get("x"))
			wants(t, err, problem.TooManyRequests, "")
			for _, r := range replies {
				_ = r.Body.Close()
				_ = r.Body.Close()
			}
			if _, err := a.read(get("x")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLanesFollowTheConnectorsLimits(t *testing.T) {
	var l lanes
	of := func(places int) *connector.Connector {
		return &connector.Connector{Limits: connector.Limits{Concurrency: places}}
	}
	a := l.of("a", of(2))
	if l.of("a", of(2)) != a || l.of("b", of(2)) == a {
		t.Error("a lane is not its account's")
	}
	if next := l.of("a", of(3)); next == a || cap(next.places) != 3 {
		t.Error("a lane outlived its limits")
	}
}

func TestDownloadsTakeNoTurn(t *testing.T) {
	a := newAcme(t, answers(200, nil, "x"), Config{}, keyAuth, "limits: { rate: 1, per: 1h }")
	if _, err := a.read(get("x")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := readIn(ctx, a, connector.Call{Purpose: "download", Method: "GET", URL: "/report", NoAuth: true}); err != nil {
		t.Errorf("a download waited for the provider's rate: %v", err)
	}
	wants(t, readIn(ctx, a, get("x")), problem.TooManyRequests, "")
}

// TestALookupPassesThePagesThatWaitForIt: with every place held by a page whose mapping wants names, nothing would move.
func TestALookupPassesThePagesThatWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lane := newLane(connector.Limits{Concurrency: 2})
		enter := func(lookup bool) (func(), error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return lane.enter(ctx, 1, lookup)
		}
		var leave []func()
		for _, c := range []struct {
			what         string
			lookup, free bool
		}{
			{"a lookup takes a common place while there is one", true, true},
			{"a page the last one", false, true},
			{"a further page none", false, false},
			{"a lookup the one aside", true, true},
			{"a second lookup none", true, false},
		} {
			l, err := enter(c.lookup)
			if free := err == nil; free != c.free {
				t.Fatalf("%s: %v", c.what, err)
			}
			leave = append(leave, l)
		}
		leave[3]()
		leave[3]() // twice gives one place back
		if _, err := enter(true); err != nil {
			t.Errorf("the place aside was lost: %v", err)
		}
		if _, err := enter(false); err == nil {
			t.Error("a page took the place aside")
		}
	})
}
