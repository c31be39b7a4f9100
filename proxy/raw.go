package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// raw answers with one record-carrying response of the provider, byte for byte. The bytes pass through while a second
// reader looks for the facts that lead to the next page; nothing is re-encoded.
func (q *request) raw(ctx context.Context, w http.ResponseWriter) error {
	s := q.newWalk(ctx)
	defer s.Close()
	s.runner, s.keepPg = nil, false
	s.resumes = false
	at, ok := q.at, true
	if !q.resumes {
		first, more, err := q.method.First(q.scope)
		if err != nil {
			return err
		}
		first.Now, first.Rev, first.Size = q.at.Now, q.at.Rev, q.at.Size
		at, ok = first, more
	}
	at.Item, at.Out = 0, 0
	for {
		if !ok {
			return q.nothing(w)
		}
		s.pos, s.from = at, at
		next, more, done, err := q.rawPage(ctx, w, s)
		if err != nil || done {
			return err
		}
		at, ok = next, more
	}
}

// nothing is raw's answer where no call of the provider stands for the range.
func (q *request) nothing(w http.ResponseWriter) error {
	q.rawHeaders(w.Header())
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// rawPage sends one answer. done is false where it carried no record and another call answers for the same window.
func (q *request) rawPage(ctx context.Context, w http.ResponseWriter, s *walk) (next record.Position, more, done bool, err error) {
	call, err := q.method.At(q.scope, s.pos)
	if err != nil {
		return next, false, false, err
	}
	spec := q.method.Call(s.pos)
	reply, err := s.answer(call, spec)
	if err != nil {
		at, ok := s.giveUp()
		if !ok {
			return next, false, false, q.fail(ctx, err, nil)
		}
		return next, false, false, q.fail(ctx, err, &at)
	}
	defer reply.Body.Close()
	c := newCommit(w, reply.Header.Get("Content-Type"))
	if reply.Header.Get("Content-Type") == "" {
		c.w.Header().Set("Content-Type", "application/octet-stream")
	}
	facts := connector.Facts{Header: reply.Header}
	it, err := newItems(io.TeeReader(reply.Body, c), bare(spec))
	if err != nil {
		return next, false, false, err
	}
	for err == nil {
		if _, err = it.Next(); err == nil {
			facts.Items++
		}
	}
	if err != io.EOF {
		return next, false, false, q.rawBroken(ctx, c, s, err, reply.Body)
	}
	facts.Envelope, facts.Records = it.Envelope(), facts.Items
	next, more, warns, err := q.method.Next(q.scope, s.pos, facts)
	q.warn(warns...)
	if err != nil {
		return next, false, false, q.rawBroken(ctx, c, s, err, nil)
	}
	if facts.Items == 0 && more && next.Window == s.pos.Window && next.Call != s.pos.Call && !c.started {
		return next, true, false, nil
	}
	token := ""
	if more {
		if token, err = q.mint(ctx, &next); err != nil {
			return next, false, false, err
		}
		c.set(HeaderNextCursor, token)
	}
	q.rawHeaders(c.w.Header())
	q.Observer.Records(q.conn.Name, q.mapped, string(Raw), int(facts.Items))
	return next, more, true, c.end()
}

// bare is the call's items as they stand in the bytes, not gathered or compared.
func bare(spec *connector.CallSpec) *connector.CallSpec {
	b := *spec
	b.Latest, b.Unit = nil, ""
	return &b
}

// rawBroken passes on what is no list of items, if all of its bytes came: raw promises nothing of them. What broke under
// way is a problem, or an aborted connection.
func (q *request) rawBroken(ctx context.Context, c *commit, s *walk, err error, rest io.Reader) error {
	var p *problem.Problem
	if errors.As(err, &p) && p.Code == problem.UpstreamUnexpected && rest != nil {
		if _, err = io.Copy(c, rest); err == nil {
			q.rawHeaders(c.w.Header())
			return c.end()
		}
	}
	if c.started {
		c.abort()
	}
	at := s.pos
	return q.fail(ctx, err, &at)
}

func (q *request) rawHeaders(h http.Header) {
	h.Set(HeaderRange, string(q.rangeJSON()))
	setWarnings(h, q.allWarnings())
	q.stateLimits(h)
}
