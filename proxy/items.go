package proxy

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Limits of one answer of the provider; docs/limits.md lists them.
const (
	windowSize   = 64 << 10 // first size of the sliding window over a body
	maxItem      = 8 << 20  // one item; the window grows no further
	maxEnvelope  = 1 << 20  // everything of a page beside its items
	maxBuffered  = 16 << 20 // answers that must be held whole (declared `unit: window`, `latest` below the spool)
	maxCSVRecord = 1 << 20
)

// items yields the elements of one answer. Next returns io.EOF only after the syntactic end of the body, so that a cut
// answer is an error and never a short one (I3).
type items interface {
	Next() (record.Item, error)
	// Envelope is the answer without its items, a JSON document; complete after io.EOF, nil where the format has none.
	Envelope() []byte
}

// jsonItems picks the elements of the array at a path out of a body, as it arrives. One window slides over the bytes;
// it holds one item at a time. What stands beside the items is copied, bounded, to the envelope.
type jsonItems struct {
	r      io.Reader
	path   []string
	buf    []byte // window; buf[at:] is unread
	at     int
	eof    bool
	env    []byte
	closes []byte // closing brackets still owed, outermost first
	state  jsonState
	n      int64
	absent bool // an absent array is an empty one
	found  bool
}

type jsonState uint8

const (
	stateStart jsonState = iota
	stateFirst           // inside the array, before its first element
	stateRest            // inside the array, after an element
	stateTail            // behind the array
	stateEnd
)

// newJSONItems reads items at a dotted path; "" is the top. absent says that a missing array means no items.
func newJSONItems(r io.Reader, path string, absent bool) *jsonItems {
	p := &jsonItems{r: r, buf: make([]byte, 0, windowSize), absent: absent}
	if path != "" {
		p.path = splitPath(path)
	}
	return p
}

// splitPath undoes gjson's notation, in which a backslash keeps the next character.
func splitPath(path string) []string {
	var parts []string
	var key []byte
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path):
			i++
			key = append(key, path[i])
		case path[i] == '.':
			parts, key = append(parts, string(key)), nil
		default:
			key = append(key, path[i])
		}
	}
	return append(parts, string(key))
}

func (p *jsonItems) Envelope() []byte { return p.env }

// Next is the next element, or io.EOF behind the document's end.
func (p *jsonItems) Next() (record.Item, error) {
	for {
		switch p.state {
		case stateStart:
			if err := p.descend(); err != nil {
				return record.Item{}, err
			}
		case stateFirst, stateRest:
			raw, err := p.element()
			if err != nil {
				return record.Item{}, err
			}
			if raw != nil {
				p.n++
				return record.Item{Raw: raw, N: p.n - 1}, nil
			}
		case stateTail:
			if err := p.tail(); err != nil {
				return record.Item{}, err
			}
			p.state = stateEnd
		default:
			return record.Item{}, io.EOF
		}
	}
}

// descend walks to the array, copying what it passes.
func (p *jsonItems) descend() error {
	c, err := p.peek()
	if err == nil && c == 0xEF { // a byte order mark
		if err = p.fill(3); err == nil && bytes.HasPrefix(p.buf[p.at:], []byte("\xEF\xBB\xBF")) {
			p.at += 3
			c, err = p.peek()
		}
	}
	if errors.Is(err, errShort) {
		return problem.New(problem.UpstreamUnexpected, "the provider sent an empty body where a list was expected").AsRemote()
	}
	if err != nil {
		return err
	}
	for depth := 0; ; depth++ {
		if depth == len(p.path) {
			return p.open(c)
		}
		if c != '{' {
			if c == 'n' && depth > 0 {
				p.state = stateTail // null on the way to the list is no list
				p.found = true
				return p.copyValue()
			}
			return p.notFound(c)
		}
		p.take(1)
		p.closes = append(p.closes, '}')
		hit, err := p.seekKey(p.path[depth], true)
		if err != nil {
			return err
		}
		if !hit {
			p.state = stateTail
			return nil
		}
		if c, err = p.peek(); err != nil {
			return cut(err)
		}
	}
}

func (p *jsonItems) notFound(c byte) error {
	if c != '{' && c != '[' && c != '"' && c != '-' && (c < '0' || c > '9') && c != 't' && c != 'f' && c != 'n' {
		return problem.New(problem.UpstreamUnexpected, "the provider sent something that is not JSON where a list was expected").AsRemote()
	}
	return problem.New(problem.UpstreamUnexpected, "the provider's answer has no list at %q", strings.Join(p.path, ".")).AsRemote()
}

// open enters the array, or takes null for an empty one.
func (p *jsonItems) open(c byte) error {
	p.found = true
	switch c {
	case '[':
		p.at++
		p.env = append(p.env, '[', ']')
		p.state = stateFirst
		return nil
	case 'n':
		p.state = stateTail
		return p.copyValue()
	}
	return p.notFound(c)
}

