package proxy

import (
	"errors"
	"io"
	"slices"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// maxEmptyPages bounds how many pages in a row may bring no item before the provider is taken to go round in circles.
const maxEmptyPages = 20

// errMore ends a walk that has given all that is wanted, where the provider's word leads to a further page: whoever goes on asks
// for that one, which is not asked for only to see that it has a record.
var errMore = errors.New("there is more")

// start finds the beginning of the walk: where its cursor stands, or the first window of the range. io.EOF says that the
// range holds none.
func (w *walk) start() error {
	w.started = true
	if err := w.waitFor(w.ctx, w.method.Lookups(w.conn)); err != nil {
		return err
	}
	if !w.resumes {
		first, ok, err := w.method.First(w.scope)
		if err != nil {
			return err
		}
		if !ok {
			return io.EOF
		}
		first.Now, first.Rev, first.Size = w.at.Now, w.at.Rev, w.at.Size
		w.pos = first
	}
	w.resuming = w.pos.Out > 0
	if w.last = w.pos.Anchor; w.last != 0 {
		w.rows = 1 // at the start of a page, too, it says that the window has given a record
	}
	if len(w.pos.Token) > 0 {
		w.saw(hash(w.pos.Token))
	}
	return nil
}

// saw remembers the cursor of a page.
func (w *walk) saw(token uint64) {
	if w.seen == nil {
		w.seen = map[uint64]bool{}
	}
	w.seen[token] = true
}

// enter goes to where a page can be fetched: a call for each of some parents is made for the first of them. Where there is
// none, the window has no items.
func (w *walk) enter() error {
	if !w.started {
		if err := w.start(); err != nil {
			return err
		}
	}
	for {
		spec := w.method.Call(w.pos)
		if spec == nil {
			return nil // the plan says why
		}
		if err := w.waitFor(w.ctx, slices.Concat(spec.Lookups(w.conn), w.conn.LookupsOf(w.over))); err != nil {
			return err
		}
		if spec.Parents == nil || len(w.pos.Parent) > 0 {
			return nil
		}
		parent, err := w.nextParent()
		if err != nil {
			return err
		}
		if parent != nil {
			w.pos.Parent = parent
			return nil
		}
		if err := w.move(nil, connector.Facts{Records: w.rows}); err != nil {
			return err
		}
	}
}

// open fetches the page at the walk's position.
func (w *walk) open() error {
	if err := w.enter(); err != nil {
		return err
	}
	pg, err := w.fetch()
	if err != nil {
		return err
	}
	w.page = pg
	pg.span, pg.worked = w.mapSpan(), w.worked
	return nil
}

// turn leaves a page that has ended for what comes behind it: the next page, the next parent, the call to fall back on, the
// next window.
func (w *walk) turn() error {
	if w.resuming {
		return w.hunt()
	}
	if w.again() {
		return problem.New(problem.PaginationLoop, "the provider goes round in circles: the page after cursor %q ends with the record that the page before it ended with", clip(string(w.pos.Token), 80)).AsRemote()
	}
	from, facts := w.page, w.page.facts(w.rows)
	facts.Parent = w.nextParent
	w.close() // before the parents are asked for, who may have to wait for their place at the provider
	if err := w.move(from, facts); err != nil {
		return err
	}
	if w.full() && len(w.pos.Token) > 0 && w.method.Call(w.pos).LeadsOn(facts) {
		return errMore
	}
	return nil
}

// move goes on to the position behind a page, or behind a window that has none, and then from is nil. io.EOF is the end.
func (w *walk) move(from *page, facts connector.Facts) error {
	at := w.pos
	if from != nil {
		at = from.last
	}
	next, more, warns, err := w.method.Next(w.scope, at, facts)
	w.warn(warns...)
	switch {
	case err != nil:
		return err
	case !more:
		return io.EOF
	case next.Window != w.pos.Window:
		w.rows, w.last = 0, 0
	}
	if next.Window != w.pos.Window || next.Call != w.pos.Call {
		w.parents = nil
	}
	if len(next.Token) == 0 { // another window, or another call for it, counts its pages anew
		w.empty = 0
		clear(w.seen)
	} else {
		next.Carry = from.table.carry(next.Carry)
		if err := w.follow(facts, next); err != nil {
			return err
		}
	}
	next.Anchor = w.last
	w.pos, w.turned, w.broke = next, true, 0
	return nil
}

// again says whether the page is the one before it once more, as from a provider that does not know the parameter which
// its pages are counted by: nothing else would end such a walk.
func (w *walk) again() bool {
	at := w.page.at
	return w.runner != nil && w.method.Call(at).Counts() && len(at.Token) > 0 && at.Out == 0 && w.pos.Out > 0 && w.last == at.Anchor
}

// follow refuses to go from a page to a further one where the provider goes round in circles. The files of a job are
// counted, so that empty ones are none.
func (w *walk) follow(from connector.Facts, next record.Position) error {
	if w.empty++; from.Items > 0 || from.Links > 0 {
		w.empty = 0
	}
	h := hash(next.Token)
	if w.seen[h] || w.empty > maxEmptyPages {
		return problem.New(problem.PaginationLoop, "the provider goes round in circles: page cursor %q after %d pages without an item", clip(string(next.Token), 80), w.empty).AsRemote()
	}
	w.saw(h)
	return nil
}

// resume places the walk behind the record that the cursor stands on, if the item that was just mapped has it.
func (w *walk) resume() error {
	for i := range w.batch.Len() {
		if anchor(w.batch.JSON(i)) == w.page.at.Anchor {
			w.out, w.resuming, w.hunting = i+1, false, false
			return nil
		}
	}
	if !w.hunting {
		return w.hunt()
	}
	w.out = w.batch.Len()
	return nil
}

// hunt searches the page from its start for a record that is not where it was. It is never guessed at.
func (w *walk) hunt() error {
	if w.hunting {
		return problem.New(problem.CursorStale, "the record that the cursor stands on is no longer in the provider's answer; start again without a cursor")
	}
	w.hunting = true
	w.close()
	return nil
}

// close lets go of the open page.
func (w *walk) close() {
	w.note()
	if w.page != nil {
		w.lastKept.drop()
		w.lastCall, w.lastKept = w.page.call, w.page.kept
		w.mappedPage(w.page)
		w.page.close()
		w.page = nil
	}
	w.batch.Reset()
	w.out = 0
}

// said is the last record-carrying call, and its answer if it was kept whole.
func (w *walk) said() (connector.Call, []byte) {
	if w.page == nil {
		return w.lastCall, w.lastKept.whole()
	}
	return w.page.call, w.page.kept.rest()
}

// here is where the walk stands; moved is false while that is where it began without a cursor.
func (w *walk) here() (at record.Position, moved bool) {
	return w.pos, w.resumes || w.turned || w.pos.Out > 0 || len(w.pos.Job) > 0
}

// pageOf is the open page, and the position before its first record; on the page where the walk resumed, the place where
// it did.
func (w *walk) pageOf() (any, record.Position) {
	at := w.page.at
	at.Job = w.pos.Job
	return w.page, at
}
