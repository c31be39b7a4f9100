package proxy

import (
	"context"
	"io"
	"net/http"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// get answers with one bare object: the first record of the walk over the one answer that the method has.
func (q *request) get(ctx context.Context, w http.ResponseWriter) error {
	if q.params.format == Raw {
		return q.getRaw(ctx, w)
	}
	var trace *upstream.Trace
	if q.params.format == Debug {
		ctx, trace = upstream.WithTrace(ctx)
	}
	s := q.newWalk(ctx)
	defer s.Close()
	s.expect(1, false)
	if q.params.format == Debug {
		s.tune(nil, maxHeld)
	}
	x := q.explain(s)
	rec, err := s.Next()
	if err == io.EOF {
		return q.noSuch()
	}
	if err != nil {
		return q.withExchanges(q.fail(ctx, err, nil), trace)
	}
	body := x.watch(q.shaper().append)(nil, rec)
	q.observe(1)
	setWarnings(w.Header(), q.warnings)
	if q.params.format == Debug {
		v, err := q.debugOf(ctx, trace, s, x)
		if err != nil {
			return err
		}
		v.ResultCount = 1
		return q.debugged(w, body, v)
	}
	c := newCommit(w, contentJSON)
	c.head = q.stateLimits
	c.Write(body)
	return c.end()
}

// getRaw passes the provider's object on as it came.
func (q *request) getRaw(ctx context.Context, w http.ResponseWriter) error {
	s := q.bareWalk(ctx)
	call, err := q.planned(s)
	if err != nil {
		return err
	}
	reply, err := s.answer(call, q.method.Call(s.pos))
	if err != nil {
		return q.fail(ctx, err, nil)
	}
	defer reply.Body.Close()
	if reply.Empty {
		return q.noSuch()
	}
	return q.relay(w, reply)
}

func (q *request) noSuch() error {
	return problem.New(problem.NotFound, "the provider's answer holds no %s %q", q.mapped, clip(q.id, 80))
}
