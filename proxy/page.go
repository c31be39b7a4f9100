package proxy

import (
	"bytes"
	"io"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// page is one record-carrying answer of the provider, open for reading.
type page struct {
	call   connector.Call
	reply  *upstream.Reply
	header http.Header
	items  items
	whole  bool // the answer itself is the one item
	body   io.Closer
	read   *watched        // the body, and how it ended
	kept   *keeper         // nil where the page is not kept
	key    [32]byte        // of the cache
	cached bool            // it came from there
	at     record.Position // the walk's when the page was opened

	lo, hi  string // the dates of the records that belong to the page's window; both empty for all
	count   int64  // items read so far
	bound   bool   // the mapping has the page's roots
	refused bool   // the answer is the provider's error after all
}

// next is the page's next item.
func (pg *page) next() (record.Item, error) {
	item, err := pg.items.Next()
	if err == nil {
		pg.count = item.N + 1
	}
	return item, err
}

// holds says whether a record belongs to the page's window: the one that holds its start_date. Dates have one form, so
// that they compare as text.
func (pg *page) holds(json []byte) bool {
	if pg.hi == "" {
		return true
	}
	at := gjson.GetBytes(json, "start_date").Str
	return at == "" || pg.lo <= at && at < pg.hi
}

func (pg *page) close() {
	if gathered, ok := pg.items.(io.Closer); ok {
		gathered.Close()
	}
	pg.body.Close()
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
	reply := w.cached()
	if pg.cached = reply != nil; !pg.cached {
		if reply, err = w.answer(call, spec); err != nil {
			return nil, err
		}
	}
	pg.reply, pg.header, pg.body = reply, reply.Header, reply.Body
	if reply.Empty {
		pg.items = noItems{}
		return pg, nil
	}
	var body io.Reader = reply.Body
	if w.keep > 0 {
		pg.key = w.pageKey() // after the answer: a job has its id only now
		pg.kept = &keeper{r: body, most: w.keep}
		body = pg.kept
	}
	if w.tap != nil {
		body, spec = io.TeeReader(body, w.tap(reply.Header)), bare(spec)
	}
	pg.read = &watched{r: flushing{body, w.before}}
	pg.items, pg.whole = newItems(pg.read, spec), spec.Whole
	return pg, nil
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

// answer makes the call, or lives through the job that it starts.
func (w *walk) answer(call connector.Call, spec *connector.CallSpec) (*upstream.Reply, error) {
	var reply *upstream.Reply
	var err error
	switch {
	case spec.Constant != nil:
		return w.constant()
	case spec.Job != nil:
		reply, err = w.job(call, spec.Job)
	default:
		reply, err = w.sess.Do(w.ctx, call)
	}
	if err == nil {
		w.limits = reply.RateLimit
	}
	return reply, err
}

// constant is a list that the account's context makes, as a provider would have answered it.
func (w *walk) constant() (*upstream.Reply, error) {
	body, err := w.method.Constants(w.scope, w.pos)
	if err != nil {
		return nil, err
	}
	return &upstream.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {contentJSON}}, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

// newItems is the reader that fits the call's declared body.
func newItems(r io.Reader, spec *connector.CallSpec) (it items) {
	switch {
	case spec.Format == "csv":
		it = newCSVItems(r)
	case spec.Whole:
		it = &document{r: r}
	default:
		it = newJSONItems(r, spec.Items, spec.ItemsOptional)
	}
	if spec.Latest != nil {
		it = &latest{items: it, spec: spec.Latest}
	}
	if spec.Unit == "window" {
		it = &whole{items: it}
	}
	return it
}

// bare is the call's items as they stand in the bytes, not gathered or compared.
func bare(spec *connector.CallSpec) *connector.CallSpec {
	b := *spec
	b.Latest, b.Unit = nil, ""
	return &b
}

// flushing calls before each read, so that what is written leaves before a wait for more.
type flushing struct {
	r      io.Reader
	before func()
}

func (f flushing) Read(b []byte) (int, error) {
	if f.before != nil {
		f.before()
	}
	return f.r.Read(b)
}

// watched knows a fault of the reading from one of what was read.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.err = err
	return n, err
}

// sound says that nothing has gone wrong with the reading itself.
func (w *watched) sound() bool { return w.err == nil || w.err == io.EOF }
