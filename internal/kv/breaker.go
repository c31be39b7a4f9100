package kv

import (
	"sync"
	"time"
)

const (
	breakerFirst = time.Second      // how long a failed server is left alone
	breakerMax   = 10 * time.Second // the bound of its doubling
)

// breaker keeps calls away from a server that failed: for a second, for twice as long after each probe that fails
// too, and with one probe at a time.
type breaker struct {
	now func() time.Time

	mu      sync.Mutex
	open    bool
	probing bool
	delay   time.Duration
	until   time.Time
}

type outcome uint8

const (
	good    outcome = iota // the server answered
	bad                    // it did not
	unknown                // the caller left before that was known
)

// allow says whether a call may be made, and if so takes its outcome.
func (b *breaker) allow() (report func(outcome), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return b.reportCall, true
	}
	if b.probing || b.now().Before(b.until) {
		return nil, false
	}
	b.probing = true
	return b.reportProbe, true
}

// reportCall takes the outcome of a call that was made while the breaker was closed. Of those that were under way
// together, the first failure opens it and the others change nothing.
func (b *breaker) reportCall(o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o == bad && !b.open {
		b.open, b.delay = true, breakerFirst
		b.until = b.now().Add(b.delay)
	}
}

func (b *breaker) reportProbe(o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch o {
	case good:
		b.open = false
	case bad:
		b.delay = min(2*b.delay, breakerMax)
		b.until = b.now().Add(b.delay)
	}
}

// state says whether the breaker is open, and for how long yet.
func (b *breaker) state() (open bool, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open, max(0, b.until.Sub(b.now()))
}
