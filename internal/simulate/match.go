package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// link gives each exchange the parameters that must be absent: those that another exchange of the same method and
// path demands and it does not name. So a page token picks its page, and an unknown token none.
func (c *Cassette) link(p *parser, secs []section) {
	for _, e := range c.exchanges {
		for _, o := range c.exchanges {
			if o == e || o.method != e.method || o.pathText() != e.pathText() {
				continue
			}
			for _, q := range o.query {
				named := slices.ContainsFunc(e.query, func(have param) bool { return have.key == q.key })
				if !q.optional && !named && !slices.Contains(e.absent, q.key) {
					e.absent = append(e.absent, q.key)
				}
			}
		}
	}
	for _, e := range c.exchanges {
		starter := func(o *exchange) bool { return o.name == e.job && o.starts() }
		if e.job != "" && !slices.ContainsFunc(c.exchanges, starter) {
			p.bad(1, "exchange/%s: job: no exchange %q starts one", e.name, e.job)
		}
	}
	needsToken := slices.ContainsFunc(c.auth.wants(), func(w want) bool { return w.made == "token" })
	if needsToken && !slices.ContainsFunc(c.exchanges, (*exchange).issues) && len(p.errs) == 0 {
		p.bad(secs[0].line, "auth wants a {token}, and no exchange answers with one")
	}
}

func (e *exchange) pathText() string {
	path, _, _ := strings.Cut(e.target, "?")
	return path
}

// asked is a request as the patterns see it.
type asked struct {
	method string
	path   string // escaped, below the connector's name
	query  url.Values
	header http.Header
	body   []byte
	form   url.Values
	json   any
	isJSON bool
}

func newAsked(r *http.Request, path string, body []byte) *asked {
	a := &asked{method: r.Method, path: path, query: r.URL.Query(), header: r.Header, body: body}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		a.form, _ = url.ParseQuery(string(body)) // what does not parse is missing, and reported as that
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	a.isJSON = dec.Decode(&a.json) == nil
	return a
}

// reaches says that method and path are this exchange's; other differences are only interesting then.
func (e *exchange) reaches(a *asked, got *captured) bool {
	segs := strings.Split(strings.TrimPrefix(a.path, "/"), "/")
	if e.method != a.method || len(segs) != len(e.path) {
		return false
	}
	for i, s := range segs {
		text, err := url.PathUnescape(s)
		if err != nil || e.path[i].match(text, got) != nil {
			return false
		}
	}
	return true
}

// match lists how a request that reaches the exchange differs from its pattern; none is a match.
func (e *exchange) match(a *asked, got *captured) []string {
	diffs := matchParams("query", e.query, a.query, got)
	for _, key := range e.absent {
		if a.query.Has(key) {
			diffs = append(diffs, fmt.Sprintf("query %s: belongs to another exchange", key))
		}
	}
	if e.strict {
		for key := range a.query {
			if !slices.ContainsFunc(e.query, func(q param) bool { return q.key == key }) {
				diffs = append(diffs, fmt.Sprintf("query %s: not allowed", key))
			}
		}
	}
	diffs = append(diffs, matchParams("form", e.form, a.form, got)...)
	for _, h := range e.header {
		diffs = append(diffs, matchParams("header", []param{h}, url.Values{h.key: a.header.Values(h.key)}, got)...)
	}
	if e.body != nil {
		if !a.isJSON {
			diffs = append(diffs, "body: not JSON")
		} else {
			diffs = append(diffs, e.body.match("", a.json, e.strict, got)...)
		}
	}
	if e.text != nil {
		if err := e.text.match(string(a.body), got); err != nil {
			diffs = append(diffs, fmt.Sprintf("text: %v", err))
		}
	}
	for _, name := range e.without {
		if a.has(name) {
			diffs = append(diffs, name+": must be absent")
		}
	}
	return diffs
}

// has says whether a request carries a name: in its query, its form or its headers, or as a dotted path of its JSON body.
func (a *asked) has(name string) bool {
	if a.query.Has(name) || a.form.Has(name) || len(a.header.Values(name)) > 0 {
		return true
	}
	at := a.json
	for key := range strings.SplitSeq(name, ".") {
		obj, ok := at.(map[string]any)
		if !ok {
			return false
		}
		if at, ok = obj[key]; !ok {
			return false
		}
	}
	return true
}

func matchParams(where string, want []param, have url.Values, got *captured) []string {
	var diffs []string
	named := map[string]int{} // how often the pattern names a key
	for _, q := range want {
		named[q.key]++
	}
	met := map[string]int{}
	for _, q := range want {
		vals, i := have[q.key], met[q.key]
		met[q.key]++
		switch {
		case len(vals) == 0 && q.optional:
		case len(vals) == 0:
			diffs = append(diffs, fmt.Sprintf("%s %s: missing", where, q.key))
		case len(vals) != named[q.key]:
			diffs = append(diffs, fmt.Sprintf("%s %s: given %d times", where, q.key, len(vals)))
		default:
			if err := q.is.match(vals[i], got); err != nil {
				diffs = append(diffs, fmt.Sprintf("%s %s: %v", where, q.key, err))
			}
		}
	}
	return diffs
}

// miss says why an exchange did not answer.
type miss struct {
	Exchange string   `json:"exchange"`
	Pattern  string   `json:"pattern"`
	Differs  []string `json:"differs"`
}
