package proxy

import (
	"io"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/telemetry"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// page is one record-carrying answer of the provider, open for reading.
type page struct {
	call   connector.Call
	reply  *upstream.Reply
	header http.Header
	items  items
	whole  bool      // the answer itself is the one item
	table  *columnar // where items are lists of values
	body   io.Closer
	read   *watched        // the body, and how it ended
	kept   *keeper         // nil where the page is not kept
	cached bool            // it came from the cache
	links  int             // files of the job that it is one of
	at     record.Position // the walk's when the page was opened
	last   record.Position // of the provider's last page in it: one page is all of those of a window that is read whole

	lo, hi  string // the dates of the records that belong to the page's window; both empty for all
	count   int64  // items read so far
	bound   bool   // the mapping has the page's roots
	refused bool   // the answer is the provider's error after all

	span   *telemetry.Span // of its mapping; nil where the request is not traced
	worked time.Duration   // of the walk's mapping before it
}

// next is the page's next item.
func (pg *page) next() (record.Item, error) {
	item, err := pg.items.Next()
	if err == nil {
		pg.count = item.N + 1
	}
	return item, err
}

func (pg *page) close() {
	letGo(pg.items)
	pg.body.Close()
	if pg.kept != nil && pg.kept.lent {
		pg.kept.drop()
	}
}

// facts are what the plan needs to know of the page, where the window has given so many records.
func (pg *page) facts(records int64) connector.Facts {
	return connector.Facts{Envelope: pg.items.Envelope(), Header: pg.header, Items: pg.items.Count(), Links: pg.links, Records: records}
}

// fetch opens the page at the walk's position: from the cache where a cursor led here, else from the provider.
func (w *walk) fetch() (*page, error) {
	call, err := w.method.At(w.scope, w.pos)
	if err != nil {
		return nil, err
	}
	spec := w.method.Call(w.pos)
	pg := &page{call: call, at: w.pos}
	if w.runner != nil && w.method.Windowed() && !call.Unclipped { // the dates of unmapped items are the provider's
		pg.lo, pg.hi = stamp(call.Window.Start), stamp(call.Window.End)
	}
	w.links = 0
	reply := w.cached()
	if pg.cached = reply != nil; !pg.cached {
		if reply, err = w.answer(call, spec); err != nil {
			return nil, err
		}
	}
	w.into(pg, spec, reply)
	if spec.Unit == "window" && w.runner != nil {
		pg.items = &whole{items: pg.items, next: func() (items, error) { return w.readOn(pg) }}
	}
	return pg, nil
}

// into opens an answer's items for the page.
func (w *walk) into(pg *page, spec *connector.CallSpec, reply *upstream.Reply) {
	pg.reply, pg.header, pg.body, pg.last = reply, reply.Header, reply.Body, w.pos
	pg.whole, pg.links = spec.Whole && !reply.Empty, w.links
	if reply.Empty {
		pg.items, pg.table = noItems{}, nil
		return
	}
	var body io.Reader
	if reply.Whole != nil && w.tap == nil && !pg.cached {
		body, pg.kept = newArrived(reply.Whole), keeperOf(reply.Whole, w.keep)
	} else {
		body, spec = w.arriving(pg, spec, reply)
	}
	wait := w.runner != nil && w.program.Mentions("$page") && spec.Latest == nil
	scan, mapped := record.Scanner(record.Scan), w.runner != nil && !wait && spec.Unit != "window"
	if mapped {
		scan = w.runner.Scan
	}
	pg.items, pg.table = newItems(body, spec, w.pos.Carry, scan)
	if w.runner != nil {
		w.runner.open(pg.items, mapped)
	}
	if wait {
		pg.items = &held{items: pg.items} // what stands behind the items is in $page too
	}
}

// arriving is an answer's body that is yet to come, and the call's items as they are to be read of it.
func (w *walk) arriving(pg *page, spec *connector.CallSpec, reply *upstream.Reply) (io.Reader, *connector.CallSpec) {
	var body io.Reader = reply.Body
	if w.keep > 0 {
		pg.kept = &keeper{r: body, most: w.keep}
		body = pg.kept
	}
	if w.tap != nil {
		body, spec = w.tap(reply.Header, body), bare(spec)
	}
	if w.runner != nil {
		body = newResting(body, w.runner.Pause)
	}
	pg.read = &watched{r: flushing{body, w.waits}}
	return pg.read, spec
}

// waits is called before each read, which may block.
func (w *walk) waits() {
	if w.runner != nil {
		w.runner.idle()
	}
	if w.before != nil {
		w.before()
	}
}

// readOn goes on to the next page of the window, within the page that is open. io.EOF says that there is none.
func (w *walk) readOn(pg *page) (items, error) {
	if err := judged(w.ctx, w.sess, pg.call, pg.reply, pg.items, io.EOF); err != io.EOF {
		return nil, err
	}
	here := w.pos
	defer func() { w.pos = here }() // a cursor into the window leads to its first page
	// Whether the window gave records decides between what comes behind its pages, which is not asked here.
	facts := pg.facts(1)
	next, more, _, err := w.method.Next(w.scope, pg.last, facts)
	if err != nil {
		return nil, err
	}
	if !more || len(next.Token) == 0 || next.Window != here.Window || next.Call != here.Call {
		return nil, io.EOF
	}
	next.Carry = pg.table.carry(next.Carry)
	if err := w.follow(facts, next); err != nil {
		return nil, err
	}
	call, err := w.method.At(w.scope, next)
	if err != nil {
		return nil, err
	}
	w.pos = next
	spec := w.method.Call(next)
	reply, err := w.answer(call, spec)
	if err != nil {
		return nil, err
	}
	pg.body.Close()
	all := pg.items
	w.into(pg, spec, reply)
	following := pg.items
	pg.items, pg.kept = all, nil // the cache has room for one page
	return following, nil
}

// read is the next item of the open page. An answer that is itself the item is judged before it counts, any other one at
// its end.
func (w *walk) read() (record.Item, error) {
	item, found := w.page.next()
	err := found
	switch {
	case found != nil:
		err = judged(w.ctx, w.sess, w.page.call, w.page.reply, w.page.items, found)
	case w.page.whole:
		err = w.sess.Judge(w.ctx, w.page.call, w.page.reply, item.Raw)
	}
	w.page.refused = err != found
	return item, err
}

// newItems is the reader that fits the call's declared body, and the one within it that knows the columns. The scanner
// meets an item where its bytes are final; items that are gathered or remade are scanned by whoever takes them.
func newItems(r io.Reader, spec *connector.CallSpec, carry []byte, scan record.Scanner) (it items, table *columnar) {
	outer := scan
	if spec.Latest != nil {
		scan, outer = record.Scan, record.Scan
	} else if spec.Each != "" || spec.Columns != nil {
		outer = record.Scan
	}
	if spec.Compression == "gzip" {
		r = upstream.Gunzip(r)
	}
	switch {
	case spec.Format == "csv":
		it = newCSVItems(r, spec.CSV, outer)
	case spec.Format == "ndjson":
		it = newNDJSONItems(r, outer)
	case spec.Whole:
		it = &document{r: r, scan: outer}
	case spec.Columns != nil:
		table = newColumnar(newJSONItems(r, spec.Items, spec.ItemsOptional, outer), spec.Columns, []byte(gjson.GetBytes(carry, carriedNames).Raw))
		it = table
	default:
		it = newJSONItems(r, spec.Items, spec.ItemsOptional, outer)
	}
	if spec.Each != "" {
		it = newNested(it, spec.Each, scan)
	}
	if spec.Latest != nil {
		it = &held{items: it, spec: spec.Latest}
	}
	return it, table
}

// bare is the call's items as they stand in the bytes, not gathered or compared.
func bare(spec *connector.CallSpec) *connector.CallSpec {
	b := *spec
	b.Latest = nil
	return &b
}
