package connector

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// nextToken is what leads to the page behind a finished one: a link, a token, or a number as text; "" at the end.
func (m *Method) nextToken(s *Scope, at record.Position, f Facts) (string, error) {
	p := m.Call(at).Page
	if p == nil {
		return "", nil
	}
	if ended, err := p.ended(f.Envelope); ended || err != nil {
		return "", err
	}
	switch {
	case p.LinkHeader != "":
		return nextLink(f.Header.Values("Link"), p.LinkHeader), nil
	case p.NextTokenHeader != "":
		return p.token(f.Header.Get(p.NextTokenHeader))
	case p.Next != nil:
		return p.computed(s, at, f)
	case p.Number != nil, p.Offset != nil, p.Index != nil:
		n, more, err := m.count(s, at, f)
		if !more || err != nil {
			return "", err
		}
		return strconv.FormatInt(n, 10), nil
	}
	return p.stated(f.Envelope)
}

// ended says whether the page itself says that it is the last.
func (p *Page) ended(envelope []byte) (bool, error) {
	path := p.More
	if p.Number != nil && path == "" {
		path = p.Number.More
	}
	if path == "" {
		return false, nil
	}
	switch r := find(envelope, path); r.Type {
	case gjson.False:
		return true, nil
	case gjson.True, gjson.Null: // it says nothing where it is absent
		return false, nil
	}
	return false, unexpected("%q, which says whether there are more pages, is neither true nor false", path)
}

// stated is the first link or token at the paths of next_url or next_token.
func (p *Page) stated(envelope []byte) (string, error) {
	for _, path := range slices.Concat(p.NextURL, p.NextToken) {
		switch r := find(envelope, path); r.Type {
		case gjson.String:
			switch {
			case r.Str == "":
			case len(p.NextURL) > 0 && isLink(r.Str):
				return r.Str, nil
			case len(p.NextURL) > 0 && len(p.places()) == 0:
				return "", unexpected("%q, which is the next link, is no address: %q", path, clip(r.Str))
			default:
				return p.token(r.Str)
			}
		case gjson.Number:
			return r.Raw, nil
		case gjson.JSON, gjson.True:
			return "", unexpected("%q, which leads to the next page, is neither text nor null", path)
		}
	}
	return "", nil
}

// computed is the token that the connector's own expression gives.
func (p *Page) computed(s *Scope, at record.Position, f Facts) (string, error) {
	in := map[string]any{"headers": headerInput(f.Header), "items": int(f.Items), "token": p.tokenValue(string(at.Token)), "carry": nil, "body": nil}
	if v, err := jq.Decode(f.Envelope); err == nil {
		in["body"] = v
	}
	if v, err := jq.Decode(at.Carry); err == nil {
		in["carry"] = v
	}
	v, err := p.Next.slot.run(in)
	if err != nil {
		return "", problem.Wrap(problem.UpstreamUnexpected, err, "the next page can't be found in the provider's answer: %v", err).AsRemote()
	}
	if v == nil || v == false || v == "" {
		return "", nil
	}
	text, ok := scalarText(v)
	if !ok || v == true {
		return "", unexpected("page.next gives neither text nor a number for the next page")
	}
	if _, isText := v.(string); isText {
		return p.token(text)
	}
	return text, nil
}

// token is a token as the position keeps it. One that goes into a body is kept as JSON, since there a text of digits is
// not a number.
func (p *Page) token(text string) (string, error) {
	if p.TokenHeader != "" && hasControl(text) {
		return "", unexpected("the next page's token has a control character: %q", clip(text))
	}
	if text == "" || p.TokenKey == "" {
		return text, nil
	}
	b, err := encode(text)
	return string(b), err
}

// tokenValue is what slots read as .token; nil on the first page.
func (p *Page) tokenValue(token string) any {
	if p == nil || token == "" {
		return nil
	}
	if p.TokenKey != "" || p.counts() || p.Index != nil {
		if v, err := jq.Decode([]byte(token)); err == nil {
			return v
		}
	}
	return token
}

