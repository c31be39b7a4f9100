package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// lands is told how the call for a page went.
func (a *ahead) lands(pg *aheadPage) upstream.Landed {
	return func(reply *upstream.Reply, body []byte, err error) {
		defer func() { _ = recover() }() // a guess is not worth the process; the walk itself will meet what it met
		a.mu.Lock()
		ours := a.pages[nameOf(pg.at)] == pg // the walk does not read it yet
		if ours && !pg.landed {
			a.flying--
			if pg.size = len(body); reply != nil && body == nil {
				pg.size = upstream.MaxShared
			}
			a.held += pg.size
		}
		pg.landed, pg.reply, pg.body = true, reply, body
		if err != nil && ours && !errors.Is(err, upstream.ErrGivenUp) {
			a.fail(pg, err)
		}
		a.mu.Unlock()
		if body != nil {
			a.look(pg)
		}
	}
}

// fail ends the looking ahead. A failure that the calls beside it may have brought about is not the walk's: it asks again.
func (a *ahead) fail(pg *aheadPage, err error) {
	a.closed = true
	if pg.beside && tooMany(err) {
		delete(a.pages, nameOf(pg.at))
		a.release(pg)
		pg.seat.Close()
	}
}

// again says whether the walk asks anew for a page that failed, once nothing else of it is under way.
func (a *ahead) again(ctx context.Context, pg *aheadPage, err error) bool {
	if !pg.beside || !tooMany(err) || ctx.Err() != nil {
		return false
	}
	a.mu.Lock()
	a.closed = true
	var flying []*upstream.Seat
	for _, other := range a.pages {
		flying = append(flying, other.seat)
	}
	a.mu.Unlock()
	for _, seat := range flying {
		seat.Await(ctx)
	}
	return ctx.Err() == nil
}

// tooMany says that the provider was asked too much at a time, which one call after another would not have done.
func tooMany(err error) bool {
	p := problem.From(err)
	return p.Remote && p.Status == http.StatusTooManyRequests
}

// look looks through a page that has come whole for what follows it, once.
func (a *ahead) look(pg *aheadPage) {
	a.mu.Lock()
	spec := a.method.Call(pg.at)
	worth := !pg.seen && !a.closed && (spec.Page != nil || !a.wants.all()) && (pg != a.open || a.wants.open(len(pg.body)))
	if !worth {
		a.plan() // the call has given its place back
		a.mu.Unlock()
		return
	}
	pg.seen = true
	a.mu.Unlock()
	facts, table, n, ok := peruse(spec, pg)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !ok {
		return // the walk will say what is wrong with it
	}
	pg.items = n
	a.wants.saw(n)
	if l := pg.line; nameOf(l.at) == nameOf(pg.at) && !l.ready {
		l.came = facts
		if l.empty++; facts.Items > 0 {
			l.empty = 0
		}
		a.lead(l, facts)
		l.next.Carry = table.carry(l.next.Carry)
		l.done = !l.ready
	}
	a.plan()
}

// peruse reads a page to its end, for its facts and the number of its items.
func peruse(spec *connector.CallSpec, pg *aheadPage) (facts connector.Facts, table *columnar, n int64, ok bool) {
	var it items = noItems{}
	if !pg.reply.Empty {
		it, table = newItems(newArrived(pg.body), bare(spec), pg.at.Carry, record.Scan)
	}
	defer func() { letGo(it) }()
	for {
		_, err := it.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return facts, nil, n, false
		}
		n++
	}
	return connector.Facts{Envelope: it.Envelope(), Header: pg.reply.Header, Items: it.Count(), Records: 1}, table, n, true
}

// lead finds the page behind a line's last one. Where nothing leads on, or round in circles, the walk will say so.
func (a *ahead) lead(l *line, facts connector.Facts) {
	facts.Records, facts.Parent = 1, nil
	next, more, _, err := a.method.Next(&a.scope, l.at, facts)
	if err != nil || !more || len(next.Token) == 0 || !l.of(next) || l.empty > maxEmptyPages {
		return
	}
	if h := hash(next.Token); !l.tokens[h] {
		if l.tokens == nil {
			l.tokens = map[uint64]bool{}
		}
		l.tokens[h] = true
		l.next, l.ready = next, true
	}
}

// early is look for a page of which the walk has the beginning, up to its first item.
func (a *ahead) early(pg *page) {
	a.mu.Lock()
	defer a.mu.Unlock()
	head, ok := pg.items.(*jsonItems)
	l := a.open.line
	if !ok || a.closed || a.wants.limited() || nameOf(l.at) != nameOf(pg.last) || l.ready {
		return
	}
	facts := connector.Facts{Envelope: head.sofar(), Header: pg.header, Items: 1}
	if a.method.Call(l.at).Settled(l.at, facts) {
		a.lead(l, facts)
		a.plan()
	}
}

// gave is told that an item has given more records than any before it.
func (a *ahead) gave(records, size int) {
	a.mu.Lock()
	a.wants.outputs, a.wants.size = records, size
	pg := a.open
	whole := pg.body != nil && !pg.seen
	a.mu.Unlock()
	if whole && a.wants.limited() {
		a.look(pg)
	}
}
