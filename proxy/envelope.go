package proxy

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/meterbridge/meterbridge/internal/problem"
)

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
		match := key != "" && isText(name, key)
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

// isText compares a text as it is written, quotes and all.
func isText(raw []byte, text string) bool {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1:len(raw)-1]) == text
	}
	var s string
	return json.Unmarshal(raw, &s) == nil && s == text
}

// tail reads on to the end of the document and of the body.
func (p *jsonItems) tail() error {
	for len(p.closes) > 0 {
		if !p.found && !p.absent && p.fault == nil {
			p.fault = p.noList()
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
