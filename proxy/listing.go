package proxy

import (
	"context"
	"io"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// listing goes through a list that stands beside the walk, a page at a time: a lookup's entries, or the parents of a call.
type listing struct {
	sess   *upstream.Session
	method *connector.Method
	scope  *connector.Scope
	at     record.Position
	more   bool // a page is there to be read
	pages  int
	most   int // of them
}

// page reads the next page, and tells each of its items, until one of them is enough. Its answer is closed when it returns,
// so that nothing waits at the provider while the walk goes on.
func (l *listing) page(ctx context.Context, each func(record.Item) (bool, error)) error {
	if l.pages++; l.pages > l.most {
		return problem.New(problem.PaginationLoop, "the provider has more than %d pages of what is listed beside the records", l.most).AsRemote()
	}
	call, err := l.method.At(l.scope, l.at)
	if err != nil {
		return err
	}
	reply, err := l.sess.Ask(ctx, call)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	l.more = false
	if reply.Empty {
		return nil
	}
	it, table := newItems(reply.Body, l.method.Call(l.at), l.at.Carry, record.Scan)
	defer letGo(it)
	for {
		item, err := it.Next()
		if err != nil {
			if err = judged(ctx, l.sess, call, reply, it, err); err != io.EOF {
				return err
			}
			break
		}
		if more, err := each(item); !more || err != nil {
			return err
		}
	}
	l.at, l.more, _, err = l.method.Next(l.scope, l.at, connector.Facts{Envelope: it.Envelope(), Header: reply.Header, Items: it.Count(), Records: it.Count()})
	l.at.Carry = table.carry(l.at.Carry)
	return err
}

// judged is how the reading of an answer ended, err, unless the rules of the connector's errors know better: one that has
// come whole, or whose items can't be found, may be the provider's error in a good status.
func judged(ctx context.Context, sess *upstream.Session, call connector.Call, reply *upstream.Reply, it items, err error) error {
	rest := it.Envelope()
	if err != io.EOF && !record.IsDocument(rest) {
		return err
	}
	if bad := sess.Judge(ctx, call, reply, rest); bad != nil {
		return bad
	}
	return err
}
