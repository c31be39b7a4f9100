package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// walk pulls records out of a provider: windows, the calls that answer for them, their pages, items and outputs. It is
// the one way through the house; every format but raw reads from it. It belongs to one goroutine.
type walk struct {
	*request
	ctx    context.Context
	runner *pair // nil where items pass unmapped
	names  *names
	vars   *mapping.Vars                          // the roots of the mapping, for an explanation
	before func()                                 // called before a read that may block; nil: nothing
	keep   int                                    // bytes of a page that are kept while it is read
	tap    func(http.Header, io.Reader) io.Reader // raw's: has the bytes of each page as they come

	pos     record.Position                 // behind the last record that was given or passed over; while it resumes, where it will
	page    *page                           // nil between two pages
	parents *parents                        // of the position's call and window, where it has any; nil until the next one is asked for
	listed  map[*connector.Parents]*parents // the lists that are the same for each window
	ahead   *ahead                          // nil where the calls are made one by one
	given   int                             // records that Next gave
	most    int                             // of those that are wanted; 0: all
	byPage  bool                            // no more than one page with a record is wanted
	outputs int                             // the most that one item has given
	batch   record.Batch
	item    record.Item
	out     int    // next output of batch
	outer   []byte // the outer item that the mapping has as its parent

	links int // files of the job that was just waited for

	resuming bool // the record before pos is yet to be met
	hunting  bool // it is not where it was, and the page is searched for it

	rows  int64  // records that the window has given so far, before filters
	last  uint64 // anchor of the last of them
	broke int    // answers of the open page that broke off
	empty int    // pages without an item in a row
	seen  map[uint64]bool

	lastCall connector.Call // of the last page that was left
	lastKept *keeper        // its bytes

	worked time.Duration // on the mapping, without what a second core does
	span   *telemetry.Span

	visits *[]visit // the pages that were left, for an explanation; nil where there is none to be

	started bool
	closed  bool
	turned  bool // it has left the page that it began with
	err     error
}

// newWalk starts a walk that maps, and with it the lookups of the names that its mapping reads.
func (q *request) newWalk(ctx context.Context) *walk {
	w := q.bareWalk(ctx)
	ctx = w.ctx // with the walk's span
	w.ahead = q.newAhead(ctx)
	if q.program != nil {
		w.runner = newPair(ctx, q.program.Runner(q.mapped))
		w.runner.Check(q.catalog.CheckEvery, q.checked)
		w.names = q.lookUp(ctx)
		if !q.params.format.streams() { // one that waits holds no more than it has to
			w.batch.Buf = borrow(firstBuffer)
		}
	}
	return w
}

// bareWalk is a walk over items as they are.
func (q *request) bareWalk(ctx context.Context) *walk {
	ctx, span := telemetry.StartSpan(ctx, "walk")
	return &walk{request: q, ctx: ctx, span: span, pos: q.at}
}

func (w *walk) tune(before func(), keep int) { w.before, w.keep = before, keep }

func (w *walk) expect(limit int, byPage bool) {
	w.most, w.byPage = limit, byPage
	if w.runner != nil {
		w.runner.most = limit
	}
	if w.ahead == nil {
		return
	}
	if w.ahead.wants.byPage = byPage; limit > 0 {
		w.ahead.wants.most = limit
	}
}

// full says that the request has all that it wants.
func (w *walk) full() bool { return w.most > 0 && w.given >= w.most || w.byPage && w.given > 0 }

// Next is the next record that the request asks for. After io.EOF or an error it stays there.
func (w *walk) Next() (record.Rec, error) {
	for w.err == nil {
		if w.out < w.batch.Len() {
			if rec, keep := w.output(); keep {
				w.given++
				return rec, nil
			}
			continue
		}
		w.err = w.advance()
	}
	return record.Rec{}, w.err
}

// advance fills the batch from the next item, or moves on to the next page.
func (w *walk) advance() error {
	if w.page == nil {
		return w.open()
	}
	item, err := w.read()
	if err == io.EOF {
		return w.turn()
	}
	if err != nil && w.reread(err) {
		return nil
	}
	if err != nil {
		return err
	}
	w.batch.Reset()
	w.item, w.out = item, 0
	if w.resuming && !w.hunting && item.N < w.page.at.Item {
		return nil // served before the cursor
	}
	if err := w.emit(); err != nil {
		return err
	}
	w.foresee()
	if w.resuming && (w.hunting || item.N == w.page.at.Item) {
		return w.resume()
	}
	return nil
}

