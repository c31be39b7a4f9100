package proxy

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// jsonItems picks the elements of the array at a path out of a body, as it arrives. One window slides over the bytes;
// it holds one item at a time. What stands beside the items is copied, bounded, to the envelope.
type jsonItems struct {
	window
	scanner record.Scanner // of the elements
	path    []string
	env     []byte
	closes  []byte // closing brackets still owed, outermost first
	state   jsonState
	n       int64
	absent  bool  // an absent array is an empty one
	found   bool  // the array's place was met, or a null on the way to it
	fault   error // the document has no array there; said at its end, when all that stands in its place is known
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
func newJSONItems(r io.Reader, path string, absent bool, scan record.Scanner) *jsonItems {
	p := &jsonItems{window: windowOn(r), absent: absent, scanner: scan}
	if path != "" {
		p.path = connector.SplitPath(path)
	}
	return p
}

func (p *jsonItems) Envelope() []byte { return p.env }
func (p *jsonItems) Count() int64     { return p.n }

// sofar is the envelope as far as it is read, completed to a document.
func (p *jsonItems) sofar() []byte {
	doc := slices.Clone(p.env)
	for _, c := range slices.Backward(p.closes) {
		doc = append(doc, c)
	}
	return doc
}

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
				return record.Item{Raw: raw, N: p.n - 1, Scanned: true}, nil
			}
		case stateTail:
			if err := p.tail(); err != nil {
				return record.Item{}, err
			}
			p.state = stateEnd
		case stateEnd:
			if p.fault != nil {
				return record.Item{}, p.fault
			}
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

// notFound passes over what stands in the list's place, and has it said at the end.
func (p *jsonItems) notFound(c byte) error {
	if !startsJSON(c) {
		return problem.New(problem.UpstreamUnexpected, "the provider sent something that is not JSON where a list was expected").AsRemote()
	}
	p.found, p.state = true, stateTail
	p.fault = p.noList()
	if len(p.closes) == 0 && c <= '9' && c != '"' {
		return p.fault // whether a bare number has come whole can't be known, and it is no list
	}
	return p.copyValue()
}

func (p *jsonItems) noList() error {
	if len(p.path) == 0 {
		return problem.New(problem.UpstreamUnexpected, "the provider's answer is no list").AsRemote()
	}
	return problem.New(problem.UpstreamUnexpected, "the provider's answer has no list at %q", strings.Join(p.path, ".")).AsRemote()
}

// startsJSON says whether a document may begin with the byte.
func startsJSON(c byte) bool {
	return c == '{' || c == '[' || c == '"' || c == '-' || c >= '0' && c <= '9' || c == 't' || c == 'f' || c == 'n'
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
	end, err := p.scan(p.scanner)
	if err != nil {
		return nil, err
	}
	raw := p.buf[p.at:end]
	p.at, p.state = end, stateRest
	return raw, nil
}
