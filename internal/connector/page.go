package connector

import (
	"net/http"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Page is how one page leads to the next. A link is followed as it was given, with the request's method and body; a
// token, a number, an offset or an index is sent beside the same parameters.
type Page struct {
	NextURL         []string     `yaml:"next_url" form:"path" doc:"dotted paths of the next link; a value that is no URL is a token, for token_param or token_key"`
	LinkHeader      string       `yaml:"link_header" doc:"the rel of the Link header's next link, mostly next"`
	NextToken       []string     `yaml:"next_token" form:"path" doc:"dotted paths of the next token"`
	NextTokenHeader string       `yaml:"next_token_header" doc:"the response header with the next token"`
	Number          *NumberPages `yaml:"number" doc:"pages are counted; {} where nothing is said of their end, which an empty page is then"`
	Offset          *OffsetPages `yaml:"offset" doc:"items are counted: each page is asked for by how many came before it; an empty page is the end"`
	Index           *IndexPages  `yaml:"index" doc:"pages are counted from 0, up to a count that the first page states"`
	Next            *Expr        `yaml:"next" form:"jq" scope:"page" doc:"jq that gives the next token; null, \"\" or false is the end"`
	More            string       `yaml:"more" form:"path" doc:"dotted path of a boolean: false is the end, whatever else stands there"`
	TokenParam      string       `yaml:"token_param" doc:"the query parameter that takes the token, number, offset or index"`
	TokenKey        string       `yaml:"token_key" form:"path" doc:"the dotted path in the body that takes it: of json, of graphql's variables, or a form's name; a number stays one"`
	TokenHeader     string       `yaml:"token_header" doc:"the request header that takes it"`
	Then            *Request     `yaml:"then" scope:"+token" doc:"the request of every page after the first, where it is another one; slots read .token and .carry, remote_query is not for it, and without an auth of its own it has the first one's"`
	Size            *PageSize    `yaml:"size" doc:"how many items a page has"`
}

// NumberPages are pages that are counted. An empty page is always the last.
type NumberPages struct {
	First int    `yaml:"first" default:"1" doc:"the number of the first page"`
	Total string `yaml:"total" form:"path" doc:"dotted path of how many pages there are"`
	More  string `yaml:"more" form:"path" doc:"dotted path of a boolean: false is the end"`
}

// OffsetPages are pages that are asked for by the items before them. An empty page is always the last.
type OffsetPages struct {
	Total string `yaml:"total" form:"path" doc:"dotted path of how many items there are"`
}

// IndexPages are the parts of an answer whose first one says how many there are.
type IndexPages struct {
	Count string `yaml:"count" form:"path" need:"true" doc:"dotted path, in the first page, of how many pages there are, or of a list with one element each"`
}

// PageSize is the size of the provider's pages.
type PageSize struct {
	Param   string `yaml:"param" doc:"the query parameter that takes it; none where a slot reads .page_size"`
	Key     string `yaml:"key" form:"path" doc:"the dotted path in the body that takes it, like token_key"`
	Default int    `yaml:"default" need:"true" doc:"the size to ask for"`
	Max     int    `yaml:"max" doc:"the largest that the provider takes; without it a caller's limit does not change the size"`
}

// Style says in a word how pages follow each other: link, token, number, offset or index; none where they don't.
func (p *Page) Style() string {
	if p == nil {
		return "none"
	}
	if styles := p.styles(); len(styles) > 0 {
		return styles[0].word
	}
	return "none"
}

// pageStyle is one way from page to page, by its key and in a word.
type pageStyle struct{ key, word string }

// styles are the ways that were written down, of which there may be one.
func (p *Page) styles() []pageStyle {
	var out []pageStyle
	for _, s := range []struct {
		is bool
		pageStyle
	}{
		{len(p.NextURL) > 0, pageStyle{"next_url", "link"}}, {p.LinkHeader != "", pageStyle{"link_header", "link"}},
		{len(p.NextToken) > 0, pageStyle{"next_token", "token"}}, {p.NextTokenHeader != "", pageStyle{"next_token_header", "token"}},
		{p.Number != nil, pageStyle{"number", "number"}}, {p.Offset != nil, pageStyle{"offset", "offset"}},
		{p.Index != nil, pageStyle{"index", "index"}}, {p.Next != nil, pageStyle{"next", "token"}},
	} {
		if s.is {
			out = append(out, s.pageStyle)
		}
	}
	return out
}

// counts says that the gateway counts pages or items itself, so that the provider's own words end them, or an empty page.
func (p *Page) counts() bool { return p != nil && (p.Number != nil || p.Offset != nil) }

// Counts says whether the next page follows from the number of this one, not from what the provider gave with it.
func (c *CallSpec) Counts() bool { return c.Page.counts() }

// ReadsHeader says whether the way to the next page reads a header of the answer.
func (c *CallSpec) ReadsHeader(name string) bool {
	p := c.Page
	if p == nil {
		return false
	}
	name = http.CanonicalHeaderKey(name)
	return p.LinkHeader != "" && name == "Link" || name == http.CanonicalHeaderKey(p.NextTokenHeader) || p.Next.readsHeader(name)
}

// places are the keys that say where the token goes.
func (p *Page) places() []string {
	var out []string
	for _, s := range []struct{ key, value string }{{"token_param", p.TokenParam}, {"token_key", p.TokenKey}, {"token_header", p.TokenHeader}} {
		if s.value != "" {
			out = append(out, s.key)
		}
	}
	return out
}

// toNext says how a page can lead to the next one.
const toNext = "say how to get to the next page: next_token, next_url, link_header, next_token_header, number, offset, index or next"

func (p *Page) check(d *decoder, n *yaml.Node) {
	styles, places := p.styles(), p.places()
	if len(styles) > 1 {
		fix := "keep one of them"
		if styles[0].key == "next_url" && styles[1].key == "next_token" {
			fix = "keep next_url: with token_param it takes tokens too"
		}
		d.add(d.key(n, styles[1].key), "exclusive", styles[0].key+" and "+styles[1].key+" are both there", fix)
	}
	if len(places) > 1 {
		d.add(d.key(n, places[1]), "exclusive", places[0]+" and "+places[1]+" are both there", "keep one of them")
	}
	linked := len(styles) > 0 && styles[0].word == "link"
	switch {
	case len(styles) == 0 && len(places) > 0:
		d.add(d.key(n, places[0]), "unused", places[0]+", and nothing leads to the next page", toNext)
	case len(styles) > 0 && !linked && len(places) == 0 && (p.Then == nil || !p.Then.reads("token", "")):
		d.add(n, "missing", styles[0].key+" without token_param", "add token_param: the parameter that takes it, or token_key or token_header")
	case len(styles) == 0 && (p.Then != nil || p.More != "" || p.Size == nil):
		d.add(n, "missing", "nothing leads to the next page", toNext)
	case p.LinkHeader != "" && len(places) > 0:
		d.add(d.key(n, places[0]), "unused", "a Link header has links and no tokens", "remove "+places[0])
	}
	if p.Number != nil && p.Number.More != "" && p.More != "" {
		d.add(d.key(n, "more"), "exclusive", "more and number.more are both there", "keep one of them")
	}
	if p.TokenHeader != "" {
		d.checkHeaderName(d.at(n, "token_header"), p.TokenHeader)
	}
	if p.NextTokenHeader != "" && !validToken(p.NextTokenHeader) {
		d.add(d.at(n, "next_token_header"), "value", "not a header's name", "")
	}
	if p.Then != nil {
		p.Then.checkRequest(d, d.at(n, "then"))
	}
	if s := p.Size; s != nil {
		at := d.at(n, "size")
		if s.Max > 0 && s.Default > s.Max {
			d.add(d.at(at, "default"), "value", "the default page size is above max", "")
		}
		if s.Param != "" && s.Key != "" {
			d.add(d.key(at, "key"), "exclusive", "param and key are both there", "keep one of them")
		}
	}
}

// checkPlaces holds the page's keys of the body to the request that they go into.
func (c *CallSpec) checkPlaces(d *decoder, n *yaml.Node) {
	p := c.Page
	if p == nil {
		return
	}
	at := d.at(n, "page")
	first := &c.Request
	if c.Job != nil {
		first = c.Job.result()
	}
	last := first
	if p.Then != nil {
		last = p.Then
	}
	if p.TokenKey != "" && !last.Body.takesRemote() {
		d.add(d.at(at, "token_key"), "value", "token_key, and the request has no body with keys", "use token_param, or give it a body")
	}
	if p.Size != nil && p.Size.Param == "" && p.Size.Key == "" && !slices.ContainsFunc(d.slots, func(s *slot) bool { return s.reads("page_size", "") }) {
		d.add(d.key(at, "size"), "unused", "a page size, and nothing sends it", "add param: the query parameter that takes it, or key, or a slot that reads .page_size")
	}
	if p.Size != nil && p.Size.Key != "" && !first.Body.takesRemote() {
		d.add(d.at(d.at(at, "size"), "key"), "value", "size.key, and the request has no body with keys", "use size.param, or give it a body")
	}
	if c.Whole && (p.Offset != nil || p.Number != nil && p.Number.Total == "" && p.Number.More == "" && p.More == "") {
		d.add(at, "missing", "an answer that is itself the one item is never empty, so nothing ends its pages", "add items, or number.total or more")
	}
}
