package proxy

import (
	"context"
	"errors"
	"hash/fnv"
	"io"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// maxEmptyPages bounds how many pages in a row may bring nothing before the provider is taken to go round in circles.
const maxEmptyPages = 20

// walk pulls records out of a provider: windows, the calls that answer for them, their pages, items and outputs. It is
// the one way through the house; every format but raw reads from it. It belongs to one goroutine.
type walk struct {
	*request
	ctx    context.Context
	runner *mapping.Runner // nil where items pass unmapped
	names  *names
	before func() // called before a read that may block
	keepPg bool   // pages are kept for the page cache while they are read

	pos   record.Position // the open page; Item and Out are 0 once the walk stands where it resumes
	from  record.Position // where the walk began, and what to search for when it hunts
	hunt  bool            // the record before the cursor has moved; the page is searched for it
	page  *page
	batch record.Batch
	item  record.Item
	out   int    // next output of batch
	rows  int64  // records that the window has given so far, before filters
	last  uint64 // anchor of the last of them
	empty int    // pages without a record in a row
	seen  map[uint64]bool

	lastCall connector.Call // of the last page that was left
	lastBody []byte         // its bytes, as far as they were kept

	started bool
	err     error
}

// said is the last record-carrying call and its answer, whole if it is small enough to be kept.
func (w *walk) said() (connector.Call, []byte) {
	if w.page != nil {
		if w.page.kept != nil {
			if body, ok := w.page.kept.rest(); ok {
				return w.page.call, body
			}
		}
		return w.page.call, nil
	}
	return w.lastCall, w.lastBody
}

func (q *request) newWalk(ctx context.Context) *walk {
	w := &walk{request: q, ctx: ctx, pos: q.at, from: q.at, seen: map[uint64]bool{}, keepPg: true}
	if q.program != nil {
		w.runner = q.program.Runner(q.mapped)
		w.names = q.lookUp(ctx, q.program.Reads("$lookups"))
	}
	return w
}

// Next is the next record that the request asks for. After io.EOF or an error it stays there.
func (w *walk) Next() (record.Rec, error) {
	for w.err == nil {
		if w.out < w.batch.Len() {
			if rec, keep := w.output(); keep {
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
	item, err := w.page.items.Next()
	if err == io.EOF {
		return w.turn()
	}
	if err != nil {
		return err
	}
	w.page.count = item.N + 1
	w.batch.Reset()
	w.item, w.out = item, 0
	if item.N < w.pos.Item && !w.hunt {
		return nil // served before the cursor
	}
	if err := w.emit(); err != nil {
		return err
	}
	if w.pos.Out > 0 && (w.hunt || item.N == w.pos.Item) {
		return w.resume()
	}
	return nil
}

// emit maps the item into the batch; unmapped, the item is its own record.
func (w *walk) emit() error {
	if w.runner == nil {
		w.batch.Buf = append(w.batch.Buf, w.item.Raw...)
		w.batch.Outs = append(w.batch.Outs, record.Out{JSON: record.Span{End: len(w.item.Raw)}})
		return nil
	}
	if err := w.bind(); err != nil {
		return err
	}
	if _, st := w.runner.Scan(w.item.Raw, 0, true); st != record.Done {
		return corrupt("an item is malformed or nests too deeply")
	}
	if err := w.runner.Emit(&w.batch); err != nil {
		return w.mappingProblem(err)
	}
	return w.control()
}

// bind gives the mapping its roots, once a page: the names are waited for only when an item is there to be named.
func (w *walk) bind() error {
	if w.page.bound {
		return nil
	}
	looked, warns := w.names.wait(w.ctx)
	w.warn(warns...)
	w.page.bound = true
	return w.runner.Bind(&mapping.Vars{Query: w.queryJSON, Account: w.accountJSON, Call: w.page.call.JSON(), Lookups: looked})
}

// resume places the walk behind the record that the cursor stands on. If it is not where it was, the page is searched.
func (w *walk) resume() error {
	if !w.hunt {
		if at := w.pos.Out - 1; at < w.batch.Len() && anchor(w.batch.JSON(at)) == w.pos.Anchor {
			w.resumed(w.pos.Out)
			return nil
		}
		return w.startHunt()
	}
	for i := range w.batch.Len() {
		if anchor(w.batch.JSON(i)) == w.pos.Anchor {
			w.resumed(i + 1)
			return nil
		}
	}
	w.out = w.batch.Len()
	return nil
}

func (w *walk) resumed(out int) {
	w.out, w.hunt = out, false
	w.pos.Item, w.pos.Out = 0, 0
}

func (w *walk) startHunt() error {
	w.hunt = true
	w.close()
	return nil
}

// output takes the next record out of the batch; keep is false for one outside the range or the filters.
func (w *walk) output() (rec record.Rec, keep bool) {
	json := w.batch.JSON(w.out)
	if w.runner != nil {
		if rec.Remote = w.batch.Remote(w.out); rec.Remote == nil {
			rec.Remote = w.item.Raw
		}
	}
	w.out++
	if !w.page.holds(json) {
		return rec, false
	}
	w.rows++
	w.last = anchor(json)
	if !w.filter.keep(json) {
		return rec, false
	}
	rec.JSON, rec.After = json, w.pos
	rec.After.Item, rec.After.Out, rec.After.Anchor = w.item.N, w.out, w.last
	return rec, true
}

// turn leaves a page that has ended for what comes behind it: the next page, the call to fall back on, the next window.
func (w *walk) turn() error {
	if w.pos.Out > 0 || w.pos.Item > 0 {
		if w.hunt {
			return problem.New(problem.CursorStale, "the record that the cursor stands on is no longer in the provider's answer; start again without a cursor")
		}
		return w.startHunt()
	}
	if w.empty++; w.page.rows < w.rows {
		w.empty = 0
	}
	facts := connector.Facts{Envelope: w.page.items.Envelope(), Header: w.page.header, Items: w.page.count, Records: w.rows}
	next, more, warns, err := w.method.Next(w.scope, w.pos, facts)
	w.warn(warns...)
	w.close()
	switch {
	case err != nil:
		return err
	case !more:
		return io.EOF
	case next.Window != w.pos.Window:
		w.rows, w.last, w.empty = 0, 0, 0
		clear(w.seen)
	case len(next.Token) > 0:
		if h := hash(next.Token); w.seen[h] || w.empty > maxEmptyPages {
			return problem.New(problem.PaginationLoop, "the provider goes round in circles: page cursor %q after %d pages without a record", clip(string(next.Token), 80), w.empty).AsRemote()
		} else {
			w.seen[h] = true
		}
	}
	next.Anchor = w.last // at the start of a page it says that the window has given a record
	w.pos = next
	return nil
}

// open fetches the page at the walk's position, which is the first one on a fresh walk.
func (w *walk) open() error {
	if !w.started {
		w.started = true
		if !w.resumes {
			first, ok, err := w.method.First(w.scope)
			if err != nil {
				return err
			}
			if !ok {
				return io.EOF
			}
			first.Now, first.Rev, first.Size = w.at.Now, w.at.Rev, w.at.Size
			w.pos, w.from = first, first
		} else if w.last = w.pos.Anchor; w.last != 0 {
			w.rows = 1
		}
	}
	pg, err := w.fetch()
	if err != nil {
		return err
	}
	pg.rows = w.rows
	w.page = pg
	return nil
}

// close lets go of the open page.
func (w *walk) close() {
	if w.page != nil {
		if w.lastCall, w.lastBody = w.page.call, nil; w.page.kept != nil && !w.page.kept.lost {
			w.lastBody = w.page.kept.buf
		}
		w.page.close()
		w.page = nil
	}
	w.batch.Reset()
	w.out = 0
}

// Close ends the walk. It may be called twice.
func (w *walk) Close() {
	w.close()
	if w.err == nil {
		w.err = io.EOF
	}
}

func (w *walk) mappingProblem(err error) error {
	if at, ok := errors.AsType[*mapping.Error](err); ok {
		return problem.Wrap(problem.MappingFailed, err, "the mapping of %s can't read item %d of the provider's answer: %v", w.mapped, w.item.N, at).AsRemote()
	}
	return err
}

// anchor is the hash of a record's id, never 0.
func anchor(json []byte) uint64 {
	id := gjson.GetBytes(json, "id")
	if !id.Exists() {
		return hash(json) // unmapped items have no id that is known
	}
	return hash([]byte(id.Raw))
}

func hash(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return max(h.Sum64(), 1)
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}

func (w *walk) pageID() any { return w.page }

// pageStart is the position before the first record of the open page; on the page where the walk resumed, the place
// where it did.
func (w *walk) pageStart() record.Position {
	at := w.pos
	if len(at.Token) == len(w.from.Token) && at.Window == w.from.Window && at.Call == w.from.Call && string(at.Token) == string(w.from.Token) {
		at.Item, at.Out, at.Anchor = w.from.Item, w.from.Out, w.from.Anchor
	}
	return at
}

// giveUp is where a walk that has served nothing can go on.
func (w *walk) giveUp() (record.Position, bool) {
	at := w.pageStart()
	return at, w.resumes || len(at.Job) > 0 || at.Window != w.from.Window || at.Call != w.from.Call || len(at.Token) > 0
}
