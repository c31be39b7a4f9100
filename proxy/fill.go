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

// source is what records are pulled from: a walk, or a list derived from one.
type source interface {
	Next() (record.Rec, error)
	// tune is called before the first Next: before runs ahead of each read that may block, and of a page of the
	// provider's at most keep bytes are kept.
	tune(before func(), keep int)
	// expect is called before the first Next too: up to limit records are wanted (0: all), and one more to know whether there is
	// more; by page no more than one page with a record, and the first record behind it. In place of that one more record Next
	// may give errMore.
	expect(limit int, byPage bool)
	// here is the position behind everything that Next gave or passed over; moved is false while it is the beginning.
	here() (at record.Position, moved bool)
	// pageOf tells the provider's page of the last record from others, and is the position before its first record.
	pageOf() (id any, start record.Position)
	// remember keeps the page for the next request.
	remember()
	// said is the provider's last record-carrying call, and its answer if it was kept whole.
	said() (connector.Call, []byte)
	Close()
}

// filled says how an answer's records ended.
type filled struct {
	n    int
	next *record.Position // where the next request goes on; nil at the end
	err  error            // what broke the walk
	back *record.Position // with err: before the first record; nil where that is no more than the request said
	here *record.Position // with err: behind the last record
}

// fill pulls up to limit records (0: all), and one more to know whether there is more, where the provider's word does not say
// so. By page it stops where the provider's page ends. each must be done with the record when it returns.
func (q *request) fill(ctx context.Context, s source, limit int, byPage bool, each func(record.Rec) error) filled {
	var (
		out  filled
		last record.Position
		page any
	)
	s.expect(limit, byPage)
	for {
		rec, err := s.Next()
		switch err {
		case io.EOF:
			return out
		case errMore:
			last, _ = s.here()
			out.next = &last
			return out
		}
		full := limit > 0 && out.n == limit
		if err != nil {
			return q.broken(ctx, s, out, full, err)
		}
		id, start := s.pageOf()
		if turned := id != page; full || byPage && out.n > 0 && turned {
			if turned {
				last = start
			}
			out.next = &last
			s.remember()
			return out
		}
		if out.n == 0 {
			first := start
			out.back = &first
		}
		if out.err = each(rec); out.err != nil {
			out.back = nil
			return out
		}
		out.n++
		last, page = rec.After, id
	}
}

// broken ends an answer whose walk has met an error. What is full has no use for the record that failed, and what has run
// out of time is good as far as it goes: whoever goes on meets the error.
func (q *request) broken(ctx context.Context, s source, out filled, full bool, err error) filled {
	at, moved := s.here()
	stops := whyEnded(ctx) != nil
	late := outOfTime(ctx, err) || stops && !q.params.format.streams() // a stream that ends says why
	if out.n > 0 && (full || late) {
		why := "the deadline came before the page was full"
		if stops {
			why = "the gateway is being stopped"
		}
		if !full {
			q.warn(problem.Warning{Code: problem.WarnPageCut, Message: why + "; go on with next_cursor"})
		}
		out.next, out.back = &at, nil
		return out
	}
	out.err = err
	if moved || late || problem.From(err).Status == http.StatusGatewayTimeout {
		out.here = &at
	}
	if out.n == 0 {
		out.back = out.here
	}
	return out
}

// outOfTime says whether the request's own deadline has passed, or is sure to pass before a job or a turn comes.
func outOfTime(ctx context.Context, err error) bool {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return true
	}
	code := problem.From(err).Code
	return code == problem.Timeout || code == problem.JobPending || code == problem.TooManyRequests
}

// mint makes the token of a position, "" where there is none. Its failure fails the answer: without the cursor the
// records behind it would be lost without a word.
func (q *request) mint(ctx context.Context, at *record.Position) (string, error) {
	if at == nil {
		return "", nil
	}
	if q.minter == nil {
		q.minter = q.Cursors.For(q.acct.ID, q.selection)
	}
	return q.minter.Mint(ctx, *at)
}

// fail gives an error the cursor with which the request can be taken up again.
func (q *request) fail(ctx context.Context, err error, back *record.Position) *problem.Problem {
	p := problem.From(err)
	if why := whyEnded(ctx); why != nil {
		p = why
	}
	switch p.Code {
	case problem.MappingFailed:
		q.Observer.MappingFailed(q.conn.Name, q.mapped)
	case problem.Timeout:
		do := "go on with next_cursor, or ask for less"
		if q.params.summaryBy != nil {
			do = "sums need the whole range at once, so ask for a shorter one"
		}
		p = problem.Wrap(problem.UpstreamTimeout, err, "the provider was too slow for the deadline of %s; %s", q.Deadline, do).AsRemote()
	case problem.CursorStale:
		return p // what it stood on is gone
	}
	if back == nil {
		return p
	}
	with := *p // the problem may be shared by all who waited for one flight
	if token, mintErr := q.mint(ctx, back); mintErr == nil {
		with.NextCursor = token
	}
	return &with
}
