package proxy

import (
	"context"
	"net/http"

	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// Values of the trailer Meterbridge-Status.
const (
	statusComplete = "complete"
	statusLimited  = "limited"
	statusError    = "error"
)

// stream forwards the walk: each record is mapped and written as it arrives, over all pages. Its end is never ambiguous:
// complete, limited with a cursor, or an error line with the cursor behind the last record that was written. Until the
// first record an error is a clean status.
func (q *request) stream(ctx context.Context, w http.ResponseWriter, s source) error {
	defer s.Close()
	f := q.framing(ctx, w)
	defer f.stop()
	limit, keep := q.streamLimit()
	s.tune(f.flush, keep)
	out := q.fill(ctx, s, limit, false, f.record)
	f.stop()
	q.observe(out.n)
	token := ""
	if out.err == nil {
		token, out.err = q.mint(ctx, out.next)
	}
	if out.err != nil {
		p := q.fail(ctx, out.err, out.here)
		if !f.c.started {
			return p
		}
		q.logBroken(ctx, p)
		f.problem(p)
		return nil
	}
	if token != "" {
		f.finish(statusLimited, token)
	} else {
		f.finish(statusComplete, "")
	}
	return nil
}

// streamLimit is how many records a format without pages gives (0: all), and how much of a page is worth keeping: only a
// limit makes a cursor that leads into one.
func (q *request) streamLimit() (limit, keep int) {
	if !q.params.limitGiven {
		return 0, 0
	}
	return q.params.limit, cursor.MaxPage
}

// logBroken says that a body under way has ended badly. A client that leaves is nobody's fault.
func (q *request) logBroken(ctx context.Context, p *problem.Problem) {
	q.line.Broke(string(p.Code))
	if p.Code != problem.ClientGone {
		q.Log.WarnContext(ctx, "a body under way broke", "format", q.params.format, "code", p.Code, "error", p.Error())
	}
}

func (q *request) observe(n int) {
	q.line.Served(q.resource.Name, n)
	q.Observer.Records(q.conn.Name, q.mapped, string(q.params.format), n)
}
