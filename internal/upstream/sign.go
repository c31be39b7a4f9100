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

// signature is what makes a request the account's. It is the only place beside the token cache that holds credentials in
// clear, and lives from just before a request is sent until it was sent, unless it is made of nothing but the account's own
// credentials: then it lasts as long as their session. I10
type signature struct {
	headers []pair
	query   []pair
	cookies []string
	derived []string // what was made of credentials, and is as secret
	token   *token   // the bearer token among the headers
	key     string   // of the token

	last      func(r *http.Request, body []byte) error // signs the request as it will be sent
	challenge func(h http.Header) error                // takes the challenge of a 401, after which it is worth another try
}

// signature resolves the call's auth with the account's credentials, and fetches a token where it takes one.
func (s *Session) signature(ctx context.Context, call connector.Call) (*signature, error) {
	auth := call.Auth
	if auth == nil {
		auth = &s.conn.Auth
	}
	if known, ok := s.signed.Load(auth); ok {
		return known.(*signature), nil
	}
	sig := new(signature)
	if err := s.fields(sig, &auth.Signing); err != nil {
		return nil, err
	}
	scheme := &auth.Signing
	chosen, err := s.conn.Alternative(auth, s.acct.Has)
	switch {
	case err != nil:
		return nil, unsigned(err)
	case chosen != nil:
		if err := s.fields(sig, chosen); err != nil {
			return nil, err
		}
		scheme = chosen
	}
	if err := s.scheme(ctx, sig, scheme); err != nil {
		return nil, err
	}
	if len(sig.cookies) > 0 {
		sig.headers = append(sig.headers, pair{"Cookie", strings.Join(sig.cookies, "; ")})
	}
	if sig.lasts() {
		s.signed.Store(auth, sig)
	}
	return sig, nil
}

// lasts says whether the signature is that of every call.
func (g *signature) lasts() bool { return g.token == nil && g.last == nil && g.challenge == nil }

// fields resolves the headers, parameters and cookies of an auth.
func (s *Session) fields(sig *signature, auth *connector.Signing) error {
	for _, f := range auth.Headers {
		if v, ok, err := s.spare(f.Value); err != nil {
			return err
		} else if ok {
			sig.headers = append(sig.headers, pair{f.Key, v})
		}
	}
	for _, f := range auth.Query {
		if v, ok, err := s.spare(f.Value); err != nil {
			return err
		} else if ok {
			sig.query = append(sig.query, pair{f.Key, v})
		}
	}
	for _, f := range auth.Cookies {
		v, ok, err := s.spare(f.Value)
		switch {
		case err != nil:
			return err
		case strings.ContainsAny(v, "; \t"):
			return problem.New(problem.AccountMisconfig, "a credential of the account holds a character that the cookie %s can't carry", f.Key)
		case ok:
			sig.cookies = append(sig.cookies, f.Key+"="+v)
		}
	}
	return nil
}

// scheme adds what the one scheme of an auth takes.
func (s *Session) scheme(ctx context.Context, sig *signature, auth *connector.Signing) error {
	switch {
	case auth.Basic != nil:
		user, err := s.resolve(auth.Basic.Username)
		if err != nil {
			return err
		}
		password, _, err := s.spare(auth.Basic.Password)
		if err != nil {
			return err
		}
		both := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
		sig.headers, sig.derived = append(sig.headers, pair{"Authorization", "Basic " + both}), append(sig.derived, both)
	case auth.Digest != nil:
		return s.digest(sig, auth.Digest)
	case auth.OAuth2 != nil:
		tok, key, err := s.token(ctx, auth.OAuth2)
		return sig.bear(tok, key, err)
	case auth.JWT != nil:
		tok, key, err := s.jwt(ctx, auth.JWT)
		return sig.bear(tok, key, err)
	case auth.SigV4 != nil:
		return s.sigv4(sig, auth.SigV4)
	}
	return nil
}

// bear signs with a bearer token.
func (g *signature) bear(tok token, key string, err error) error {
	if err != nil {
		return err
	}
	g.token, g.key = &tok, key
	g.headers, g.derived = append(g.headers, pair{"Authorization", tok.Type + " " + tok.Access}), append(g.derived, tok.Access)
	return nil
}

// unsigned is the problem of a call that can't be signed.
func unsigned(err error) error {
	return problem.Wrap(problem.AccountMisconfig, err, "the call can't be signed: %s", err)
}

// resolve is a text of auth with its credentials in place.
func (s *Session) resolve(t connector.SecretText) (string, error) {
	v, err := t.Resolve(s.values, func(name string) (string, bool) {
		return s.acct.Credentials[name].Reveal(), s.acct.Has(name)
	})
	if err != nil {
		return "", unsigned(err)
	}
	return v, nil
}

// spare is a text that may be left out; ok is false where it is.
func (s *Session) spare(t connector.SecretText) (v string, ok bool, err error) {
	if s.conn.Spares(t, s.acct.Has) {
		return "", false, nil
	}
	v, err = s.resolve(t)
	return v, err == nil, err
}

// apply signs a request; names says which headers and parameters it set, for those who show the request.
func (g *signature) apply(r *http.Request, body []byte) (headers, query []string, err error) {
	if g == nil {
		return nil, nil, nil
	}
	for _, p := range g.headers {
		r.Header.Set(p.key, p.value)
		headers = append(headers, p.key)
	}
	for _, p := range g.query {
		r.URL.RawQuery = without(r.URL.RawQuery, p.key)
		if r.URL.RawQuery != "" {
			r.URL.RawQuery += "&"
		}
		r.URL.RawQuery += queryEscape(p.key) + "=" + queryEscape(p.value)
		query = append(query, p.key)
	}
	if g.last != nil {
		headers = append(headers, "Authorization", securityToken)
		if err := g.last(r, body); err != nil {
			return nil, nil, err
		}
	}
	for _, name := range headers {
		if strings.ContainsFunc(r.Header.Get(name), isControl) {
			return nil, nil, problem.New(problem.AccountMisconfig, "a credential of the account holds a line break or control character where the header %s takes it", name)
		}
	}
	return headers, query, nil
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
	if sig != nil {
		out = append(out, sig.derived...)
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
