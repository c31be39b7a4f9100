package connector

import (
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// CheckSpec is the call that proves an account, and what must hold of its answer.
type CheckSpec struct {
	Request `yaml:",inline"`
	Expect  []Expectation `yaml:"expect" scope:"reply" doc:"what must hold of the answer, in order"`
}

// Expectation is a condition and the problem where it does not hold.
type Expectation struct {
	That    *Expr       `yaml:"that" need:"true" doc:"what must hold"`
	Code    ProblemCode `yaml:"code" need:"true" doc:"the code of the problem where it does not"`
	Message Template    `yaml:"message" need:"true" doc:"what to do about it"`
}

func (c *CheckSpec) check(d *decoder, n *yaml.Node) { c.checkRequest(d, n) }

// Call is the check as a call.
func (c *CheckSpec) Call(s *Scope) (Call, error) {
	b := builder{req: &c.Request, in: s.input(record.Position{}, Range{}), call: Call{Purpose: "check"}}
	return b.build(nil, 0, "")
}

// Verify holds a good answer to what is expected of it; nil where all holds.
func (c *CheckSpec) Verify(a Answer) *problem.Problem {
	in := a.input()
	for _, e := range c.Expect {
		if ok, err := e.That.holds(in); err != nil || !ok {
			msg, _, _ := e.Message.text(in)
			return problem.New(problem.Code(e.Code), "%s", msg).AsRemote()
		}
	}
	return nil
}

func (c *CallSpec) check(d *decoder, n *yaml.Node) {
	if c.Constant != nil {
		c.checkConstant(d, n)
		return
	}
	c.checkRequest(d, n)
	c.Whole = c.Format == "json" && d.at(n, "items") == n
	c.checkItems(d, n)
	if c.When.reads("parent", "") {
		d.add(d.at(n, "when"), "scope", "the condition chooses the call before its parents are listed", "choose among the parents with parents.where")
	}
	if c.Job != nil && c.Page != nil {
		switch at := d.key(n, "page"); {
		case c.Job.DownloadAt != "":
			d.add(at, "exclusive", "the pages of a download are its links", "remove page, or take the result with fetch")
		case c.Page.Then == nil && c.Job.FetchCall != nil && c.Job.FetchCall.reads("report", ""):
			d.add(at, "scope", "fetch reads .report, which is not there for the pages after the first", "say with .job what to fetch, or how in page.then")
		}
	}
	if c.Parents != nil && !c.Request.reads("parent", "") {
		d.add(d.key(n, "parents"), "unused", "no slot of the call says which parent it is made for", "put {{ .parent.id }} into its path")
	}
	if c.Whole && c.Columns != nil {
		d.add(d.key(n, "columns"), "missing", "columns without items", "add items: the path of the list of rows")
	}
	if c.When.reads("window", "") && c.Window == nil {
		d.add(d.at(n, "when"), "scope", "the condition reads .window of a call without window", "add window")
	}
	if c.Unit == "window" && c.Latest != nil {
		d.add(d.key(n, "latest"), "exclusive", "latest compares items, the unit is the window", "keep one of them")
	}
	c.checkPlaces(d, n)
	c.checkCarry(d, n)
	if c.Cost < 1 {
		d.add(d.at(n, "cost"), "value", "a call costs at least 1", "")
	}
}

func (l *Lookup) check(d *decoder, n *yaml.Node) {
	l.checkRequest(d, n)
	l.checkItems(d, n)
	call := &CallSpec{Request: l.Request, ItemSpec: l.ItemSpec, Page: l.Page, Unit: "item"}
	call.checkPlaces(d, n)
	l.Method = &Method{Calls: []*CallSpec{call}, purpose: "lookup"}
}

// ownHeaders are set by the house: by auth, by the transport, or for no one.
var ownHeaders = []string{
	"Authorization", "Cookie", "Host", "Proxy-Authorization", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding",
	"Connection", "Accept-Encoding", "Te", "Trailer", "Upgrade", "Referer", "User-Agent",
}

// checkRequest holds what a request can't say by its fields' types alone.
func (r *Request) checkRequest(d *decoder, n *yaml.Node) {
	get, post := !r.GetPath.IsZero(), !r.PostPath.IsZero()
	switch {
	case get && post:
		d.add(d.key(n, "post"), "exclusive", "get and post are both there", "keep one of them")
	case !get && !post && d.at(n, "get") == n && d.at(n, "post") == n:
		d.add(n, "missing", "the call has neither get nor post", "add get: /path")
	case r.Body != nil && get:
		d.add(d.key(n, "body"), "exclusive", "a GET has no body", "use post")
	}
	for _, key := range []string{"get", "post"} {
		if at := d.at(n, key); at != n && at.Kind == yaml.ScalarNode {
			d.checkPath(at)
		}
	}
	if headers := d.at(n, "headers"); headers != n {
		for _, f := range r.Headers {
			d.checkHeaderName(d.key(headers, f.Key), f.Key)
		}
	}
}

func (d *decoder) checkHeaderName(n *yaml.Node, name string) {
	switch {
	case !validToken(name):
		d.add(n, "value", "not a header's name", "")
	case slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)):
		d.add(n, "value", "the header "+name+" is not the connector's to set", "credentials go into auth")
	}
}

func (d *decoder) checkPath(n *yaml.Node) {
	lit, _, _ := strings.Cut(slotsOut(n.Value), "{{") // an open slot has a finding of its own
	switch {
	case !strings.HasPrefix(n.Value, "/"):
		d.add(n, "path", "a path starts with a slash", "write /"+clip(n.Value))
	case strings.HasPrefix(n.Value, "//") || strings.Contains(lit, "/../") || strings.HasSuffix(lit, "/.."):
		d.add(n, "path", "a path stays below base_url", "write /a/b")
	case strings.ContainsAny(lit, "?# \\;"):
		d.add(n, "path", "a path has no query, fragment, space, backslash or semicolon", "put parameters into query")
	}
}

// slotsOut is a template's text with a letter in the place of each slot.
func slotsOut(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "{{")
		if i < 0 {
			return b.String() + s
		}
		end := slotEnd(s, i+2)
		if end < 0 {
			return b.String() + s
		}
		b.WriteString(s[:i] + "x")
		s = s[end+2:]
	}
}

// reads says whether a slot of the request reads .root.name, or anything of root where name is "".
func (r *Request) reads(root, name string) bool {
	input := func(f Input) bool { return f.Value.reads(root, name) }
	header := func(f Field) bool { return f.Value.reads(root, name) }
	return r.GetPath.reads(root, name) || r.PostPath.reads(root, name) || slices.ContainsFunc(r.Query, input) ||
		slices.ContainsFunc(r.Headers, header) || r.Body.reads(root, name)
}
