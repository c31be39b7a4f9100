package proxy

import (
	"bytes"
	"io"
	"strconv"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/record"
)

// maxSkimmed bounds the end of an answer that is looked at for what stands behind its items.
const maxSkimmed = 8 << 10

// passing is a body that raw passes on. Its items are looked through beside, where they have to be.
type passing struct {
	c    *commit
	body io.Reader
	have []byte // what was passed on before its items are looked through
	at   int
	err  error // how the body ended, behind what is there
}

func (p *passing) Read(b []byte) (int, error) {
	if p.at < len(p.have) {
		n := copy(b, p.have[p.at:])
		p.at += n
		return n, nil
	}
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.body.Read(b)
	if _, lost := p.c.Write(b[:n]); lost != nil {
		return n, lost
	}
	return n, err
}

// gather passes on what may be held back; whole says that it is all there is.
func (p *passing) gather(size string) (whole bool) {
	n, _ := strconv.Atoi(size)
	for p.c.room(min(max(n, 0), holdBack) + 1); p.err == nil; {
		b := p.c.room(1)
		if len(b) == holdBack {
			p.have = bytes.Clone(b) // it is about to leave
			return false
		}
		n, err := p.body.Read(b[len(b):min(cap(b), holdBack)])
		p.c.wrote(b[:len(b)+n])
		p.err = err
	}
	p.have = p.c.buf
	return p.err == io.EOF
}

// skim finds what leads behind the page of a whole answer without reading its items: before their list, and from a member's
// key to the document's end. In JSON the quotes of a key stand in no text, and only of the outermost object is it true that
// nothing follows its end. An answer that is malformed in between passes, as raw promises nothing of it.
func (w *walk) skim(body []byte) bool {
	spec := w.method.Call(w.page.at)
	members, ok := spec.Leads()
	if !ok || w.page.reply.Suspect() {
		return false
	}
	envelope, ok := skimmed(body, spec.Items, members)
	if !ok {
		return false
	}
	letGo(w.page.items)
	w.page.items, w.page.count = passed(envelope), 1
	return true
}

// skimmed is an answer's envelope as far as it holds the members, where they can be found and the list has an item.
func skimmed(body []byte, path string, members []string) (envelope []byte, ok bool) {
	head := &jsonItems{window: window{buf: body, eof: true}, absent: true}
	if path != "" {
		head.path = connector.SplitPath(path)
	}
	if head.descend() != nil || head.state != stateFirst {
		return nil, false
	}
	if c, err := head.peek(); err != nil || c == ']' {
		return nil, false
	}
	envelope = head.sofar()
	from := len(body)
	for _, name := range members {
		if member(envelope, name) != nil {
			continue
		}
		search := max(head.at, len(body)-maxSkimmed)
		at := bytes.LastIndex(body[search:], append(append([]byte{'"'}, name...), `":`...))
		if at < 0 || !ends(body[search+at:]) {
			return nil, false
		}
		from = min(from, search+at)
	}
	if from < len(body) {
		envelope = append(append(envelope[:len(envelope)-1], ','), body[from:]...)
	}
	return envelope, true
}

// ends says whether from a key on there is the rest of an object, and nothing behind it.
func ends(doc []byte) bool {
	for i := 0; ; {
		key, st := record.Scan(doc, i, true)
		colon := record.SkipSpace(doc, key)
		if st != record.Done || doc[i] != '"' || colon == len(doc) || doc[colon] != ':' {
			return false
		}
		value, st := record.Scan(doc, colon+1, true)
		next := record.SkipSpace(doc, value)
		if st != record.Done || next == len(doc) {
			return false
		}
		if doc[next] == '}' {
			return record.SkipSpace(doc, next+1) == len(doc)
		}
		if i = record.SkipSpace(doc, next+1); doc[next] != ',' || i == len(doc) {
			return false
		}
	}
}

// passed is an answer that was passed on, its items unread. There is one at least.
type passed []byte

func (p passed) Next() (record.Item, error) { return record.Item{}, io.EOF }
func (p passed) Envelope() []byte           { return p }
func (p passed) Count() int64               { return 1 }