// foresee tells what looks ahead of what has just been read.
func (w *walk) foresee() {
	if w.ahead == nil {
		return
	}
	if w.item.N == 0 {
		w.ahead.early(w.page)
	}
	if n := w.batch.Len(); n > w.outputs {
		w.outputs = n
		w.ahead.gave(n, len(w.item.Raw))
	}
}

// emit maps the item into the batch; unmapped, the item is its own record.
func (w *walk) emit() error {
	if w.runner == nil {
		w.batch.Buf = append(w.batch.Buf, w.item.Raw...)
		w.batch.Outs = append(w.batch.Outs, record.Out{JSON: record.Span{End: len(w.item.Raw)}})
		return nil
	}
	if !w.item.Scanned {
		if _, st := w.runner.Scan(w.item.Raw, 0, true); st != record.Done {
			return corrupt("an item is malformed or nests too deeply")
		}
	}
	if err := w.bind(); err != nil {
		return err
	}
	began := time.Now()
	err := w.runner.EmitContext(w.ctx, &w.batch)
	w.worked += time.Since(began)
	if err != nil {
		return w.mappingProblem(err)
	}
	return w.control()
}

// bind gives the mapping its roots, once a page, and the parent with each that is new: the names are waited for only when
// an item is there to be named.
func (w *walk) bind() error {
	if w.page.bound && bytes.Equal(w.item.Parent, w.outer) {
		return nil
	}
	w.outer = append(w.outer[:0], w.item.Parent...)
	if w.page.bound {
		parent := w.parent()
		w.keepParent(parent)
		return w.runner.BindParent(parent)
	}
	w.page.bound = true
	vars := w.itemRoots()
	w.keepVars(vars)
	return w.runner.Bind(vars)
}

// itemRoots are the roots of the item.
func (w *walk) itemRoots() *mapping.Vars {
	looked, warns := w.names.wait(w.ctx)
	w.warn(warns...)
	var call []byte
	if w.visits != nil || w.program.Mentions("$call") {
		call = w.page.call.JSON()
	}
	return &mapping.Vars{
		Query: w.queryJSON, Account: w.accountJSON, Call: call, Page: w.page.items.Envelope(), Lookups: looked,
		Parent: w.parent(), Carry: w.page.at.Carry,
	}
}

// output takes the next record out of the batch; keep is false for one outside the range or the filters.
func (w *walk) output() (rec record.Rec, keep bool) {
	json, remote, said := w.batch.JSON(w.out), w.batch.Remote(w.out), w.batch.Outs[w.out].Warning
	w.out++
	if !w.page.holds(json) {
		return rec, false
	}
	w.rows++
	w.last = anchor(json)
	w.pos.Item, w.pos.Out, w.pos.Anchor = w.item.N, w.out, w.last
	if !w.filter.keep(json) {
		return rec, false
	}
	if said != nil {
		w.warn(problem.Warning{Code: said.Code, Message: said.Message})
	}
	if remote == nil && w.runner != nil {
		remote = w.item.Raw
	}
	return record.Rec{JSON: json, Remote: remote, After: w.pos}, true
}

func (w *walk) mappingProblem(err error) error {
	if w.ctx.Err() != nil {
		return w.ctx.Err() // the mapping was stopped with the request
	}
	if at, ok := errors.AsType[*mapping.Error](err); ok {
		return problem.Wrap(problem.MappingFailed, err, "the mapping of %s can't read item %d of the provider's answer: %v", w.mapped, w.item.N, at).AsRemote()
	}
	return err
}

// Close ends the walk. It may be called twice.
func (w *walk) Close() {
	w.close()
	w.lastKept.drop()
	w.lastKept = nil
	w.ahead.close()
	if w.runner != nil && !w.closed {
		w.runner.Close()
		release(w.batch.Buf)
		w.batch.Buf = nil
		w.Observer.Mapped(w.conn.Name, w.mapped, w.runner.Ran(), w.worked)
		w.line.Mapped(w.worked)
	}
	w.ended()
	w.closed = true
	if w.err == nil {
		w.err = io.EOF
	}
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}
