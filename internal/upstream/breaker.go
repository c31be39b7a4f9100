package upstream

import (
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// A breaker's numbers; docs/decisions/upstream.md has the reasons.
const (
	breakerWindow = 20               // calls that are looked at
	breakerTrip   = 10               // of them have failed: no more are made
	breakerPause  = 10 * time.Second // until one is tried
	breakerMost   = time.Minute      // the pause, which doubles after each try that fails
)

// breaker keeps calls away from what fails them. While all is well it costs two loads of an atomic.
type breaker struct {
	last atomic.Uint32 // the last calls, one bit each; 1 is a failure
	open atomic.Bool

	mu    sync.Mutex
	pause time.Duration
	until time.Time // when the next call may try
}

// outcome is what a call says of the other side.
type outcome uint8

const (
	unsaid outcome = iota // nothing: it was not asked, or the caller left
	well
	failed
)

// admit lets a call through, or says how long it would have to wait. A try is the one call of a pause that is let through; one
// that never reports is followed by another after the next pause.
func (b *breaker) admit() (try bool, wait time.Duration) {
	if !b.open.Load() {
		return false, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now() // monotonic: a clock that is set does not shut a provider out
	if wait = b.until.Sub(now); wait > 0 {
		return false, wait
	}
	b.until = now.Add(b.pause)
	return true, 0
}

// report takes what came of a call that was let through.
func (b *breaker) report(o outcome, try bool) {
	switch {
	case try:
		b.tried(o)
	case o == unsaid:
	case o == well && b.last.Load() == 0:
	default:
		for {
			was := b.last.Load()
			is := was << 1 & (1<<breakerWindow - 1)
			if o == failed {
				is |= 1
			}
			if !b.last.CompareAndSwap(was, is) {
				continue
			}
			if o == failed && bits.OnesCount32(is) >= breakerTrip {
				b.trip()
			}
			return
		}
	}
}

// trip opens the breaker. What was under way together changes nothing more.
func (b *breaker) trip() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open.Load() {
		b.pause = breakerPause
		b.until = time.Now().Add(b.pause)
		b.open.Store(true)
	}
}

func (b *breaker) tried(o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch o {
	case well:
		b.last.Store(0)
		b.open.Store(false)
	case failed:
		b.pause = min(2*b.pause, breakerMost)
		b.until = time.Now().Add(b.pause)
	case unsaid:
		b.until = time.Now() // the next call tries
	}
}

// rests says that nothing is remembered that would be missed.
func (b *breaker) rests() bool { return b.last.Load() == 0 && !b.open.Load() }

// resting is the answer in place of a call that is not made.
func resting(host string, wait time.Duration) *problem.Problem {
	p := problem.New(problem.Unavailable, "%s has failed most of the last calls, so it is left alone for a moment; try again", host).With("host", host)
	p.RetryAfter = max(1, int(math.Ceil(wait.Seconds())))
	return p
}
