package recorder

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// told are the headers of an answer that a recording keeps, beside those that the connector reads.
var told = []string{"Content-Type", "Retry-After", "Link", "X-Total-Count"}

// answer writes headers and body of a round trip.
func (c *composer) answer(e *exchange, i int, t *upstream.Taken) {
	links := c.links(i, t)
	for _, name := range c.tellable(t.Header) {
		for _, v := range t.Header[name] {
			for _, l := range links {
				v = strings.ReplaceAll(v, "<"+l.from+">", "<"+l.to+">")
			}
			e.headers = append(e.headers, name+": "+c.scrub.text(v))
		}
	}
	body := eachDocument(t.Body, func(doc []byte) []byte {
		return editor{value: func(_ []string, raw []byte) []byte {
			text := string(raw)
			if raw[0] == '"' {
				text = unquoted(raw)
			}
			for _, l := range links {
				if text == l.from {
					return quoted(l.to)
				}
			}
			if c.job != "" && text == c.job {
				if raw[0] == '"' {
					return []byte(`"{job}"`)
				}
				return []byte("{job}")
			}
			return nil
		}}.edit(doc)
	}, func(text []byte) []byte { return text })
	e.body = c.scrubbed(body)
}

// scrubbed is a body without secrets. A number that became a placeholder makes it no JSON for the time being.
func (c *composer) scrubbed(body []byte) []byte {
	const stand = `"{job-as-a-number}"`
	text := strings.ReplaceAll(string(body), `:{job}`, ":"+stand)
	text = strings.ReplaceAll(text, `: {job}`, ": "+stand)
	clean := string(c.scrub.json([]byte(text)))
	return []byte(strings.ReplaceAll(clean, stand, "{job}"))
}

// tellable are the names of the headers that are kept, in order.
func (c *composer) tellable(h http.Header) []string {
	var out []string
	reads := c.Connector.RateHeaders
	known := slices.Concat(told, reads.Limit, reads.Period, reads.Remaining, reads.Reset, reads.RetryAfter, c.pageHeaders())
	for _, name := range sortedKeys(h) {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-ratelimit-") || strings.HasPrefix(lower, "ratelimit-") ||
			slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) {
			out = append(out, name)
		}
	}
	return out
}

// pageHeaders are those that lead to a next page.
func (c *composer) pageHeaders() (out []string) {
	for _, r := range c.Connector.Resources {
		if r.List == nil {
			continue
		}
		for _, spec := range r.List.Calls {
			if spec.Page != nil && spec.Page.NextTokenHeader != "" {
				out = append(out, spec.Page.NextTokenHeader)
			}
		}
	}
	return out
}

// link is an address in an answer, and what stands in its place.
type link struct{ from, to string }

// links are those that later calls followed. A page's is told by what it changes of the request's own address, so that it
// moves with the range; a download's by where the cassette has it.
func (c *composer) links(i int, t *upstream.Taken) []link {
	var out []link
	downloads := c.downloads
	for _, next := range append(slices.Clone(c.Taken[i+1:]), c.Next) {
		switch {
		case next == nil || next.Call.URL == "":
		case next.Call.Purpose == "download" || next.Call.NoAuth:
			downloads++
			out = append(out, link{next.Call.URL, "{other}" + c.downloadPath(downloads)})
		case c.form == Moving:
			if to := c.fromSelf(t.Target, next.Target); to != "" {
				out = append(out, link{next.Call.URL, to})
			}
		}
	}
	return out
}

// fromSelf is a link as a change of the address that it stands at; "" where it is more than that, or has what must not
// stand in a placeholder.
func (c *composer) fromSelf(at, to *url.URL) string {
	if at.Host != to.Host || at.EscapedPath() != to.EscapedPath() {
		return ""
	}
	have, want := at.Query(), to.Query()
	for key := range have {
		if !want.Has(key) {
			return ""
		}
	}
	var set []string
	for pair := range strings.SplitSeq(to.RawQuery, "&") {
		key, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		if err != nil || slices.Equal(have[name], want[name]) || c.signs(name) {
			continue
		}
		if len(want[name]) > 1 || strings.ContainsAny(want.Get(name), "{}\"&=#% \t\n") || name != key {
			return ""
		}
		set = append(set, name+"="+want.Get(name))
	}
	if set == nil {
		return ""
	}
	return "{self:" + strings.Join(set, "&") + "}"
}

// jobID is the id of the job that an answer started.
func jobID(spec *connector.CallSpec, body []byte) string {
	if spec == nil || spec.Job == nil || spec.Job.IDPath == "" || !record.IsDocument(body) {
		return ""
	}
	return gjson.GetBytes(body, spec.Job.IDPath).String()
}
