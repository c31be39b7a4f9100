package proxy

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

const (
	checkpointEvery = 1000 // records
	checkpointAfter = 5 * time.Second
	heartbeat       = 15 * time.Second // of server-sent events
)

// frames puts records on the wire: one JSON document a line, or server-sent events. A ticker beside it keeps an idle
// connection alive, or says how far a stalled stream has come, so that everything here happens under a lock.
type frames struct {
	*request
	ctx   context.Context
	sse   bool
	shape *shaper
	done  chan struct{}

	mu      sync.Mutex
	c       *commit
	n       int             // records written
	last    record.Position // behind the last of them
	since   int             // records since the last checkpoint
	stopped bool
}

func (q *request) framing(ctx context.Context, w http.ResponseWriter) *frames {
	f := &frames{request: q, ctx: ctx, sse: q.params.format == SSE, shape: q.shaper(), done: make(chan struct{})}
	f.shape.oneLine = true
	contentType := "application/x-ndjson; charset=utf-8"
	if f.sse {
		contentType = "text/event-stream; charset=utf-8"
	}
	f.c = newCommit(w, contentType)
	f.c.trailers, f.c.beside = true, true
	span := string(marshal(q.rangeView()))
	f.c.head = func(h http.Header) {
		h.Set("Cache-Control", "no-store")
		h.Set(HeaderRange, span)
	}
	switch {
	case f.sse:
		go f.every(heartbeat, f.beat)
	case q.params.streamMeta:
		go f.every(checkpointAfter, f.checkpoint)
	}
	return f
}

// every calls do now and then until the stream ends.
func (f *frames) every(d time.Duration, do func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-f.done:
			return
		case <-t.C:
			f.mu.Lock()
			if !f.stopped {
				do()
				f.c.flush()
			}
			f.mu.Unlock()
		}
	}
}

// stop ends what runs beside the stream, and waits for what is being written. After it nothing is written but by its caller.
func (f *frames) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.stopped {
		f.stopped = true
		close(f.done)
	}
	f.c.wait()
}

// beat tells a client, and what lies between, that the stream lives. It begins a stream whose first record is long in
// coming.
func (f *frames) beat() {
	f.c.streaming()
	f.c.Write([]byte(": alive\n\n"))
}

// begin is called by the walk's own goroutine, which alone knows the limits and the warnings so far.
func (f *frames) begin() {
	if !f.c.started {
		f.stateLimits(f.c.w.Header())
		setWarnings(f.c.w.Header(), f.warnings)
		f.c.streaming()
	}
}

// record writes one record, one line of JSON.
func (f *frames) record(rec record.Rec) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin()
	b := f.c.room(len(rec.JSON) + len(rec.Remote) + aroundRecord)
	if f.sse {
		b = append(b, "event: record\n"...)
		if token, err := f.mint(f.ctx, &rec.After); err == nil { // without an id a client resumes from the record before
			b = append(append(append(b, "id: "...), token...), '\n')
		}
		b = append(f.shape.append(append(b, "data: "...), rec), "\n\n"...)
	} else {
		b = append(f.shape.append(b, rec), '\n')
	}
	f.c.wrote(b)
	f.n++
	f.last = rec.After
	if f.since++; f.since == checkpointEvery && f.params.streamMeta {
		f.checkpoint()
	}
	return f.c.err
}

// checkpoint says how far the stream has come, to clients that may die themselves. Events have it in their ids.
func (f *frames) checkpoint() {
	if f.sse || f.since == 0 {
		return
	}
	token, err := f.mint(f.ctx, &f.last)
	if err != nil {
		return // the next one may fit
	}
	f.since = 0
	type checkpoint struct {
		Next  string `json:"next_cursor"`
		Count int    `json:"count"`
	}
	f.c.Write(append(marshal(map[string]checkpoint{"checkpoint": {token, f.n}}), '\n'))
}

// flush sends what is written before the walk waits for more.
func (f *frames) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.c.flush()
}

// problem is the last line of a stream that failed.
func (f *frames) problem(p *problem.Problem) {
	body := unfold(p.Encode(f.c.w.Header().Get("X-Request-Id")))
	body = append(append([]byte(`{"error":`), body...), '}')
	if f.sse {
		f.event("error", body)
	} else {
		f.c.Write(append(body, '\n'))
	}
	f.end(statusError, p.NextCursor)
}

// finish is the end of a stream that did not fail.
func (f *frames) finish(status, cursor string) {
	type end struct {
		Status   string            `json:"status"`
		Count    int               `json:"count"`
		Next     *string           `json:"next_cursor"`
		Range    rangeView         `json:"range"`
		Warnings []problem.Warning `json:"warnings"`
	}
	e := end{Status: status, Count: f.n, Range: f.rangeView(), Warnings: append([]problem.Warning{}, f.warnings...)}
	if cursor != "" {
		e.Next = &cursor
	}
	switch {
	case f.sse:
		f.event("end", marshal(e))
	case f.params.streamMeta:
		f.c.Write(append(marshal(map[string]end{"end": e}), '\n'))
	}
	f.end(status, cursor)
}

func (f *frames) end(status, cursor string) {
	f.begin()
	f.c.set(HeaderStatus, status)
	if cursor != "" {
		f.c.set(HeaderNextCursor, cursor)
	}
	setWarnings(f.c.w.Header(), f.warnings)
	f.c.end()
}

func (f *frames) event(name string, data []byte) {
	f.c.Write(fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, data))
}

// setWarnings gives warnings where a body has no place for them.
func setWarnings(h http.Header, warns []problem.Warning) {
	h.Del(HeaderWarning)
	for _, w := range warns {
		h.Add(HeaderWarning, headerText(w.Code+" "+w.Message))
	}
}

// headerText is text that a header can carry.
func headerText(s string) string {
	q := strconv.QuoteToASCII(s)
	return q[1 : len(q)-1]
}
