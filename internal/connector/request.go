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
	c.checkRequest(d, n)
	c.Whole = c.Format == "json" && d.at(n, "items") == n
	c.checkItems(d, n)
	if c.Whole && c.Columns != nil {
		d.add(d.key(n, "columns"), "missing", "columns without items", "add items: the path of the list of rows")
	}
	if c.When.reads("window", "") && c.Window == nil {
		d.add(d.at(n, "when"), "scope", "the condition reads .window of a call without window", "add window")
	}
	if c.Unit == "window" && c.Latest != nil {
		d.add(d.key(n, "latest"), "exclusive", "latest compares items, the unit is the window", "keep one of them")
	}
}

func (l *Lookup) check(d *decoder, n *yaml.Node) {
	l.checkRequest(d, n)
	l.checkItems(d, n)
	call := &CallSpec{Request: l.Request, ItemSpec: l.ItemSpec, Page: l.Page, Unit: "item"}
	l.Method = &Method{Calls: []*CallSpec{call}, purpose: "lookup"}
}

func (c *ControlTotal) check(d *decoder, n *yaml.Node) {
	if c.Mode == "ignore" && c.Reason == "" {
		d.add(n, "missing", "a total is ignored without a reason", "add reason: …")
	}
}

func (p *Page) check(d *decoder, n *yaml.Node) {
	switch {
	case len(p.NextURL) > 0 && len(p.NextToken) > 0:
		d.add(d.key(n, "next_token"), "exclusive", "next_url and next_token are both there", "keep next_url: with token_param it takes tokens too")
	case len(p.NextToken) > 0 && p.TokenParam == "":
		d.add(n, "missing", "next_token without token_param", "add token_param: the parameter that takes it")
	case len(p.NextURL) == 0 && len(p.NextToken) == 0 && p.TokenParam != "":
		d.add(d.key(n, "token_param"), "unused", "token_param without next_url or next_token", "say where the token stands")
	}
	if s := p.Size; s != nil && s.Max > 0 && s.Default > s.Max {
		d.add(d.at(d.at(n, "size"), "default"), "value", "the default page size is above max", "")
	}
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
			switch {
			case !validToken(f.Key):
				d.add(d.key(headers, f.Key), "value", "not a header's name", "")
			case slices.Contains(ownHeaders, http.CanonicalHeaderKey(f.Key)):
				d.add(d.key(headers, f.Key), "value", "the header "+f.Key+" is not the connector's to set", "credentials go into auth")
			}
		}
	}
}

func (d *decoder) checkPath(n *yaml.Node) {
	lit := slotsOut(n.Value)
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
	has := func(f Field) bool { return f.Value.reads(root, name) }
	return r.GetPath.reads(root, name) || r.PostPath.reads(root, name) || slices.ContainsFunc(r.Query, has) ||
		slices.ContainsFunc(r.Headers, has) || r.Body != nil && r.Body.JSON != nil && r.Body.JSON.tree.reads(root, name)
}

func (b *Body) check(d *decoder, n *yaml.Node) {
	if b.JSON != nil && b.JSON.tree.kind != yaml.MappingNode {
		d.wrongType(d.at(n, "json"), "an object")
	}
}
