package upstream

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// fair is a number of places for which calls queue by account: whoever has many waiting gets one, and then it is the next
// account's turn. I8
//
// Not every call may have every place. Endless ones, which are read at their client's pace, leave some, so that slow clients
// leave room for all who have a deadline. Lookups have some places more: pages that hold all places wait for the names that
// a lookup brings, and a lookup waits for nobody, so that there is always one that ends.
type fair struct {
	mu      sync.Mutex
	free    int // negative while lookups have places of their own
	aside   int
	endless int      // places that are left for endless calls
	queue   []queued // the account whose turn is next first
}

// class is what a call's places depend on.
type class uint8

const (
	timed class = iota
	endless
	lookup
)

// queued are the calls of one account that wait, in their order.
type queued struct {
	who   *lane
	calls []*waiter
}

type waiter struct {
	class class
	ready chan struct{}
}

func newFair(places, streams, aside int) *fair {
	return &fair{free: places, aside: aside, endless: streams}
}

// room says whether a call may have a place now.
func (f *fair) room(c class) bool {
	switch c {
	case lookup:
		return f.free > -f.aside
	case endless:
		return f.free > 0 && f.endless > 0
	}
	return f.free > 0
}

// take gives a call n places: 1, or -1 to have it back.
func (f *fair) take(c class, n int) {
	f.free -= n
	if c == endless {
		f.endless -= n
	}
}

// enter takes a place. Where there is none it waits, or not: then it is ErrGivenUp.
func (f *fair) enter(ctx context.Context, who *lane, c class, wait bool) error {
	f.mu.Lock()
	if f.room(c) {
		f.take(c, 1)
		f.mu.Unlock()
		return nil
	}
	if !wait {
		f.mu.Unlock()
		return ErrGivenUp
	}
	w := &waiter{class: c, ready: make(chan struct{})}
	i := f.of(who)
	if i < 0 {
		i = len(f.queue)
		f.queue = append(f.queue, queued{who: who})
	}
	f.queue[i].calls = append(f.queue[i].calls, w)
	f.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	if !f.forget(who, w) {
		f.leave(c) // it had just come
	}
	return ctx.Err()
}

// leave gives a place back, to whoever is next.
func (f *fair) leave(c class) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.take(c, -1)
	for i, q := range f.queue {
		n := slices.IndexFunc(q.calls, func(w *waiter) bool { return f.room(w.class) })
		if n < 0 {
			continue
		}
		f.take(q.calls[n].class, 1)
		close(q.calls[n].ready)
		q.calls = slices.Delete(q.calls, n, n+1)
		f.queue = slices.Delete(f.queue, i, i+1)
		if len(q.calls) > 0 {
			f.queue = append(f.queue, q)
		}
		return
	}
}

// of is an account's place in the queue, -1 where it has none.
func (f *fair) of(who *lane) int {
	return slices.IndexFunc(f.queue, func(q queued) bool { return q.who == who })
}

// forget takes a call out of its queue; false says that it has its place.
func (f *fair) forget(who *lane, w *waiter) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.of(who)
	if i < 0 {
		return false
	}
	q := &f.queue[i]
	n := slices.Index(q.calls, w)
	if n < 0 {
		return false
	}
	if q.calls = slices.Delete(q.calls, n, n+1); len(q.calls) == 0 {
		f.queue = slices.Delete(f.queue, i, i+1)
	}
	return true
}

// crowded is the error of a call whose request ended while it queued for one of the gateway's own places.
func crowded(err error, where string) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		if errors.Is(err, ErrGivenUp) {
			return err
		}
		return problem.From(err)
	}
	p := problem.New(problem.TooManyRequests, "the gateway's calls %s queue longer than this request may take; try again", where)
	p.RetryAfter = 1
	return p
}
