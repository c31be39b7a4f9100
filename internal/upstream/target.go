package upstream

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// base is where an account's calls go: every path and every link ends below it. I1
type base struct {
	url      *url.URL
	original *url.URL // the connector's own base, where the account's replaces it; else nil
}

// parseBase reads a base URL. It is configuration, so its faults are the account's.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "":
		return nil, fmt.Errorf("%.200q is not a URL", text)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%.200q has to begin with https://", text)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%.200q names no host", text)
	case u.User != nil:
		return nil, fmt.Errorf("the URL of host %s holds a user name; credentials belong into credentials", u.Host)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("%.200q holds a query or a fragment", text)
	}
	clean, err := cleanPath(u.EscapedPath())
	if err != nil {
		return nil, fmt.Errorf("%.200q: %w", text, err)
	}
	return below(&url.URL{Scheme: u.Scheme, Host: u.Host}, clean), nil
}

// target is the URL of a call. anywhere says that it may lie outside the base: a download without credentials.
func (b *base) target(call connector.Call) (u *url.URL, anywhere bool, err error) {
	clean, err := cleanPath(call.Path)
	if err != nil {
		return nil, false, problem.New(problem.InvalidParameter, "the path %.200q can't be called: %s", call.Path, err)
	}
	u = below(b.url, clean)
	if call.URL == "" {
		u.RawQuery = encodeQuery(call.Query)
		return u, false, nil
	}
	return b.link(call.URL, u, call.NoAuth)
}

// link is where a link of the provider's leads, seen from the page at. It stays on the base's host, or comes back to
// it from the connector's own; only a download without credentials may go elsewhere.
func (b *base) link(text string, at *url.URL, free bool) (*url.URL, bool, error) {
	refuse := func(why string) (*url.URL, bool, error) {
		return nil, false, problem.New(problem.EgressDenied, "the provider's link is not followed: %s", why).AsRemote()
	}
	ref, err := url.Parse(strings.TrimSpace(text))
	if err != nil || ref.Opaque != "" || ref.User != nil || strings.ContainsRune(text, '\\') {
		return refuse("it is malformed")
	}
	if _, err := cleanPath(strings.TrimPrefix(ref.EscapedPath(), "/")); err != nil {
		return refuse(err.Error())
	}
	u := at.ResolveReference(ref)
	u.Fragment, u.RawFragment = "", ""
	switch {
	case sameOrigin(u, b.url):
		if b.original != nil && !under(u, b.url) && under(u, b.original) {
			// A stand-in below a prefix links as if it were the provider itself: the prefix is put back.
			return b.repin(u), false, nil
		}
		return u, false, nil
	case b.original != nil && sameOrigin(u, b.original) && under(u, b.original):
		return b.repin(u), false, nil
	case free && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "":
		return u, true, nil
	}
	return refuse(fmt.Sprintf("it leads to %s://%s, and credentials go to %s only", u.Scheme, u.Host, b.url.Host))
}

// repin moves a URL below the connector's own base to the same place below the account's.
func (b *base) repin(u *url.URL) *url.URL {
	rest := strings.TrimPrefix(u.EscapedPath(), b.original.EscapedPath())
	out := below(b.url, strings.TrimPrefix(rest, "/"))
	out.RawQuery = u.RawQuery
	return out
}

// below is the URL of an escaped path below a base that has no query.
func below(b *url.URL, escaped string) *url.URL {
	u := &url.URL{Scheme: b.Scheme, Host: b.Host}
	joined := strings.TrimSuffix(b.EscapedPath(), "/")
	if escaped != "" {
		joined += "/" + escaped
	}
	plain, err := url.PathUnescape(joined)
	if err != nil { // cleanPath let only whole escapes through
		plain = joined
	}
	u.Path, u.RawPath = plain, joined
	return u
}

// under says whether a URL's path is the base's or lies below it.
func under(u, b *url.URL) bool {
	prefix, p := strings.TrimSuffix(b.EscapedPath(), "/"), u.EscapedPath()
	return p == prefix || strings.HasPrefix(p, prefix+"/")
}

func sameOrigin(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// cleanPath is an escaped path without leading slashes whose every segment stays where it is: a segment that climbs,
// also one that climbs only after further decoding, or that holds a control character, is refused. What has no place
// in a path is escaped.
func cleanPath(p string) (string, error) {
	p = strings.TrimLeft(p, "/")
	if plainPath(p) {
		return p, nil
	}
	segments := strings.Split(p, "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return "", fmt.Errorf("%q is not an escape", s)
		}
		for range 3 { // some servers decode once more than they should
			if err := checkSegment(plain); err != nil {
				return "", err
			}
			next, err := url.PathUnescape(plain)
			if err != nil || next == plain {
				break
			}
			plain = next
		}
		segments[i] = escapeSegment(s)
	}
	return strings.Join(segments, "/"), nil
}

// plainPath says whether a path has nothing that could climb, or would have to be escaped.
func plainPath(p string) bool {
	for _, c := range []byte(p) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '/' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func checkSegment(plain string) error {
	for _, part := range strings.FieldsFunc(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
		// A server that knows path parameters takes "..;x" for "..".
		if name, _, _ := strings.Cut(part, ";"); name == "." || name == ".." {
			return fmt.Errorf("it climbs with %q", path.Base(name))
		}
	}
	for _, c := range []byte(plain) {
		if c < 0x20 || c == 0x7f {
			return fmt.Errorf("it holds a control character")
		}
	}
	return nil
}

// escapeSegment escapes what RFC 3986 does not allow in a segment and leaves every other byte as it is written.
func escapeSegment(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~!$&'()*+,;=:@%", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// encodeQuery keeps the order of the parameters, and writes a space as %20, which every server reads.
func encodeQuery(params []connector.Param) string {
	n := 0
	for _, p := range params {
		n += len(p.Key) + len(p.Value) + len("=&")
	}
	var b strings.Builder
	b.Grow(n)
	for i, p := range params {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(queryEscape(p.Key))
		b.WriteByte('=')
		b.WriteString(queryEscape(p.Value))
	}
	return b.String()
}

func queryEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