// first is the number, offset or index of the first page as text; "" where the first page is asked for without.
func (p *Page) first() string {
	switch {
	case p == nil || p.Then != nil:
		return ""
	case p.Number != nil:
		return strconv.Itoa(p.Number.First)
	case p.Offset != nil, p.Index != nil:
		return "0"
	}
	return ""
}

// count is the number, offset or index behind that of a finished page.
func (m *Method) count(s *Scope, at record.Position, f Facts) (next int64, more bool, err error) {
	p := m.Call(at).Page
	n, err := m.counted(s, at)
	if err != nil {
		return 0, false, err
	}
	switch {
	case p.Index != nil:
		pages, err := p.pages(at, f)
		return n + 1, n+1 < pages, err
	case p.Number != nil:
		total, known, err := whole(f.Envelope, p.Number.Total)
		return n + 1, f.Items > 0 && (!known || n-int64(p.Number.First)+1 < total), err
	}
	total, known, err := whole(f.Envelope, p.Offset.Total)
	return n + f.Items, f.Items > 0 && (!known || n+f.Items < total), err
}

// counted is the number, offset or index of a position's page. The walk's first page may be one that the caller chose.
func (m *Method) counted(s *Scope, at record.Position) (int64, error) {
	p := m.Call(at).Page
	if len(at.Token) > 0 {
		n, err := strconv.ParseInt(string(at.Token), 10, 64)
		if err != nil || n < 0 || n > maxCount {
			return 0, stale()
		}
		return n, nil
	}
	if p.Then == nil && len(s.Remote) > 0 && m.isFirst(s, at) {
		for _, pair := range s.Remote {
			if n, err := strconv.ParseInt(pair.Value, 10, 64); err == nil && n >= 0 && n <= maxCount && p.takesToken(pair) {
				return n, nil
			}
		}
	}
	if p.Number != nil {
		return int64(p.Number.First), nil
	}
	return 0, nil
}

// maxCount bounds what is counted, so that no sum of two overflows and every number is exact in JSON.
const maxCount = 1_000_000_000_000_000

// whole is the count at a path; unknown where there is none.
func whole(envelope []byte, path string) (n int64, known bool, err error) {
	if path == "" {
		return 0, false, nil
	}
	switch r := find(envelope, path); r.Type {
	case gjson.Null:
		return 0, false, nil
	case gjson.Number:
		if r.Num >= 0 && r.Num <= maxCount && r.Num == math.Trunc(r.Num) {
			return int64(r.Num), true, nil
		}
	case gjson.String:
		if n, err := strconv.ParseInt(r.Str, 10, 64); err == nil && n >= 0 && n <= maxCount {
			return n, true, nil
		}
	}
	return 0, false, unexpected("%q, which says how many there are, is no count", path)
}

// carriedPages is where an index's count is kept among the facts of the first page.
const carriedPages = "pages"

// pages is how many pages there are, as the first of them said.
func (p *Page) pages(at record.Position, f Facts) (int64, error) {
	if len(at.Token) > 0 {
		return find(at.Carry, carriedPages).Int(), nil
	}
	if r := find(f.Envelope, p.Index.Count); r.IsArray() {
		return r.Get("#").Int(), nil
	}
	n, _, err := whole(f.Envelope, p.Index.Count)
	return n, err
}

func unexpected(format string, args ...any) error {
	return problem.New(problem.UpstreamUnexpected, "%s", fmt.Sprintf(format, args...)).AsRemote()
}

// isLink tells a link, absolute or relative, from a token.
func isLink(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "?")
}

// link is the position's token as a link, "" where it is a token.
func (p *Page) link(token []byte) string {
	if p != nil && (p.LinkHeader != "" || len(p.NextURL) > 0 && isLink(string(token))) {
		return string(token)
	}
	return ""
}
