package proxy

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// rememberPatience is how long an answer waits for the rest of a page that the next request would like to have.
const rememberPatience = time.Second

// pageKey names the page in the cache. It holds the walk's clock, so that two walks never share a page.
func (w *walk) pageKey() [32]byte {
	b := w.selection[:]
	for _, v := range [...]int64{w.pos.Now, w.pos.Window, int64(w.pos.Call), int64(w.pos.Size), int64(w.pos.Rev)} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return w.Pages.Key([]byte(w.acct.ID), b, w.pos.Token, w.pos.Job, w.pos.Parent)
}

// cached is the page as it was kept when its cursor was given out, or nil. It is looked for where a cursor led and no
// further; raw wants the provider's own headers.
func (w *walk) cached() *upstream.Reply {
	if !w.resumes || w.turned || w.tap != nil {
		return nil
	}
	kept, ok := w.Pages.Get(w.ctx, w.pageKey())
	if !ok {
		return nil
	}
	status, links, header, body, ok := unpackPage(kept)
	if !ok {
		return nil
	}
	w.links = links
	reply := w.sess.Kept(status, header, body)
	w.ahead.pass(w, reply, body)
	return reply
}

// remember puts the open page into the cache, reading what is left of it if the whole fits. A provider that is slow with
// the rest is not waited for: the page is fetched again.
func (w *walk) remember() {
	if w.page == nil || w.page.kept == nil || w.page.cached {
		return
	}
	if w.before != nil {
		w.before()
	}
	if body := w.page.body; w.keep <= cursor.MaxPage { // else the answer itself wants the rest
		defer time.AfterFunc(rememberPatience, func() { body.Close() }).Stop()
	}
	if body := w.page.kept.rest(); body != nil {
		// The answer must not wait for the cache longer than the cache's own time-outs allow, nor die with the client.
		w.Pages.Put(context.WithoutCancel(w.ctx), w.pageKey(), packPage(w.page.reply.Status, w.page.links, w.page.header, w.method.Call(w.page.at), body))
	}
}

// packPage is a page with its type and the headers that the way to the next page is read from.
func packPage(status, links int, h http.Header, spec *connector.CallSpec, body []byte) []byte {
	var head bytes.Buffer
	keep := http.Header{}
	for k, v := range h {
		if k == "Content-Type" || spec.ReadsHeader(k) {
			keep[k] = v
		}
	}
	keep.Write(&head)
	b := make([]byte, 0, 3*binary.MaxVarintLen64+head.Len()+len(body))
	b = binary.AppendUvarint(b, uint64(status))
	b = binary.AppendUvarint(b, uint64(links))
	b = binary.AppendUvarint(b, uint64(head.Len()))
	b = append(b, head.Bytes()...)
	return append(b, body...)
}

func unpackPage(b []byte) (status, links int, h http.Header, body []byte, ok bool) {
	var n [3]uint64 // status, links, size of the header
	for i := range n {
		v, k := binary.Uvarint(b)
		if k <= 0 {
			return 0, 0, nil, nil, false
		}
		n[i], b = v, b[k:]
	}
	if n[2] > uint64(len(b)) {
		return 0, 0, nil, nil, false
	}
	h = http.Header{}
	for line := range bytes.SplitSeq(b[:n[2]], []byte("\r\n")) {
		if name, value, ok := bytes.Cut(line, []byte(": ")); ok {
			h.Add(string(name), string(value))
		}
	}
	return int(n[0]), int(n[1]), h, b[n[2]:], true
}

// keeper remembers a body while it is read, as long as the whole may still be wanted.
type keeper struct {
	r    io.Reader
	most int
	buf  []byte
	lost bool
	lent bool // buf is somebody else's, for as long as the page is open
	err  error
}

// keeperOf has a body that has come whole; nil where it is longer than is kept.
func keeperOf(body []byte, most int) *keeper {
	if len(body) > most {
		return nil
	}
	return &keeper{buf: body, err: io.EOF, lent: true}
}

func (k *keeper) Read(b []byte) (int, error) {
	n, err := k.r.Read(b)
	if len(k.buf)+n > k.most {
		k.drop()
	}
	if !k.lost {
		if was := k.buf; len(was)+n > cap(was) {
			k.buf = append(borrow(len(was)+n), was...)
			release(was)
		}
		k.buf = append(k.buf, b[:n]...)
	}
	k.err = err
	return n, err
}

// drop gives up what is remembered.
func (k *keeper) drop() {
	if k != nil {
		if !k.lent {
			release(k.buf)
		}
		k.buf, k.lost = nil, true
	}
}

// whole is the body, if it was read to its end and kept; nil otherwise, and where nothing is kept.
func (k *keeper) whole() []byte {
	if k == nil || k.lost || !errors.Is(k.err, io.EOF) {
		return nil
	}
	return k.buf
}

// rest reads to the end and is the whole body.
func (k *keeper) rest() []byte {
	if k == nil {
		return nil
	}
	chunk := borrow(smallBuffer)
	defer release(chunk)
	for k.err == nil && !k.lost {
		k.Read(chunk[:cap(chunk)])
	}
	return k.whole()
}
