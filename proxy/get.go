package proxy

import (
	"context"
	"net/http"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// get answers with one bare object.
func (q *request) get(ctx context.Context, w http.ResponseWriter) error {
	s := q.newWalk(ctx)
	defer s.Close()
	at, ok, err := q.method.First(q.scope)
	if err != nil || !ok {
		return err
	}
	call, err := q.method.At(q.scope, at)
	if err != nil {
		return err
	}
	reply, err := q.sess.Do(ctx, call)
	if err != nil {
		return q.fail(ctx, err, nil)
	}
	if q.params.format == Raw {
		return q.relay(w, reply)
	}
	body, err := readDocument(reply)
	if err != nil {
		return q.fail(ctx, err, nil)
	}
	c := newCommit(w, contentJSON)
	s.page = &page{call: call, at: at, body: noBody{}, items: noItems{}}
	s.item = record.Item{Raw: body}
	if err := s.emit(); err != nil {
		return q.fail(ctx, err, nil)
	}
	if s.batch.Len() == 0 {
		return problem.New(problem.NotFound, "the provider's answer holds no %s %q", q.mapped, clip(q.id, 80))
	}
	rec, _ := s.output()
	setWarnings(c.w.Header(), q.allWarnings())
	q.stateLimits(c.w.Header())
	c.Write(q.shaper().append(nil, rec))
	return c.end()
}

type noBody struct{}

func (noBody) Close() error { return nil }
