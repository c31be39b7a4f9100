package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
)

const (
	// MaxShared is the largest body that is read ahead of its reader, and that several readers share.
	MaxShared = 1 << 20
	// aheadPatience is how long a body that was asked for ahead, and that is larger, is kept open for its reader.
	aheadPatience = 5 * time.Second

	maxAtOnce   = 64 << 10 // of a body that says so and is waited for: it comes with its headers, or soon after
	firstShared = 4 << 10  // first size of the memory for a body; it doubles up to MaxShared
)

// flight is one call and the seats of those who wait for its answer. Its body is read as it comes, into memory up to
// MaxShared, whatever its readers do: one that leaves or is slow takes nothing from the others. A larger body is for the first
// seat alone, which reads the rest at its own pace.
type flight struct {
	s      *Session // of the first seat
	all    *flights
	key    string // "" where nobody may join
	ctx    flightContext
	cancel context.CancelFunc
	claim  *claim
	given  atomic.Bool // it was made ahead and given up again

	mu      sync.Mutex
	changed chan struct{} // closed at the next change; nil where nobody waits for one
	state   flightState
	reply   *Reply
	size    int64  // of the body, -1 where it does not say
	err     error  // of flightFailed, or how the body of flightWhole ended
	buf     []byte // the body as far as it was read
	seats   []*Seat
	open    int  // seats that were not left
	running bool // the goroutine still uses buf
	taken   bool // the first seat is there to read
}

// flightContext is the context of a flight: it ends with the flight, or in time for the first seat, whose values it has.
type flightContext struct {
	context.Context
	first context.Context
	claim *claim
}

func (c *flightContext) Value(key any) any {
	if key == (claimKey{}) {
		return c.claim
	}
	if own := c.Context.Value(key); own != nil { // the standard library's, of the end
		return own
	}
	return c.first.Value(key)
}

// begin starts the flight's context.
func (f *flight) begin(first context.Context) {
	f.ctx.first = first
	if at, ok := first.Deadline(); ok {
		f.ctx.Context, f.cancel = context.WithDeadline(context.Background(), at)
	} else {
		f.ctx.Context, f.cancel = context.WithCancel(context.Background())
	}
}

// giveUp ends a call that was made ahead, for one that somebody waits for.
func (f *flight) giveUp() {
	f.given.Store(f.ctx.Err() == nil)
	f.cancel()
}

type flightState uint8

const (
	flightAsked  flightState = iota // no answer yet
	flightComing                    // its body is being read
	flightWhole                     // it was read to its end
	flightLarge                     // the first seat has the rest
	flightFailed                    // there is no answer
)

// flights are the calls under way that others may join, by account and call. Nothing is kept of one that has ended.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
	pool  sync.Pool // of *[]byte
}

// join adds a seat while the body may still be shared.
func (f *flight) join(t *Seat) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == 0 || f.state > flightComing {
		return false
	}
	t.flight = f
	f.seats = append(f.seats, t)
	f.open++
	return true
}

// run makes the call and reads its body.
func (f *flight) run(call connector.Call) {
	if f.start(call) {
		f.finish()
	}
}

// start makes the call; false is a failure.
func (f *flight) start(call connector.Call) bool {
	reply, err := f.ask(call)
	f.claim.arrive()
	if err != nil {
		f.become(flightFailed, err)
		f.land()
		f.rest()
		return false
	}
	f.size = -1
	if n, err := strconv.ParseInt(reply.Header.Get("Content-Length"), 10, 64); err == nil {
		f.size = n
	}
	f.mu.Lock()
	f.reply = reply
	f.state = flightComing
	f.buf = f.all.memory()
	f.mu.Unlock()
	return true
}

// finish reads the body.
func (f *flight) finish() {
	defer f.rest()
	reply := f.reply
	if f.size > MaxShared {
		f.become(flightLarge, nil)
	} else {
		f.read(reply.Body)
	}
	if f.state == flightLarge {
		f.land()
		f.keepOpen()
		return
	}
	_ = reply.Body.Close() // first, so that its place is free for what it leads to
	f.land()
}

// ask makes the call. A panic is the request's to answer, and not the process's to die of.
func (f *flight) ask(call connector.Call) (reply *Reply, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("making a call: panic: %v", v)
		}
	}()
	return f.s.Do(&f.ctx, call)
}

// read reads the body to its end, or until it is too large.
func (f *flight) read(body io.Reader) {
	for {
		f.mu.Lock()
		if len(f.buf) == cap(f.buf) {
			grown := make([]byte, len(f.buf), min(2*cap(f.buf), MaxShared+1))
			copy(grown, f.buf)
			f.buf = grown
		}
		room := f.buf[len(f.buf):cap(f.buf)]
		f.mu.Unlock()
		n, err := body.Read(room) // only here is anything written to that memory
		f.mu.Lock()
		f.buf = f.buf[:len(f.buf)+n]
		large := len(f.buf) > MaxShared
		if !large && err == nil { // else it becomes what tells
			f.tell()
		}
		f.mu.Unlock()
		switch {
		case large:
			f.become(flightLarge, nil)
			return
		case err != nil:
			f.become(flightWhole, err)
			return
		}
	}
}

// keepOpen waits for the reader of a large body. One that was asked for too early is let go: a provider that waits for long
// may break it off, and then nobody would know until it was half read.
func (f *flight) keepOpen() {
	f.claim.keepsOpen()
	patience := time.NewTimer(aheadPatience)
	defer patience.Stop()
	for {
		f.mu.Lock()
		taken, changed := f.taken, f.change()
		f.mu.Unlock()
		if taken {
			return
		}
		select {
		case <-changed:
			continue
		case <-patience.C:
		case <-f.ctx.Done():
		}
		f.mu.Lock()
		if taken = f.taken; !taken {
			f.state, f.err = flightFailed, ErrGivenUp
			f.tell()
		}
		f.mu.Unlock()
		if !taken {
			_ = f.reply.Body.Close()
		}
		return
	}
}

// become says how the flight goes on, and that nobody may join it any more.
func (f *flight) become(state flightState, err error) {
	f.all.mu.Lock()
	if f.all.byKey[f.key] == f {
		delete(f.all.byKey, f.key)
	}
	f.all.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state, f.err = state, err
	f.tell()
}

// change is closed at the next change.
func (f *flight) change() <-chan struct{} {
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return f.changed
}

func (f *flight) tell() {
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// land tells the seats how it went.
func (f *flight) land() {
	f.mu.Lock()
	seats, state, err := f.seats, f.state, f.err
	f.mu.Unlock()
	if f.lost() {
		err = ErrGivenUp
		f.s.told(&f.ctx, "given_up")
	}
	for _, t := range seats {
		switch {
		case t.landed == nil:
		case state == flightLarge:
			t.landed(f.reply, nil, nil)
		case state == flightWhole && errors.Is(err, io.EOF):
			t.landed(f.reply, f.buf, nil)
		default:
			t.landed(nil, nil, err)
		}
	}
}

// rest ends the goroutine's use of the flight.
func (f *flight) rest() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = false
	f.tell()
	f.recycle()
}

// recycle gives the memory back when nobody looks at it any more.
func (f *flight) recycle() {
	if f.open == 0 && !f.running && f.buf != nil {
		f.all.recycle(f.buf)
		f.buf = nil
	}
}

func (a *flights) recycle(b []byte) { a.pool.Put(&b) }

// memory is empty memory for a body.
func (a *flights) memory() []byte {
	if b, ok := a.pool.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, firstShared)
}
