package upstream

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// DefaultConcurrency is how many calls one account has under way at a time where its connector says nothing.
const DefaultConcurrency = 8

// lane is where the calls of one account queue: for a place among those under way, and for their turn in the
// provider's rate. A call that is made ahead does not queue: it takes what is free, and gives its place to one that queues.
type lane struct {
	limits connector.Limits
	of     string // the connector's name
	places chan struct{}
	aside  chan struct{} // one place more, for a lookup: pages that hold all places wait for the names it brings
	turns  *rate.Limiter // nil where the provider states no rate

	mu        sync.Mutex
	ahead     []*claim             // those that have a place and that nobody waits for
	standings map[string]*standing // by host
	coming    int                  // calls that somebody waits for and that have not asked for their place yet
}

// lanes has one lane an account.
type lanes struct {
	mu   sync.Mutex
	byID map[string]*lane
}

// of is the account's lane. One with other limits, after a reload, takes the place of the old, which empties by itself.
func (l *lanes) of(account string, conn *connector.Connector) *lane {
	limits := conn.Limits
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.byID[account]; a != nil && a.limits == limits && a.of == conn.Name {
		return a
	}
	if l.byID == nil {
		l.byID = map[string]*lane{}
	}
	a := newLane(limits)
	a.of = conn.Name
	l.byID[account] = a
	return a
}

func newLane(limits connector.Limits) *lane {
	places := limits.Concurrency
	if places <= 0 {
		places = DefaultConcurrency
	}
	l := &lane{limits: limits, places: make(chan struct{}, places), aside: make(chan struct{}, 1)}
	if per := time.Duration(limits.Per); limits.Rate > 0 && per > 0 {
		// A quarter may go at once; the rest is spread so that no period, wherever it begins, sees more than rate.
		burst := max(1, limits.Rate/4)
		refill := float64(limits.Rate-burst+1) / per.Seconds()
		l.turns = rate.NewLimiter(rate.Limit(refill), burst)
	}
	return l
}

// place waits for a place; a lookup takes the one aside where no other is free. Calls ahead that hold the last ones give way: at
// once where they only keep an answer open, and else after a while, since most are done by then and a call that is broken off
// was made for nothing.
func (l *lane) place(ctx context.Context, lookup bool) (leave func(), err error) {
	select {
	case l.places <- struct{}{}:
		return sync.OnceFunc(func() { <-l.places }), nil
	default:
	}
	var aside chan struct{} // nil never has room
	if lookup {
		aside = l.aside
	}
	l.evict(true)
	patience := time.NewTimer(yieldPatience)
	defer patience.Stop()
	for {
		select {
		case l.places <- struct{}{}:
			return sync.OnceFunc(func() { <-l.places }), nil
		case aside <- struct{}{}:
			return sync.OnceFunc(func() { <-aside }), nil
		case <-patience.C:
			l.evict(false)
		case <-ctx.Done():
			return nil, held(ctx, time.Second)
		}
	}
}

// enter waits for a place, and for as many turns as the call costs, up to the context's deadline; leave gives the place
// back. A call that costs nothing is not the provider's to count.
func (l *lane) enter(ctx context.Context, cost int, lookup bool) (leave func(), err error) {
	if leave, err, early := l.take(claimOf(ctx), cost); early {
		return leave, err
	}
	if leave, err = l.place(ctx, lookup); err != nil {
		return nil, err
	}
	claimOf(ctx).arrive()
	now := time.Now()
	wait, cancel := l.book(now, cost)
	if at, ok := ctx.Deadline(); ok && now.Add(wait).After(at) {
		cancel(now) // nobody waits for what can't come in time
		leave()
		return nil, tooMany(wait)
	}
	if err := sleep(ctx, wait); err != nil {
		cancel(time.Now())
		leave()
		return nil, held(ctx, wait)
	}
	return leave, nil
}

// book reserves turns and says how long it is until the last of them. What costs more than may go at once takes its turns
// in several pieces. cancel gives back those that have not come by then.
func (l *lane) book(now time.Time, turns int) (wait time.Duration, cancel func(time.Time)) {
	if l.turns == nil {
		return 0, func(time.Time) {}
	}
	var bookings []*rate.Reservation
	for ; turns > 0; turns -= l.turns.Burst() {
		b := l.turns.ReserveN(now, min(turns, l.turns.Burst()))
		bookings, wait = append(bookings, b), b.DelayFrom(now)
	}
	return wait, func(at time.Time) {
		for _, b := range slices.Backward(bookings) { // the last first: only what nobody has booked behind is given back
			b.CancelAt(at)
		}
	}
}

// held is the error of a call whose request ended while it queued.
func held(ctx context.Context, wait time.Duration) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return tooMany(wait)
	}
	return problem.From(ctx.Err())
}

func tooMany(wait time.Duration) error {
	p := problem.New(problem.TooManyRequests, "the account's calls to its provider queue longer than this request may take; ask for less at a time")
	p.RetryAfter = max(1, int(math.Ceil(wait.Seconds())))
	return p
}

// sleep waits, or ends with the context.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
