package connector

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// builder renders a request for one position.
type builder struct {
	req    *Request
	in     any         // *callInput
	over   overlay     // the overrides'
	remote remotePairs // the caller's, as far as they count for this call
	linked bool        // the query is that of a link
	call   Call
}

// pageValue is something of the page's and where it goes.
type pageValue struct {
	param, key, header string
	text               string
	json               []byte
}

// values are what the page puts into a request.
func (p *Page) values(size int, token string) []pageValue {
	if p == nil {
		return nil
	}
	var out []pageValue
	if p.Size != nil && size > 0 {
		n := strconv.Itoa(size)
		out = append(out, pageValue{param: p.Size.Param, key: p.Size.Key, text: n, json: []byte(n)})
	}
	if token != "" {
		text, _ := scalarText(p.tokenValue(token))
		out = append(out, pageValue{param: p.TokenParam, key: p.TokenKey, header: p.TokenHeader, text: text, json: []byte(token)})
	}
	return out
}

func (b *builder) build(page *Page, size int, token string) (Call, error) {
	c := &b.call
	if b.req.Auth != nil {
		c.Auth = b.req.Auth
	}
	err := b.remote.check()
	if err != nil {
		return Call{}, err
	}
	if c.Method, c.Path, err = b.req.target(b.in); err != nil {
		return Call{}, err
	}
	c.Template = b.req.template().String()
	puts := page.values(size, token)
	if c.Header, err = b.headers(puts); err != nil {
		return Call{}, err
	}
	if !b.linked { // a link has a query of its own; the path stays, for a link that is relative to it
		if c.Query, err = b.query(puts); err != nil {
			return Call{}, err
		}
	}
	if b.req.Body != nil {
		if c.Body, err = b.body(puts); err != nil {
			return Call{}, err
		}
		c.ContentType = b.req.Body.kind()
	}
	if c.Accept == "" {
		c.Accept = accept
	}
	return *c, nil
}

func (b *builder) query(puts []pageValue) ([]Param, error) {
	out, err := inputs(b.req.Query, b.in, "query parameter")
	if err != nil {
		return nil, err
	}
	for _, p := range puts {
		if p.param != "" {
			out = put(out, p.param, p.text)
		}
	}
	if out, err = b.over.query(out, b.in); err != nil {
		return nil, err
	}
	if !b.req.Body.takesRemote() {
		out = b.remote.merge(out)
	}
	return written(out, b.req.Arrays), nil
}

func (b *builder) headers(puts []pageValue) ([]Param, error) {
	var out []Param
	set := func(name, value string, owner Owner) error {
		if hasControl(value) {
			return fmt.Errorf("planning header %s: its value has a control character", name)
		}
		if http.CanonicalHeaderKey(name) == "Accept" {
			b.call.Accept = value
		} else {
			out = append(out, Param{name, value, owner})
		}
		return nil
	}
	for _, f := range b.req.Headers {
		v, ok, err := f.Value.text(b.in)
		if err != nil {
			return nil, fmt.Errorf("planning header %s: %w", f.Key, err)
		}
		if !ok {
			continue
		}
		if err := set(f.Key, v, ownerOf(f.Value.reads)); err != nil {
			return nil, err
		}
	}
	for _, p := range puts {
		if p.header == "" {
			continue
		}
		if err := set(p.header, p.text, OwnerPage); err != nil {
			return nil, err
		}
	}
	err := b.over.headers(b.in, set, func(key string) {
		if http.CanonicalHeaderKey(key) == "Accept" {
			b.call.Accept = ""
		}
		out = slices.DeleteFunc(out, func(p Param) bool { return sameHeader(p, key) })
	})
	return out, err
}

// hasControl says whether a text can't be a header's value.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
