package upstream

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// Landed hears how a call went, in the goroutine that made it: of a body that has come whole and stays until the seat is left,
// of nil where it is too large to be read ahead, or of what broke it. A call that has to be made anew is told of again.
type Landed func(reply *Reply, body []byte, err error)

// Seat is one reader's share of a call that may be made for several.
type Seat struct {
	s      *Session
	call   connector.Call
	landed Landed
	flight *flight
	first  bool // the flight began with it: a body that is too large to share is its own
	flies  bool // its Reply makes the call

	// Guarded by the flight.
	stop func() bool // stops leaving with the reader's context
	left bool
}

// Share makes the call, or waits with those who have asked the same of the same account and have no answer yet.
func (s *Session) Share(ctx context.Context, call connector.Call, landed Landed) *Seat {
	t := &Seat{s: s, call: call, landed: landed}
	t.board(ctx, asked)
	return t
}

// Take is Share for one who goes on to Reply. The call of the first to ask is made there, by its own goroutine, unless it is to
// be read ahead of its reader.
func (s *Session) Take(ctx context.Context, call connector.Call, landed Landed) *Seat {
	t := &Seat{s: s, call: call, landed: landed}
	if ctx.Value(aloneKey{}) != nil {
		t.board(ctx, asked)
	} else {
		t.board(ctx, awaited)
	}
	return t
}

// Ahead makes a call that nobody waits for yet, until Reply is called. It is nil where no place is free, or no turn is to
// spare, and gives its place back when somebody's call would have to wait for one; then Reply makes it anew.
func (s *Session) Ahead(ctx context.Context, call connector.Call, landed Landed) *Seat {
	t := &Seat{s: s, call: call, landed: landed}
	if s.fault != nil || !t.board(ctx, ahead) {
		return nil
	}
	return t
}

// Ask is Do for a call that others may be making at this moment.
func (s *Session) Ask(ctx context.Context, call connector.Call) (*Reply, error) {
	if Watched(ctx) {
		return s.Do(ctx, call)
	}
	return s.Take(ctx, call, nil).Reply(ctx)
}

// Alone is for calls whose body is handed on as it comes: they are not shared, for who shares one waits until it is whole.
func Alone(ctx context.Context) context.Context { return context.WithValue(ctx, aloneKey{}, true) }

type aloneKey struct{}

// Watched says whether somebody wants to be told of each exchange in its order: then calls are made one by one.
func Watched(ctx context.Context) bool {
	return ctx.Value(traceKey{}) != nil || recordingOf(ctx) != nil
}

// want is how soon a call is wanted.
type want uint8

const (
	ahead   want = iota // before anybody waits for it
	asked               // now
	awaited             // now, by a goroutine that has nothing else to do
)

// board takes a seat in the flight of the call: the one under way, or a new one. It is false for a call ahead that has no place.
func (t *Seat) board(ctx context.Context, how want) bool {
	all, key := &t.s.c.flights, ""
	if ctx.Value(aloneKey{}) == nil {
		key = t.s.joinKey(t.call)
	}
	t.left, t.stop = false, nil
	all.mu.Lock()
	defer all.mu.Unlock()
	if f := all.byKey[key]; f != nil && f.join(t) {
		t.flight, t.first = f, false
		t.s.told(ctx, "joined")
		return true
	}
	f := &flight{s: t.s, all: all, key: key, running: true, seats: []*Seat{t}, open: 1}
	t.flight, t.first = f, true
	if f.claim = t.s.lane.claim(how == ahead, max(t.call.Cost, 1), f); f.claim == nil {
		return false
	}
	f.ctx.claim = f.claim
	f.begin(ctx)
	if key != "" {
		if all.byKey == nil {
			all.byKey = map[string]*flight{}
		}
		all.byKey[key] = f
	}
	if how == ahead {
		t.s.told(ctx, "ahead")
	}
	if t.flies = how == awaited; !t.flies {
		go f.run(t.call)
	}
	return true
}

// fly makes the call, and reads a body that can't take long. It goes on without the seat while others wait for it.
func (t *Seat) fly(ctx context.Context) {
	f := t.flight
	t.flies = false
	f.mu.Lock()
	f.taken = true
	f.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) { // which is the flight's too
			t.Close()
		}
	})
	defer stop()
	switch {
	case !f.start(t.call):
	case f.size >= 0 && f.size <= maxAtOnce:
		f.finish()
	default:
		go f.finish() // its reader may have enough before it has come
	}
}

