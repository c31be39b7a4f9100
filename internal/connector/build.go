package connector

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// builder renders a request for one position.
type builder struct {
	req      *Request
	in       map[string]any
	over     overlay
	remote   remotePairs
	linked   bool     // the query is that of a link
	dropPage []string // the caller's page keys, which count for the first call only
	call     Call
}

func (b *builder) build(page *Page, size int, token string) (Call, error) {
	c := &b.call
	err := b.remote.check()
	if err != nil {
		return Call{}, err
	}
	if c.Method, c.Path, err = b.req.target(b.in); err != nil {
		return Call{}, err
	}
	if c.Header, err = b.headers(); err != nil {
		return Call{}, err
	}
	if !b.linked { // a link has a query of its own; the path stays, for a link that is relative to it
		if c.Query, err = b.query(page, size, token); err != nil {
			return Call{}, err
		}
	}
	if b.req.Body != nil {
		if c.Body, err = b.body(); err != nil {
			return Call{}, err
		}
		c.ContentType = "application/json"
	}
	if c.Accept == "" {
		c.Accept = accept
	}
	return *c, nil
}

func (b *builder) query(page *Page, size int, token string) ([]Param, error) {
	var out []Param
	for _, f := range b.req.Query {
		v, err := f.Value.value(b.in)
		if err != nil {
			return nil, fmt.Errorf("planning query parameter %s: %w", f.Key, err)
		}
		values, ok := v.([]any)
		if !ok {
			values = []any{v}
		}
		for _, v := range values {
			if v == nil {
				continue
			}
			s, ok := scalarText(v)
			if !ok {
				return nil, fmt.Errorf("planning query parameter %s: an object is no parameter", f.Key)
			}
			out = append(out, Param{f.Key, s, f.Value.owner()})
		}
	}
	if page != nil && page.Size != nil && page.Size.Param != "" && size > 0 {
		out = setParam(out, page.Size.Param, fmt.Sprint(size))
	}
	if page != nil && page.TokenParam != "" && token != "" {
		out = setParam(out, page.TokenParam, token)
	}
	out, err := b.over.query(out, b.in)
	if err != nil {
		return nil, err
	}
	if b.req.Body == nil {
		out = b.remote.merge(out, b.dropPage)
	}
	return out, nil
}

// setParam puts a page parameter where the query has one of its name, or else at the end.
func setParam(query []Param, key, value string) []Param {
	p := Param{key, value, OwnerPage}
	if i := slices.IndexFunc(query, func(q Param) bool { return q.Key == key }); i >= 0 {
		query[i] = p
		return query
	}
	return append(query, p)
}

func (b *builder) headers() ([]Param, error) {
	var out []Param
	set := func(key, value string, owner Owner) error {
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return fmt.Errorf("planning header %s: its value has a control character", key)
		}
		if http.CanonicalHeaderKey(key) == "Accept" {
			b.call.Accept = value
		} else {
			out = append(out, Param{key, value, owner})
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
		if err := set(f.Key, v, f.Value.owner()); err != nil {
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

func (b *builder) body() ([]byte, error) {
	d, err := b.req.Body.JSON.tree.render(b.in)
	if err != nil {
		return nil, fmt.Errorf("planning the body: %w", err)
	}
	if d == nil {
		d = &doc{kind: '{'}
	}
	if err := b.over.body(d, b.in); err != nil {
		return nil, err
	}
	for _, p := range b.remote {
		if slices.Contains(b.dropPage, p.Path[0]) {
			continue
		}
		if err := d.set(p, b.req.Body.Types); err != nil {
			return nil, err
		}
	}
	return d.append(nil), nil
}
