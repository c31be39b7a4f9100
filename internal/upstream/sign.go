package upstream

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// pair is a header or a query parameter.
type pair struct{ key, value string }

// signature is what makes a request the account's. It lives from just before a request is sent until it was sent,
// and is the only place beside the token cache that holds credentials in clear. I10
type signature struct {
	headers []pair
	query   []pair
	token   *token // the bearer token among the headers
	key     string // of the token
}

// signature resolves the connector's auth with the account's credentials, and fetches a token where it takes one.
func (s *Session) signature(ctx context.Context) (*signature, error) {
	sig := new(signature)
	auth := &s.conn.Auth
	for _, group := range []struct {
		fields []connector.SecretField
		out    *[]pair
	}{{auth.Headers, &sig.headers}, {auth.Query, &sig.query}} {
		for _, f := range group.fields {
			v, err := s.resolve(f.Value)
			if err != nil {
				return nil, err
			}
			*group.out = append(*group.out, pair{f.Key, v})
		}
	}
	switch {
	case auth.Basic != nil:
		user, err := s.resolve(auth.Basic.Username)
		if err != nil {
			return nil, err
		}
		password, err := s.resolve(auth.Basic.Password)
		if err != nil {
			return nil, err
		}
		sig.headers = append(sig.headers, pair{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))})
	case auth.OAuth2 != nil:
		tok, key, err := s.token(ctx, auth.OAuth2)
		if err != nil {
			return nil, err
		}
		sig.token, sig.key = &tok, key
		sig.headers = append(sig.headers, pair{"Authorization", tok.Type + " " + tok.Access})
	}
	for _, h := range sig.headers {
		if strings.ContainsFunc(h.value, isControl) {
			return nil, problem.New(problem.AccountMisconfig, "a credential of the account holds a line break or control character where the header %s takes it", h.key)
		}
	}
	return sig, nil
}

// resolve is a text of auth with its credentials in place.
func (s *Session) resolve(t connector.SecretText) (string, error) {
	v, err := t.Resolve(s.values, func(name string) (string, bool) {
		c, ok := s.acct.Credentials[name]
		return c.Reveal(), ok && !c.IsZero()
	})
	if err != nil {
		return "", problem.Wrap(problem.AccountMisconfig, err, "the call can't be signed: %s", err)
	}
	return v, nil
}

// apply signs a request; names says which headers and parameters it set, for those who show the request.
func (g *signature) apply(h http.Header, u *url.URL) (headers, query []string) {
	if g == nil {
		return nil, nil
	}
	for _, p := range g.headers {
		h.Set(p.key, p.value)
		headers = append(headers, p.key)
	}
	for _, p := range g.query {
		u.RawQuery = without(u.RawQuery, p.key)
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += queryEscape(p.key) + "=" + queryEscape(p.value)
		query = append(query, p.key)
	}
	return headers, query
}

// without is a query without one parameter, so that nobody's own value stands before the one that signs.
func without(query, name string) string {
	parts := slices.DeleteFunc(strings.Split(query, "&"), func(p string) bool {
		key, _, _ := strings.Cut(p, "=")
		plain, err := url.QueryUnescape(key)
		return p == "" || err == nil && plain == name
	})
	return strings.Join(parts, "&")
}

// secrets is every text that must not come back out of a provider's error body.
func (s *Session) secrets(sig *signature) []string {
	var out []string
	for _, c := range s.acct.Credentials {
		out = append(out, c.Reveal())
	}
	if sig != nil && sig.token != nil {
		out = append(out, sig.token.Access)
	}
	return out
}

// fingerprint names a token in the cache without giving anything away.
func (s *Session) fingerprint(parts ...string) string {
	data := [][]byte{[]byte(s.acct.ID)}
	for _, p := range parts {
		data = append(data, []byte(p))
	}
	sum := s.c.cfg.Keyring.MAC(tokenLabel, data...)
	return hex.EncodeToString(sum[:])
}

func isControl(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }

// reserved are headers that no call sets: the connection's own, and those that only a signature may.
var reserved = []string{
	"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Te", "Trailer", "Upgrade", "Expect",
	"Accept-Encoding", "Authorization", "Cookie", "Referer", "Proxy-Authorization", "Proxy-Connection",
}

// setHeaders puts a call's headers into a request.
func setHeaders(h http.Header, call connector.Call, agent string) error {
	h.Set("User-Agent", agent)
	h.Set("Accept-Encoding", "gzip")
	for _, p := range call.Header {
		name := http.CanonicalHeaderKey(p.Key)
		if slices.Contains(reserved, name) {
			continue
		}
		if strings.ContainsFunc(p.Value, isControl) || p.Key == "" || strings.ContainsAny(p.Key, " :\r\n\t\x00") {
			return problem.New(problem.InvalidParameter, "the header %.64q can't be sent: its name or value holds a forbidden character", p.Key)
		}
		h.Add(name, p.Value)
	}
	if call.Accept != "" {
		h.Set("Accept", call.Accept)
	} else if h.Get("Accept") == "" {
		h.Set("Accept", "*/*")
	}
	if call.ContentType != "" {
		h.Set("Content-Type", call.ContentType)
	}
	return nil
}