func (s *Session) told(ctx context.Context, outcome string) {
	s.c.cfg.Flight(ctx, s.conn.Name, outcome)
}

// Reply is the answer; its body has to be closed, which leaves the seat.
func (t *Seat) Reply(ctx context.Context) (*Reply, error) {
	for {
		f := t.flight
		if f.claim.promote(); t.flies {
			t.fly(ctx)
		}
		if err := t.wait(ctx); err != nil {
			t.Close()
			return nil, problem.From(err)
		}
		f.mu.Lock()
		state, err, reply, body := f.state, f.err, f.reply, f.buf
		f.mu.Unlock()
		failed := state == flightFailed || state == flightWhole && !errors.Is(err, io.EOF)
		switch {
		case failed && (f.lost() || !t.first && f.ours(err)): // that is no answer to the call
			t.Close()
			t.board(ctx, awaited)
		case state == flightFailed:
			t.Close()
			return nil, ownCopy(err)
		case state == flightLarge && !t.first:
			t.Close()
			return t.s.Do(ctx, t.call)
		default:
			own := *reply
			own.Body, own.wire = &seatBody{t: t, ctx: ctx}, nil // the rest is for reading alone, and for all
			if state == flightWhole {                           // nothing is under way that would have to end with the reader
				if !failed {
					own.Whole = body
				}
				return &own, nil
			}
			f.mu.Lock()
			t.stop = context.AfterFunc(ctx, t.Close)
			f.mu.Unlock()
			return &own, nil
		}
	}
}

// Await waits until the call is over, or has an answer that is too large to be read ahead.
func (t *Seat) Await(ctx context.Context) {
	f := t.flight
	for {
		f.mu.Lock()
		over, changed := f.state > flightComing, f.change()
		f.mu.Unlock()
		if over {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// Ready says whether Reply would give an answer without waiting.
func (t *Seat) Ready() bool {
	t.flight.mu.Lock()
	defer t.flight.mu.Unlock()
	return t.ready()
}

// ready says whether there is something to read; who shares a body waits for the whole of it.
func (t *Seat) ready() bool {
	f := t.flight
	return f.state > flightComing || t.first && f.state == flightComing && len(f.buf) > 0
}

// wait waits for something to read. The call ends at the deadline of its first seat, and knows best why it has come to nothing.
func (t *Seat) wait(ctx context.Context) error {
	f := t.flight
	for done := ctx.Done(); ; {
		if err := ctx.Err(); errors.Is(err, context.Canceled) {
			return err // what has come meanwhile may be gone with the seat
		}
		f.mu.Lock()
		if t.first && !f.taken {
			f.taken = true
			f.tell()
		}
		if t.ready() {
			f.mu.Unlock()
			return nil
		}
		changed := f.change()
		f.mu.Unlock()
		select {
		case <-changed:
		case <-done:
			if !t.first || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return ctx.Err()
			}
			done = nil
		}
	}
}

// Close leaves the seat. The call ends with the last of them.
func (t *Seat) Close() {
	f := t.flight
	if t.flies {
		t.flies = false
		f.claim.arrive()
		f.become(flightFailed, ErrGivenUp) // those who wait for it make a call of their own
	}
	f.mu.Lock()
	if t.left {
		f.mu.Unlock()
		return
	}
	t.left = true
	f.open--
	f.leave(t)
	last, mine, stop := f.open == 0, t.first && f.taken && f.state == flightLarge, t.stop
	if t.first && !mine {
		f.taken = false // nobody is there to read what is larger than can be shared
	}
	f.tell()
	f.recycle()
	f.mu.Unlock()
	if stop != nil {
		stop()
	}
	if mine {
		_ = f.reply.Body.Close()
	}
	if last {
		f.cancel()
	}
}

// leave takes a seat out; land may be reading the list that it was in.
func (f *flight) leave(t *Seat) {
	if f.open == 0 {
		f.seats = nil
		return
	}
	f.seats = slices.DeleteFunc(slices.Clone(f.seats), func(other *Seat) bool { return other == t })
}

// lost says that the call was made ahead and given up again.
func (f *flight) lost() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.given.Load() || errors.Is(f.err, ErrGivenUp)
}

// ours says whether a failure is of the one who began the flight, so that it tells nothing to the others.
func (f *flight) ours(err error) bool {
	p := problem.From(err)
	return f.ctx.Err() != nil || p.Code == problem.TooManyRequests && !p.Remote
}
