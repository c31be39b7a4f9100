package connector

import (
	"net/url"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// JSON is the call as a mapping sees it in $call:
//
//	{"name","purpose","method","path","query":{k: v or [v…]},"body":<JSON or null>,"window":{"start","end"} or null}
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
	b = append(b, `,"query":{`...)
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
	b = append(b, `},"body":`...)
	if len(c.Body) > 0 {
		b = append(b, c.Body...)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"window":`...)
	if c.Window.IsZero() {
		return append(b, "null}"...)
	}
	b = append(append(b, `{"start":"`...), c.Window.Start.UTC().Format(stamp)...)
	b = append(append(b, `","end":"`...), c.Window.End.UTC().Format(stamp)...)
	return append(b, `"}}`...)
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
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		k, v, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(k)
		value, err2 := url.QueryUnescape(v)
		if k != "" && err1 == nil && err2 == nil {
			query = append(query, Param{Key: key, Value: value})
		}
	}
	return u.EscapedPath(), query
}
