package proxy

import (
	"cmp"
	"context"
	"io"
	"net/http"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// raw answers with one record-carrying response of the provider, byte for byte. The bytes pass through while a second
// reader looks for the facts that lead to the next page; nothing is re-encoded. What carries no record is passed over for
// as long as something follows it.
func (q *request) raw(ctx context.Context, w http.ResponseWriter) error {
	s := q.bareWalk(ctx)
	defer s.Close()
	s.pos.Item, s.pos.Out = 0, 0 // a page is served whole or not at all
	var c *commit
	var body *passing
	s.tap = func(h http.Header, r io.Reader) io.Reader {
		c = newCommit(w, cmp.Or(h.Get("Content-Type"), "application/octet-stream"))
		c.trailers = true
		c.head = q.headersBeside
		body = &passing{c: c, body: r}
		return body
	}
	for {
		c = nil
		err := s.open()
		if err == nil {
			if c == nil || !body.gather(s.page.header.Get("Content-Length")) || !s.skim(body.have) {
				err = s.drain()
			} else {
				s.rows, s.last, err = s.rows+1, 1, io.EOF
			}
		}
		if err == io.EOF {
			if s.page == nil {
				return q.nothing(w) // the range holds no window
			}
			rows := s.page.count
			err = s.turn()
			if c == nil && err == io.EOF {
				return q.nothing(w) // the connector's rules read the answer as empty
			}
			if rows == 0 && err == nil && (c == nil || !c.started) {
				continue
			}
		} else if s.page != nil && c != nil && s.page.read.sound() && !s.page.refused {
			err = q.unreadable(s, c, err)
		}
		return q.endRaw(ctx, s, c, err)
	}
}

// drain reads the page's items, which nobody maps. io.EOF is the good end.
func (w *walk) drain() error {
	for {
		if _, err := w.read(); err != nil {
			if w.page.count > 0 {
				w.rows, w.last = w.rows+w.page.count, 1 // the window has given a record
			}
			return err
		}
	}
}

// unreadable passes on what came whole and is no list of items: raw promises nothing of its bytes, and whoever wants to
// know why nothing else can read them asks for raw.
func (q *request) unreadable(s *walk, c *commit, why error) error {
	if _, err := io.Copy(io.Discard, s.page.read); err != nil {
		return err
	}
	q.warn(problem.Warning{Code: problem.WarnUnreadable, Message: "no next page can be found in the provider's answer: " + problem.From(why).Message})
	return io.EOF
}

// endRaw ends the answer: io.EOF where nothing follows, nil where the walk goes on, or what broke it.
func (q *request) endRaw(ctx context.Context, s *walk, c *commit, err error) error {
	var next *record.Position
	if err == nil {
		next = &s.pos
	}
	token := ""
	if err == nil || err == io.EOF {
		token, err = q.mint(ctx, next)
	}
	if err != nil {
		p := q.fail(ctx, err, q.broken(ctx, s, filled{}, false, err).here)
		if c != nil && c.started {
			q.logBroken(ctx, p)
			c.abort()
		}
		return p
	}
	q.observe(int(min(s.rows, 1))) // an answer, whose records are not counted
	if token != "" {
		c.set(HeaderNextCursor, token)
	}
	setWarnings(c.w.Header(), q.warnings)
	return c.end()
}

// nothing is raw's answer where the provider has none for the range.
func (q *request) nothing(w http.ResponseWriter) error {
	q.headersBeside(w.Header())
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// headersBeside are what every answer says, for a body that has no place for it.
func (q *request) headersBeside(h http.Header) {
	h.Set(HeaderRange, string(q.appendRange(nil)))
	setWarnings(h, q.warnings)
	q.stateLimits(h)
}