// seekKey reads members of the object just opened (first) or under way until the key, whose colon it passes.
func (p *jsonItems) seekKey(key string, first bool) (bool, error) {
	for {
		c, err := p.peek()
		if err != nil {
			return false, cut(err)
		}
		switch {
		case c == '}':
			return false, nil
		case c == ',' && !first:
			p.take(1)
			if c, err = p.peek(); err != nil {
				return false, cut(err)
			}
		case !first:
			return false, corrupt("a comma is missing")
		}
		if c != '"' {
			return false, corrupt("a key is missing")
		}
		end, err := p.value()
		if err != nil {
			return false, err
		}
		name := p.buf[p.at:end]
		match := key != "" && string(name[1:len(name)-1]) == key
		if err := p.envelope(name); err != nil {
			return false, err
		}
		p.at = end
		if c, err = p.peek(); err != nil {
			return false, cut(err)
		}
		if c != ':' {
			return false, corrupt("a colon is missing")
		}
		p.take(1)
		if match {
			return true, nil
		}
		if _, err = p.peek(); err != nil {
			return false, cut(err)
		}
		if err := p.copyValue(); err != nil {
			return false, err
		}
		first = false
	}
}

// element is the next element's bytes, or nil where the array ends.
func (p *jsonItems) element() ([]byte, error) {
	c, err := p.peek()
	if err != nil {
		return nil, cut(err)
	}
	if c == ']' {
		p.at++
		p.state = stateTail
		return nil, nil
	}
	if p.state == stateRest {
		if c != ',' {
			return nil, corrupt("a comma is missing between items")
		}
		p.at++
		if _, err = p.peek(); err != nil {
			return nil, cut(err)
		}
	}
	end, err := p.value()
	if err != nil {
		return nil, err
	}
	raw := p.buf[p.at:end]
	p.at, p.state = end, stateRest
	return raw, nil
}

// tail reads on to the end of the document and of the body.
func (p *jsonItems) tail() error {
	for len(p.closes) > 0 {
		if !p.found && len(p.closes) == 1 && !p.absent {
			return p.notFound('{')
		}
		// A second list under the same name would be silently lost, so it is an error.
		key := ""
		if p.found && len(p.closes) <= len(p.path) {
			key = p.path[len(p.closes)-1]
		}
		again, err := p.seekKey(key, p.env[len(p.env)-1] == '{')
		if err != nil {
			return err
		}
		if again {
			return corrupt("the list stands twice")
		}
		p.take(1)
		p.closes = p.closes[:len(p.closes)-1]
	}
	switch _, err := p.peek(); {
	case err == nil:
		return corrupt("something follows the document")
	case errors.Is(err, errShort):
		return nil
	default:
		return err
	}
}

// take copies the next n bytes, which are structure, to the envelope.
func (p *jsonItems) take(n int) {
	p.env = append(p.env, p.buf[p.at:p.at+n]...)
	p.at += n
}

func (p *jsonItems) copyValue() error {
	end, err := p.value()
	if err != nil {
		return err
	}
	err = p.envelope(p.buf[p.at:end])
	p.at = end
	return err
}

func (p *jsonItems) envelope(b []byte) error {
	if len(p.env)+len(b) > maxEnvelope {
		return problem.New(problem.UpstreamTooLarge, "the provider's answer has more than %d bytes beside its list", maxEnvelope).AsRemote()
	}
	p.env = append(p.env, b...)
	return nil
}

// value is the end of the value that starts at p.at, which it brings into the window whole.
func (p *jsonItems) value() (int, error) {
	for {
		end, st := record.Scan(p.buf, p.at, p.eof)
		switch {
		case st == record.Done:
			return end, nil
		case st == record.Bad && p.eof && end >= len(p.buf):
			return 0, cut(errShort)
		case st == record.Bad:
			return 0, corrupt("an item is malformed or nests too deeply")
		}
		if err := p.more(); err != nil {
			return 0, cut(err)
		}
	}
}

// peek is the next byte that is not white space, without taking it. errShort says that the body ended.
func (p *jsonItems) peek() (byte, error) {
	for {
		p.at = record.SkipSpace(p.buf, p.at)
		if p.at < len(p.buf) {
			return p.buf[p.at], nil
		}
		if err := p.more(); err != nil {
			return 0, err
		}
	}
}

func (p *jsonItems) fill(n int) error {
	for len(p.buf)-p.at < n {
		if err := p.more(); err != nil {
			return err
		}
	}
	return nil
}

var errShort = errors.New("the body ended")

// more reads on. The unread part moves to the window's front, and the window grows only for a value that fills it.
func (p *jsonItems) more() error {
	if p.eof {
		return errShort
	}
	if p.at > 0 {
		p.buf = p.buf[:copy(p.buf, p.buf[p.at:])]
		p.at = 0
	}
	if len(p.buf) == cap(p.buf) {
		if cap(p.buf) >= maxItem {
			return problem.New(problem.UpstreamTooLarge, "one item of the provider's is larger than %d bytes", maxItem).AsRemote()
		}
		grown := make([]byte, len(p.buf), 2*cap(p.buf))
		copy(grown, p.buf)
		p.buf = grown
	}
	n, err := p.r.Read(p.buf[len(p.buf):cap(p.buf)])
	p.buf = p.buf[:len(p.buf)+n]
	if err == io.EOF {
		p.eof = true
		if n == 0 {
			return errShort
		}
		return nil
	}
	return err
}

// cut turns the body's end in the middle of the document into the provider's fault.
func cut(err error) error {
	if errors.Is(err, errShort) {
		return problem.New(problem.UpstreamCorrupt, "the provider's answer is cut off").AsRemote()
	}
	return err
}

func corrupt(what string) error {
	return problem.New(problem.UpstreamCorrupt, "the provider's answer is malformed: %s", what).AsRemote()
}
