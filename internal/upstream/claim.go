package upstream

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// ErrGivenUp is of a call ahead that found no place in the end, or gave it to one that somebody waits for.
var ErrGivenUp = errors.New("a call ahead was given up")

// yieldPatience is how long a call that somebody waits for stands behind one that was made ahead.
const yieldPatience = 250 * time.Millisecond

// claim is a call that was made ahead. Until somebody waits for it, it stands behind every call that somebody does wait for.
type claim struct {
	lane   *lane
	waited bool // somebody does; guarded by the lane
	coming bool // and it has no place yet; guarded by the lane
	open   bool // its answer is there, and kept open for a reader; guarded by the lane
	of     *flight
}

type claimKey struct{}

func claimOf(ctx context.Context) *claim {
	c, _ := ctx.Value(claimKey{}).(*claim)
	return c
}

// claim is that of a call which is about to be made: until it has come for its place, that is left free. It is nil for a call
// ahead that finds none.
func (l *lane) claim(ahead bool, cost int, of *flight) *claim {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ahead && !l.spare(cost) {
		return nil
	}
	l.coming++
	return &claim{lane: l, of: of, waited: !ahead, coming: true}
}

// arrive says that the call has its place, or has no need of it any more.
func (c *claim) arrive() {
	if c == nil {
		return
	}
	c.lane.mu.Lock()
	defer c.lane.mu.Unlock()
	c.come()
}

func (c *claim) come() {
	if c.coming {
		c.coming = false
		c.lane.coming--
	}
}

// promote makes it a call like any other.
func (c *claim) promote() {
	if c == nil {
		return
	}
	c.lane.mu.Lock()
	defer c.lane.mu.Unlock()
	c.waited = true
	c.lane.forget(c)
}

// isWaited says whether somebody waits for the call.
func (c *claim) isWaited() bool {
	c.lane.mu.Lock()
	defer c.lane.mu.Unlock()
	return c.waited
}

// take is enter for a call ahead, which waits for nothing; early is false for any other call. It takes a place that is free,
// and turns that leave as many for whoever comes next.
func (l *lane) take(c *claim, cost int) (leave func(), err error, early bool) {
	if c == nil {
		return nil, nil, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.waited {
		return nil, nil, false
	}
	c.come()
	if !l.spare(cost) || cost > 0 && l.turns != nil && !l.turns.AllowN(time.Now(), cost) {
		return nil, ErrGivenUp, true
	}
	select {
	case l.places <- struct{}{}:
	default: // somebody was faster
		return nil, ErrGivenUp, true
	}
	l.ahead = append(l.ahead, c)
	return sync.OnceFunc(func() {
		l.mu.Lock()
		l.forget(c)
		l.mu.Unlock()
		<-l.places
	}), nil, true
}

// spare says whether a call ahead would find a place and turns now.
func (l *lane) spare(cost int) bool {
	return len(l.places)+l.coming < cap(l.places) && (l.turns == nil || cost == 0 || l.turns.Tokens() >= float64(2*cost))
}

// evict takes the place of the call ahead that began last, where there is one: it is the least likely to be wanted soon.
func (l *lane) evict(open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, c := range slices.Backward(l.ahead) {
		if c.open || !open {
			l.ahead = slices.Delete(l.ahead, i, i+1)
			c.of.giveUp()
			return
		}
	}
}

// keepsOpen says that the call is only waiting for its reader.
func (c *claim) keepsOpen() {
	if c == nil {
		return
	}
	c.lane.mu.Lock()
	defer c.lane.mu.Unlock()
	c.open = true
}

// forget leaves out a call that is not ahead any more.
func (l *lane) forget(c *claim) {
	l.ahead = slices.DeleteFunc(l.ahead, func(other *claim) bool { return other == c })
}
