package proxy

import (
	"net/http"
	"strconv"
)

// holdBack is how much of a buffered body waits before the first byte leaves, so that an error is a clean status.
const holdBack = 1 << 20

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
	w       http.ResponseWriter
	buf     []byte
	started bool
	stream  bool // nothing is held back but what a flush sends on
	status  int  // 0: 200
	err     error
}

func newCommit(w http.ResponseWriter, contentType string) *commit {
	w.Header().Set("Content-Type", contentType)
	return &commit{w: w}
}

// streaming commits at once, with trailers announced.
func (c *commit) streaming() {
	c.stream = true
	c.start()
}

func (c *commit) start() {
	if c.started {
		return
	}
	c.started = true
	h := c.w.Header()
	for _, name := range [...]string{HeaderStatus, HeaderNextCursor, HeaderWarning} {
		h.Add("Trailer", name)
	}
	h.Set("X-Accel-Buffering", "no")
	c.w.WriteHeader(max(c.status, http.StatusOK))
}

// Write never fails for the caller's sake: a client that left is seen by the request's context, and its error kept.
func (c *commit) Write(b []byte) (int, error) {
	c.buf = append(c.buf, b...)
	c.spill()
	return len(b), c.err
}

// streamChunk is how much of a stream is gathered before it is written without a flush.
const streamChunk = 32 << 10

func (c *commit) spill() {
	limit := holdBack
	if c.stream {
		limit = streamChunk
	}
	if len(c.buf) < limit {
		return
	}
	c.start()
	c.send()
}

func (c *commit) send() {
	if c.err == nil && len(c.buf) > 0 {
		_, c.err = c.w.Write(c.buf)
	}
	c.buf = c.buf[:0]
}

// flush sends what is there to the client, if the body is under way.
func (c *commit) flush() {
	if !c.started || len(c.buf) == 0 {
		return
	}
	c.send()
	if c.err == nil {
		c.err = http.NewResponseController(c.w).Flush()
	}
}

// set gives a header, or a trailer once the body is under way.
func (c *commit) set(name, value string) { c.w.Header().Set(name, value) }

// end sends the rest. A body that never got under way says its length.
func (c *commit) end() error {
	if !c.started {
		c.started = true
		c.w.Header().Set("Content-Length", strconv.Itoa(len(c.buf)))
		c.w.WriteHeader(max(c.status, http.StatusOK))
	}
	c.send()
	return c.err
}

// abort breaks the connection: a body that is under way must never look complete.
func (c *commit) abort() {
	c.flush()
	panic(http.ErrAbortHandler)
}
