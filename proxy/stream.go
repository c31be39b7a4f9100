package proxy

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

const (
	checkpointEvery = 1000
	checkpointAfter = 5 * time.Second
	heartbeat       = 15 * time.Second
)

// Values of the trailer Meterbridge-Status.
const (
	statusComplete = "complete"
	statusLimited  = "limited"
	statusError    = "error"
)

// stream forwards the walk: each record is mapped and written as it arrives, over all pages. Its end is never ambiguous:
// complete, limited with a cursor, or an error line with the cursor behind the last record that was written.
func (q *request) stream(ctx context.Context, w http.ResponseWriter) error {
	s := q.open(ctx)
	defer s.Close()
	out := q.framing(w)
	if walk, ok := s.(*walk); ok {
		walk.before = out.flush
		walk.keepPg = q.params.limitGiven // only a limit makes a cursor that leads into a page
	}
	// The first record, or the first problem, is waited for: until then an error is a clean status.
	rec, err := s.Next()
	if err != nil && err != io.EOF {
		var back *record.Position
		if at, ok := s.giveUp(); ok {
			back = &at
		}
		return q.fail(ctx, err, back)
	}
	w.Header().Set(HeaderRange, string(q.rangeJSON()))
	out.c.streaming()
	defer out.stop()
	q.pump(ctx, s, out, rec, err)
	return nil
}

// pump writes until the end. Nothing is returned: what went wrong stands in the stream.
func (q *request) pump(ctx context.Context, s source, out framer, rec record.Rec, err error) {
	shape := q.shaper()
	shape.oneLine = true
	var (
		buf    []byte
		n      int
		served *record.Position
		marked = time.Now()
	)
	for ; err == nil; rec, err = s.Next() {
		if q.params.limitGiven && n == q.params.limit {
			s.remember()
			q.closeStream(ctx, out, statusLimited, n, served)
			return
		}
		buf = shape.append(buf[:0], rec)
		token := ""
		if out.wantsIDs() {
			token, _ = q.mint(ctx, &rec.After)
		}
		if werr := out.record(buf, token); werr != nil {
			return // the client has left; closing the source cancels the provider's call
		}
		n++
		at := rec.After
		served = &at
		if q.params.streamMeta && (n%checkpointEvery == 0 || time.Since(marked) > checkpointAfter) {
			marked = time.Now()
			q.checkpoint(ctx, out, n, served)
		}
	}
	if err == io.EOF {
		q.closeStream(ctx, out, statusComplete, n, nil)
		return
	}
	back := served
	if back == nil {
		if at, ok := s.giveUp(); ok {
			back = &at
		}
	}
	p := q.fail(ctx, err, back)
	q.Log.WarnContext(ctx, "a stream ended with an error", "code", p.Code, "error", p.Error(), "records", n)
	q.Observer.Records(q.conn.Name, q.mapped, string(q.params.format), n)
	out.problem(p)
	out.end(statusError, p.NextCursor, q.allWarnings(), nil)
}

func (q *request) checkpoint(ctx context.Context, out framer, n int, at *record.Position) {
	if token, err := q.mint(ctx, at); err == nil {
		out.meta(marshal(map[string]any{"checkpoint": map[string]any{"next_cursor": token, "count": n}}))
	}
}

// closeStream writes the end of a stream that did not fail.
func (q *request) closeStream(ctx context.Context, out framer, status string, n int, at *record.Position) {
	q.Observer.Records(q.conn.Name, q.mapped, string(q.params.format), n)
	token, err := q.mint(ctx, at)
	if err != nil {
		out.problem(problem.From(err))
		out.end(statusError, "", q.allWarnings(), nil)
		return
	}
	type end struct {
		Status   string            `json:"status"`
		Count    int               `json:"count"`
		Next     *string           `json:"next_cursor"`
		Range    rawJSON           `json:"range"`
		Warnings []problem.Warning `json:"warnings"`
	}
	e := end{Status: status, Count: n, Range: rawJSON(q.rangeJSON()), Warnings: append([]problem.Warning{}, q.allWarnings()...)}
	if token != "" {
		e.Next = &token
	}
	out.end(status, token, q.allWarnings(), marshal(e))
}

type rawJSON []byte

func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }

// framer puts records on the wire: one JSON document a line, or server-sent events. Its methods may be called beside a
// heartbeat.
type framer struct {
	c        *commit
	mu       *sync.Mutex
	sse      bool
	withMeta bool
	id       string // of the request, for problems
	done     chan struct{}
}

// framing starts the answer's framing.
func (q *request) framing(w http.ResponseWriter) framer {
	f := framer{mu: new(sync.Mutex), sse: q.params.format == SSE, withMeta: q.params.streamMeta, id: w.Header().Get("X-Request-Id"), done: make(chan struct{})}
	contentType := "application/x-ndjson; charset=utf-8"
	if f.sse {
		contentType = "text/event-stream; charset=utf-8"
		w.Header().Set("Cache-Control", "no-store")
		go f.beat()
	}
	f.c = newCommit(w, contentType)
	return f
}

// beat tells a client behind an idle connection that the stream lives.
func (f framer) beat() {
	t := time.NewTicker(heartbeat)
	defer t.Stop()
	for {
		select {
		case <-f.done:
			return
		case <-t.C:
			f.mu.Lock()
			if f.c.started {
				f.c.Write([]byte(": alive\n\n"))
				f.c.flush()
			}
			f.mu.Unlock()
		}
	}
}

func (f framer) stop() { close(f.done) }

func (f framer) wantsIDs() bool { return f.sse }

func (f framer) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.c.flush()
}

func (f framer) record(json []byte, cursor string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sse {
		f.event("record", cursor, json)
	} else {
		f.c.Write(json)
		f.c.Write([]byte("\n"))
	}
	return f.c.err
}

// meta writes a line that is no record, for clients that asked for it.
func (f framer) meta(json []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.sse {
		f.c.Write(append(json, '\n'))
	}
}

func (f framer) problem(p *problem.Problem) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body := unfold(p.Encode(f.id))
	if f.sse {
		f.event("error", "", append(append([]byte(`{"error":`), body...), '}'))
		return
	}
	f.c.Write(append(append([]byte(`{"error":`), body...), '}', '\n'))
}

// end closes the stream with its trailers, and with a last line or event that says the same; last is nil after an error.
func (f framer) end(status, cursor string, warns []problem.Warning, last []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case last == nil:
	case f.sse:
		f.event("end", "", last)
	case f.withMeta:
		f.c.Write(append(append([]byte(`{"end":`), last...), '}', '\n'))
	}
	f.c.set(HeaderStatus, status)
	if cursor != "" {
		f.c.set(HeaderNextCursor, cursor)
	}
	setWarnings(f.c.w.Header(), warns)
	f.c.end()
	f.c.flush()
}

func (f framer) event(name, id string, data []byte) {
	b := append([]byte("event: "), name...)
	if id != "" {
		b = append(append(b, "\nid: "...), id...)
	}
	b = append(append(append(b, "\ndata: "...), data...), "\n\n"...)
	f.c.Write(b)
}

// setWarnings gives warnings where a body has no place for them.
func setWarnings(h http.Header, warns []problem.Warning) {
	for _, w := range warns {
		h.Add(HeaderWarning, headerText(w.Code+" "+w.Message))
	}
}

// headerText is text that a header can carry.
func headerText(s string) string {
	q := strconv.QuoteToASCII(s)
	return q[1 : len(q)-1]
}
