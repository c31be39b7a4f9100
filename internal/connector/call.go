package connector

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Owner says who a parameter belongs to, and so what a caller's remote_query does with it.
type Owner uint8

const (
	OwnerConnector Owner = iota // fixed by the connector
	OwnerPlanner                // carries the window
	OwnerPage                   // carries the page: a caller's counts for the first call only
	OwnerCaller                 // from remote_query
)

// Param is one parameter of a query, or one header.
type Param struct {
	Key, Value string
	Owner      Owner
}

// Call is one request to the provider, complete but for the base URL and the credentials, which no plan knows.
type Call struct {
	Purpose     string // list get submit poll download lookup check token proxy custom
	Name        string // of the call spec
	Method      string // GET or POST
	Path        string // escaped, below the base URL
	URL         string // a next link or a download, absolute or relative: replaces Path and Query
	Query       []Param
	Header      []Param
	Body        []byte
	ContentType string
	Accept      string
	NoAuth      bool // a download from where the credentials don't belong
	Window      Range
	Unclipped   bool // remote_query owns the window: neither slice nor clip
}

// accept is what a call asks for where its headers don't say.
const accept = "application/json"

// At is the call of a position. It is pure: the same scope and position give the same call.
func (m *Method) At(s *Scope, p record.Position) (Call, error) {
	c := m.Call(p)
	if c == nil {
		return Call{}, stale()
	}
	w := m.Window(s, p)
	if m.Windowed() && (w.Start.Before(s.Range.Start) || !w.Start.Before(s.Range.End)) {
		return Call{}, stale()
	}
	size := c.Page.size(s, p)
	in := s.input(p, w)
	in["page_size"] = size
	b := builder{req: &c.Request, in: in, remote: s.Remote}
	b.call = Call{Purpose: m.purpose, Name: c.Name, Window: w, Unclipped: m.Unclipped(s)}
	if c.Job != nil {
		b.call.Purpose = "submit"
	}
	if b.call.URL = c.Page.link(p.Token); b.call.URL != "" {
		b.remote = nil // a link is followed as it was given
		b.linked = true
	} else if !m.isFirst(s, p) {
		b.dropPage = m.pageKeys()
	}
	return b.build(c.Page, size, string(p.Token))
}

// size is the page size to ask for, 0 where the provider takes none.
func (p *Page) size(s *Scope, at record.Position) int {
	if p == nil || p.Size == nil {
		return 0
	}
	n := at.Size
	if n == 0 {
		n = s.PageSize
	}
	if n == 0 {
		n = p.Size.Default
	}
	if p.Size.Max > 0 {
		n = min(n, p.Size.Max)
	}
	return n
}

// builder renders a request for one position.
type builder struct {
	req      *Request
	in       map[string]any
	remote   remotePairs
	linked   bool     // the query is that of a link
	dropPage []string // the caller's page keys, which count for the first call only
	call     Call
}

func (b *builder) build(page *Page, size int, token string) (Call, error) {
	c := &b.call
	var err error
	if c.Method, c.Path, err = b.req.target(b.in); err != nil {
		return Call{}, err
	}
	if c.Header, err = b.headers(); err != nil {
		return Call{}, err
	}
	if b.linked {
		c.Path = ""
	} else if c.Query, err = b.query(page, size, token); err != nil {
		return Call{}, err
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
	for _, f := range b.req.Headers {
		v, ok, err := f.Value.text(b.in)
		if err != nil {
			return nil, fmt.Errorf("planning header %s: %w", f.Key, err)
		}
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return nil, fmt.Errorf("planning header %s: its value has a control character", f.Key)
		}
		switch {
		case !ok:
		case http.CanonicalHeaderKey(f.Key) == "Accept":
			b.call.Accept = v
		default:
			out = append(out, Param{f.Key, v, f.Value.owner()})
		}
	}
	return out, nil
}

func (b *builder) body() ([]byte, error) {
	d, err := b.req.Body.JSON.tree.render(b.in)
	if err != nil {
		return nil, fmt.Errorf("planning the body: %w", err)
	}
	if d == nil {
		d = &doc{kind: '{'}
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

// target is the method and the escaped path. A slot fills one segment, or a part of one, and never leaves it.
func (r *Request) target(in map[string]any) (method, path string, err error) {
	method, t := http.MethodGet, r.GetPath
	if t.IsZero() {
		method, t = http.MethodPost, r.PostPath
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.slot == nil {
			b.WriteString(p.lit)
			continue
		}
		v, err := p.slot.run(in)
		if err != nil {
			return "", "", err
		}
		s, ok := scalarText(v)
		if !ok || s == "" {
			return "", "", fmt.Errorf("planning the path: slot `%s` gives no text", clip(p.slot.text()))
		}
		b.WriteString(url.PathEscape(s))
	}
	path = b.String()
	for seg := range strings.SplitSeq(path, "/") {
		if seg == "." || seg == ".." {
			return "", "", problem.Param(problem.InvalidParameter, "id", "an id can't be %q", seg)
		}
	}
	return method, path, nil
}

// owner is the owner of what a template gives.
func (t Template) owner() Owner {
	switch {
	case t.reads("window", "") || t.reads("range", ""):
		return OwnerPlanner
	case t.reads("page_size", "") || t.reads("carry", ""):
		return OwnerPage
	}
	return OwnerConnector
}
