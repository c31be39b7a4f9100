package connector

import (
	"net/url"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// JSON is the call as a mapping sees it in $call:
//
//	{"name","purpose","method","path","query":{k: v or [v…]},"body":<JSON, a form as an object, text, or null>,"window":{"start","end"} or null}
//
// It is the effective request: a caller's remote_query and a next link's own query are in it.
func (c Call) JSON() []byte {
	path, query := c.Path, c.Query
	if c.URL != "" {
		path, query = linkParts(c.URL)
	}
	if p, err := url.PathUnescape(path); err == nil {
		path = p
	}
	b := append([]byte(`{"name":`), jq.AppendString(nil, c.Name)...)
	b = append(append(b, `,"purpose":`...), jq.AppendString(nil, c.Purpose)...)
	b = append(append(b, `,"method":`...), jq.AppendString(nil, c.Method)...)
	b = append(append(b, `,"path":`...), jq.AppendString(nil, path)...)
	b = appendParams(append(b, `,"query":`...), query)
	b = appendBody(append(b, `,"body":`...), c)
	b = append(b, `,"window":`...)
	if c.Window.IsZero() {
		return append(b, "null}"...)
	}
	b = append(append(b, `{"start":"`...), stamp(c.Window.Start)...)
	b = append(append(b, `","end":"`...), stamp(c.Window.End)...)
	return append(b, `"}}`...)
}

// appendBody writes the body: JSON as it is, a form as an object like the query, anything else as text.
func appendBody(b []byte, c Call) []byte {
	switch {
	case len(c.Body) == 0:
		return append(b, "null"...)
	case record.IsDocument(c.Body):
		return append(b, c.Body...)
	case strings.HasPrefix(c.ContentType, formType):
		return appendParams(b, pairs(string(c.Body)))
	}
	return jq.AppendString(b, strings.ToValidUTF8(string(c.Body), "\uFFFD"))
}

// appendParams writes parameters as an object, in the order of their names' first places.
func appendParams(b []byte, query []Param) []byte {
	b = append(b, '{')
	var seen []string
	for _, p := range query {
		if slices.Contains(seen, p.Key) {
			continue
		}
		if len(seen) > 0 {
			b = append(b, ',')
		}
		seen = append(seen, p.Key)
		b = append(jq.AppendString(b, p.Key), ':')
		b = appendValues(b, query, p.Key)
	}
	return append(b, '}')
}

// appendValues writes the value of a key, or the list of its values where it stands more than once.
func appendValues(b []byte, query []Param, key string) []byte {
	n, from := 0, len(b)
	for _, p := range query {
		if p.Key != key {
			continue
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = jq.AppendString(b, p.Value)
	}
	if n > 1 {
		b = append(slices.Insert(b, from, '['), ']')
	}
	return b
}

// linkParts is the path and the parameters of a link, as far as they can be read.
func linkParts(link string) (path string, query []Param) {
	u, err := url.Parse(link)
	if err != nil {
		return "", nil
	}
	return u.EscapedPath(), pairs(u.RawQuery)
}

// pairs reads an encoded query or form, as far as it can be read.
func pairs(encoded string) (out []Param) {
	for pair := range strings.SplitSeq(encoded, "&") {
		k, v, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(k)
		value, err2 := url.QueryUnescape(v)
		if k != "" && err1 == nil && err2 == nil {
			out = append(out, Param{Key: key, Value: value})
		}
	}
	return out
}
