package connector

import (
	"fmt"
	"net/http"
	"net/url"
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
	Purpose     string // list get constant parents submit poll fetch download lookup check token proxy custom
	Name        string // of the call spec
	Method      string // GET or POST
	Path        string // escaped, below the base URL
	Template    string // Path as the connector writes it, for traces; "" where it is a caller's own
	URL         string // a next link or a download, absolute, or relative to Path: replaces Path and Query
	Query       []Param
	Header      []Param
	Body        []byte // of the content type: JSON, a form or text
	ContentType string
	Accept      string
	Auth        *Auth // how it is signed, nil for the connector's way
	Cost        int   // calls of the provider's rate that it counts as; 0 is 1
	NoAuth      bool  // a download from where the credentials don't belong: it may lead anywhere
	Window      Range
	Unclipped   bool // remote_query owns the window: neither slice nor clip
}

// Signed says whether the call carries credentials, so that its answer tells of the account.
func (c Call) Signed() bool { return !c.NoAuth && (c.Auth == nil || !c.Auth.IsZero()) }

// accept is what a call asks for where its headers don't say.
const accept = "application/json"

// At is the call of a position. It is pure: the same scope and position give the same call.
func (m *Method) At(s *Scope, p record.Position) (Call, error) {
	c := m.Call(p)
	if c == nil {
		return Call{}, stale()
	}
	if c.Parents != nil && len(p.Parent) == 0 {
		return Call{}, stale()
	}
	w := m.Window(s, p)
	if m.Windowed() && (w.Start.Before(s.Range.Start) || !w.Start.Before(s.Range.End)) {
		return Call{}, stale()
	}
	if c.Constant != nil {
		return Call{Purpose: "constant", Name: c.Name, Window: w}, nil
	}
	size := c.Page.size(s, p)
	in := s.input(p, w)
	in.pageSize = size
	b := builder{req: &c.Request, in: in, over: m.overlay(s), remote: s.Remote}
	b.call = Call{Purpose: m.purpose, Name: c.Name, Auth: c.Request.Auth, Cost: c.Cost, Window: w, Unclipped: m.Unclipped(s)}
	page := c.Page
	if c.Job != nil && (c.Page == nil || len(p.Token) == 0) {
		if b.call.Purpose = "submit"; c.Job.Ready == nil {
			page = nil // it is the result that has pages
		}
	}
	if len(s.Remote) > 0 && !m.isFirst(s, p) {
		b.remote = m.laterRemote(s)
	}
	token := string(p.Token)
	switch {
	case token == "":
		token = page.first()
	case c.Page != nil && c.Page.Then != nil:
		b.req, b.remote, b.over = c.Page.Then, nil, b.over.headersAlone()
		in.token = c.Page.tokenValue(token)
	case len(p.Job) > 0 && c.Page != nil:
		b.req, b.remote, b.over = c.Job.result(), nil, b.over.headersAlone() // remote_query was for the call that started the job
	}
	if b.call.URL = c.Page.link(p.Token); b.call.URL != "" {
		b.linked, token = true, "" // a link is followed as it was given
	}
	return b.build(page, size, token)
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

// template is the path as it is written.
func (r *Request) template() Template {
	if r.GetPath.IsZero() {
		return r.PostPath
	}
	return r.GetPath
}

// target is the method and the escaped path. A slot fills one segment, or a part of one, and never leaves it; a list
// fills one segment with each of its elements, of which empty ones are none.
func (r *Request) target(in any) (method, path string, err error) {
	method = http.MethodGet
	if r.GetPath.IsZero() {
		method = http.MethodPost
	}
	var b strings.Builder
	for _, p := range r.template().parts {
		if p.slot == nil {
			b.WriteString(p.lit)
			continue
		}
		v, err := p.slot.run(in)
		if err != nil {
			return "", "", err
		}
		s, ok := segments(v)
		if !ok || s == "" {
			return "", "", fmt.Errorf("planning the path: slot `%s` gives no text", clip(p.slot.text()))
		}
		b.WriteString(s)
	}
	path = b.String()
	for seg := range strings.SplitSeq(path, "/") {
		if seg == "." || seg == ".." {
			return "", "", problem.Param(problem.InvalidParameter, "id", "an id can't be %q", seg)
		}
	}
	return method, path, nil
}

// segments is what a slot gives to a path, escaped.
func segments(v any) (string, bool) {
	elements, ok := v.([]any)
	if !ok {
		elements = []any{v}
	}
	var out []string
	for _, e := range elements {
		s, ok := scalarText(e)
		if !ok {
			return "", false
		}
		if s != "" {
			out = append(out, url.PathEscape(s))
		}
	}
	return strings.Join(out, "/"), true
}
