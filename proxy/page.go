package proxy

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// page is one record-carrying answer of the provider, open for reading.
type page struct {
	call   connector.Call
	header http.Header
	items  items
	body   io.Closer
	kept   *keeper // nil where the page is not to be kept
	key    [32]byte
	at     record.Position // the walk's when the page was opened

	lo, hi string // the dates of the records that belong to the page's window; both empty for all
	count  int64  // items read so far
	rows   int64  // records of the window before this page
	bound  bool
}

// holds says whether a record belongs to the page's window: the one that holds its start_date. Dates have one form, so
// that they compare as text.
func (p *page) holds(json []byte) bool {
	if p.hi == "" {
		return true
	}
	at := gjson.GetBytes(json, "start_date").Str
	return at == "" || p.lo <= at && at < p.hi
}

func (p *page) close() { p.body.Close() }

// fetch opens the page at the walk's position: from the cache where a cursor led here, else from the provider.
func (w *walk) fetch() (*page, error) {
	call, err := w.method.At(w.scope, w.pos)
	if err != nil {
		return nil, err
	}
	spec := w.method.Call(w.pos)
	pg := &page{call: call, at: w.pos}
	if w.method.Windowed() && !call.Unclipped {
		pg.lo, pg.hi = stamp(call.Window.Start), stamp(call.Window.End)
	}
	var body io.ReadCloser
	if reply := w.cached(pg); reply != nil {
		pg.header, body = reply.Header, reply.Body
	} else {
		reply, err := w.answer(call, spec)
		if err != nil {
			return nil, err
		}
		pg.header, body = reply.Header, reply.Body
		if reply.Empty {
			body.Close()
			pg.body, pg.items = body, noItems{}
			return pg, nil
		}
		pg.key = w.pageKey() // after the answer: a job has its id only now
	}
	pg.body = body
	if w.keepPg {
		pg.kept = &keeper{r: body}
	}
	var r io.Reader = body
	if pg.kept != nil {
		r = pg.kept
	}
	pg.items, err = newItems(flushing{r, w.flush}, spec)
	return pg, err
}

func (w *walk) flush() {
	if w.before != nil {
		w.before()
	}
}

// answer makes the call, or lives through the job that it starts.
func (w *walk) answer(call connector.Call, spec *connector.CallSpec) (*upstream.Reply, error) {
	var reply *upstream.Reply
	var err error
	if spec.Job != nil {
		reply, err = w.job(call, spec.Job)
	} else {
		reply, err = w.sess.Do(w.ctx, call)
	}
	if err == nil {
		w.limits = reply.RateLimit
	}
	return reply, err
}

// newItems is the reader that fits the call's declared body.
func newItems(r io.Reader, spec *connector.CallSpec) (items, error) {
	var it items
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
	return it, nil
}

// pageKey names the page in the cache. It holds the walk's clock, so that two walks never share a page.
func (w *walk) pageKey() [32]byte {
	b := w.selection[:]
	for _, v := range [...]int64{w.pos.Now, w.pos.Window, int64(w.pos.Call), int64(w.pos.Size), int64(w.pos.Rev)} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return w.Pages.Key([]byte(w.acct.ID), b, w.pos.Token, w.pos.Job)
}

// cached is the page as it was kept when its cursor was given out, or nil.
func (w *walk) cached(pg *page) *upstream.Reply {
	if !w.resumes {
		return nil
	}
	pg.key = w.pageKey()
	kept, ok := w.Pages.Get(w.ctx, pg.key)
	if !ok {
		return nil
	}
	header, body, ok := unpackPage(kept)
	if !ok {
		return nil
	}
	return &upstream.Reply{Status: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(body))}
}

// remember puts the open page into the cache, reading what is left of it if the whole fits.
func (w *walk) remember() {
	if w.page == nil || w.page.kept == nil {
		return
	}
	if body, ok := w.page.kept.rest(); ok {
		// The answer must not wait for the cache longer than the cache's own time-outs allow, nor die with the client.
		w.Pages.Put(context.WithoutCancel(w.ctx), w.page.key, packPage(w.page.header, body))
	}
}

// keptHeaders are those that a page's facts are read from.
var keptHeaders = []string{"Content-Type", "Link"}

func packPage(h http.Header, body []byte) []byte {
	var head bytes.Buffer
	keep := http.Header{}
	for _, k := range keptHeaders {
		if v := h.Values(k); len(v) > 0 {
			keep[k] = v
		}
	}
	keep.Write(&head)
	b := binary.AppendUvarint(nil, uint64(head.Len()))
	b = append(b, head.Bytes()...)
	return append(b, body...)
}

func unpackPage(b []byte) (http.Header, []byte, bool) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, nil, false
	}
	h := http.Header{}
	for line := range bytes.SplitSeq(b[k:k+int(n)], []byte("\r\n")) {
		if name, value, ok := bytes.Cut(line, []byte(": ")); ok {
			h.Add(string(name), string(value))
		}
	}
	return h, b[k+int(n):], true
}

// keeper remembers a body while it is read, as long as the whole may still fit the cache.
type keeper struct {
	r    io.Reader
	buf  []byte
	lost bool
	err  error
}

func (k *keeper) Read(b []byte) (int, error) {
	n, err := k.r.Read(b)
	if !k.lost {
		if k.buf = append(k.buf, b[:n]...); len(k.buf) > cursor.MaxPage {
			k.buf, k.lost = nil, true
		}
	}
	k.err = err
	return n, err
}

// rest is the whole body, if it was read and kept without a fault.
func (k *keeper) rest() ([]byte, bool) {
	chunk := make([]byte, 32<<10)
	for k.err == nil && !k.lost {
		k.Read(chunk)
	}
	return k.buf, !k.lost && errors.Is(k.err, io.EOF)
}

// flushing calls before each read, so that what is written leaves before a wait for more.
type flushing struct {
	r      io.Reader
	before func()
}

func (f flushing) Read(b []byte) (int, error) {
	f.before()
	return f.r.Read(b)
}
