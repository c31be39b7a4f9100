package proxy

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// Limits of a body on its way out; docs/limits.md lists them.
const (
	holdBack      = 1 << 20          // of a buffered body before the first byte leaves, so that an error is a clean status
	gather        = 240 << 10        // of a body under way before it is written without a flush
	maxWrite      = 256 << 10        // one write
	aroundRecord  = 512              // that stand around a record, roughly
	writePatience = 30 * time.Second // for each patientFor of a write: a client that takes longer is taken for dead and cut off
	patientFor    = 64 << 10
)

// Headers of our own.
const (
	HeaderNextCursor = "Meterbridge-Next-Cursor"
	HeaderRange      = "Meterbridge-Range"
	HeaderWarning    = "Meterbridge-Warning"
	HeaderStatus     = "Meterbridge-Status"
)

// commit is where every body passes on its way out. It holds the first mebibyte back: until then nothing is promised and
// a problem can still be a clean status; after it the body is under way, and what was to be a header is a trailer.
type commit struct {
	w         http.ResponseWriter
	control   http.ResponseController
	flusher   http.ResponseController // the server's own: those around it lose the error of a flush
	kind      string                  // Content-Type; not before the headers leave, since it is not that of a problem
	head      func(http.Header)       // says what is known when the headers leave; may be nil
	trailers  bool                    // the body has no place for its cursor and its warnings
	patience  time.Duration
	status    int    // 0: 200
	buf       []byte // what has been gathered; nil where there is nothing, so that a stream that waits holds none
	started   bool
	stream    bool       // nothing is held back but what a flush sends on
	beside    bool       // what is large is written while the walk goes on; whoever says so has to wait before it returns
	under     bool       // a write is under way beside the walk
	written   chan error // how it ended
	unflushed bool
	err       error // of the first write that failed; what follows it is dropped
}

func newCommit(w http.ResponseWriter, contentType string) *commit {
	return &commit{w: w, control: *http.NewResponseController(w), flusher: *http.NewResponseController(innermost(w)), kind: contentType, patience: writePatience}
}

// streaming commits at once.
func (c *commit) streaming() {
	c.stream = true
	c.start()
}

func (c *commit) start() {
	if c.started {
		return
	}
	if c.trailers {
		for _, name := range [...]string{HeaderStatus, HeaderNextCursor, HeaderWarning} {
			c.w.Header().Add("Trailer", name)
		}
	}
	c.begin()
}

func (c *commit) begin() {
	c.started = true
	h := c.w.Header()
	if c.kind != "" {
		h.Set("Content-Type", c.kind)
	}
	if c.stream {
		h.Set("X-Accel-Buffering", "no")
	}
	if c.head != nil {
		c.head(h)
	}
	c.w.WriteHeader(max(c.status, http.StatusOK))
}

// Write gathers; its error is that of an earlier write to a client that is gone.
func (c *commit) Write(b []byte) (int, error) {
	if len(b) > gather && (c.started || c.stream || len(c.buf)+len(b) > holdBack) {
		c.start()
		c.sendAll(false)
		if c.wait(); c.err == nil {
			c.unflushed, c.err = true, c.send(b, false)
		}
		return len(b), c.err
	}
	return len(b), c.wrote(append(c.room(len(b)), b...))
}

// room is what has been gathered, for the caller to append about n bytes and give it to wrote.
func (c *commit) room(n int) []byte {
	if was := c.buf; len(was)+n > cap(was) {
		c.buf = append(borrow(len(was)+n), was...)
		release(was)
	}
	return c.buf
}

// wrote takes what has been gathered with what was appended to it, and sends it on where it is more than waits.
func (c *commit) wrote(buf []byte) error {
	if cap(buf) != cap(c.buf) {
		release(c.buf) // it was outgrown
	}
	c.buf = buf
	most := holdBack
	if c.started || c.stream {
		most = gather
	}
	if len(buf) > most {
		c.start()
		c.sendAll(false)
	}
	return c.err
}

// sendAll sends what has been gathered, once what was sent before is written: one buffer is written while another is filled.
func (c *commit) sendAll(flush bool) {
	buf := c.buf
	c.buf = nil
	if c.wait(); c.err != nil || len(buf) == 0 && !(flush && c.unflushed) {
		release(buf)
		return
	}
	c.unflushed = !flush
	if !c.beside || len(buf) <= smallBuffer {
		c.err = c.send(buf, flush)
		release(buf)
		return
	}
	if c.under = true; c.written == nil {
		c.written = make(chan error, 1)
	}
	go func() {
		err := c.send(buf, flush)
		release(buf)
		c.written <- err
	}()
}

// wait ends when nothing is being written.
func (c *commit) wait() {
	if c.under {
		c.err, c.under = <-c.written, false
	}
}

// send writes in pieces, each within a deadline of its own, so that a client that no longer reads is cut off and one
// that reads slowly slows the provider down. The server takes the last deadline back when the answer has ended.
func (c *commit) send(b []byte, flush bool) error {
	for len(b) > 0 {
		n := min(len(b), maxWrite)
		c.extend(n)
		if _, err := c.w.Write(b[:n]); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) { // of HEAD only the headers
			return lost(err)
		}
		b = b[n:]
	}
	if flush {
		c.extend(0)
		if err := c.flusher.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return lost(err)
		}
	}
	return nil
}

// extend grants the next write its time. The deadline bounds a write as a whole, so a large one has more of it: else a
// client that reads slowly and steadily would be cut off for the size of our pieces.
func (c *commit) extend(n int) {
	granted := time.Duration(n/patientFor+1) * c.patience
	_ = c.control.SetWriteDeadline(time.Now().Add(granted)) // a test's recorder has none
}

func lost(err error) error {
	return problem.Wrap(problem.ClientGone, err, "the client left, or reads no more")
}

// flush sends what is there to the client, if the body is under way.
func (c *commit) flush() {
	if c.started {
		c.sendAll(true)
	}
}

// innermost is the server's own writer.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = outer.Unwrap()
	}
}

// set gives a header, or a trailer once the body is under way.
func (c *commit) set(name, value string) { c.w.Header().Set(name, value) }

// end sends the rest. A body that never got under way says its length; one whose client is gone is never completed.
func (c *commit) end() error {
	if !c.started {
		c.w.Header().Set("Content-Length", strconv.Itoa(len(c.buf)))
		c.begin()
	}
	c.sendAll(false)
	if c.wait(); c.err != nil {
		c.abort()
	}
	c.extend(0) // for what the server itself still has to write
	return nil
}

// abort breaks the connection: a body that is under way must never look complete.
func (c *commit) abort() {
	c.flush()
	c.wait()
	panic(http.ErrAbortHandler)
}
