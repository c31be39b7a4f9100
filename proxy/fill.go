package proxy

import (
	"context"
	"errors"
	"io"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// source is what records are pulled from: a walk, or a list derived from one.
type source interface {
	Next() (record.Rec, error)
	// page identifies the provider's page of the last record; two records of one page have the same.
	pageID() any
	// pageStart is the position before the first record of that page.
	pageStart() record.Position
	// giveUp is where a walk that has served nothing can go on; ok is false while that is its beginning.
	giveUp() (at record.Position, ok bool)
	// remember keeps the page for the next request.
	remember()
	Close()
}

// filled says how a page of an answer ended.
type filled struct {
	n    int
	next *record.Position // nil at the end
	err  error            // the page could not be filled; nothing of it may be served
	back *record.Position // with err: where the page can be asked for again
}

// fill pulls up to limit records, and one more to know whether there is more: a cursor never leads to an empty page.
// With ignoreLimit it stops where the provider's page ends. each must be done with the record when it returns.
func (q *request) fill(ctx context.Context, s source, limit int, each func(record.Rec) error) filled {
	var (
		out   filled
		last  record.Position
		first *record.Position
		page  any
	)
	if q.params.ignoreLimit && !q.params.limitGiven {
		limit = MaxIgnoredLimit
	}
	for {
		rec, err := s.Next()
		switch {
		case err == io.EOF:
			return out
		case err != nil && out.n == limit, err != nil && out.n > 0 && ctx.Err() != nil:
			// The records are good; whoever asks for the next ones meets the error.
			if out.n < limit {
				q.warn(problem.Warning{Code: problem.WarnPageCut, Message: "the deadline came before the page was full; go on with next_cursor"})
			}
			s.remember()
			out.next = &last
			return out
		case err != nil:
			out.err = err
			if first != nil {
				out.back = first
			} else if at, ok := s.giveUp(); ok {
				out.back = &at
			}
			return out
		}
		if turned := s.pageID() != page; out.n == limit || q.params.ignoreLimit && out.n > 0 && turned {
			if turned {
				last = s.pageStart()
			}
			s.remember()
			out.next = &last
			return out
		}
		if first == nil {
			at := s.pageStart()
			first = &at
		}
		if err := each(rec); err != nil {
			out.err = err
			return out
		}
		out.n++
		last, page = rec.After, s.pageID()
	}
}

// mint makes the token of a position. Its failure costs the cursor and not the answer, but is never silent.
func (q *request) mint(ctx context.Context, at *record.Position) (string, error) {
	if at == nil {
		return "", nil
	}
	return q.Cursors.Mint(context.WithoutCancel(ctx), q.acct.ID, q.selection, *at)
}

// fail gives an error the cursor with which the request can be taken up again.
func (q *request) fail(ctx context.Context, err error, back *record.Position) *problem.Problem {
	p := problem.From(err)
	if p.Code == problem.MappingFailed {
		q.Observer.MappingFailed(q.conn.Name, q.mapped)
	}
	if errors.Is(err, context.DeadlineExceeded) || p.Code == problem.Timeout {
		p = problem.Wrap(problem.UpstreamTimeout, err, "the provider was too slow for the deadline of %s; go on with next_cursor, or ask for less", q.Deadline).AsRemote()
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
