package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// token is the account's bearer token, from the cache or fetched.
func (s *Session) token(ctx context.Context, o *connector.OAuth2) (token, string, error) {
	tokenURL, scopes, err := o.ResolveToken(s.values)
	if err != nil {
		return token{}, "", problem.Wrap(problem.AccountMisconfig, err, "the token endpoint can't be told: %s", err)
	}
	endpoint, err := parseBase(tokenURL)
	if err != nil {
		return token{}, "", problem.Wrap(problem.AccountMisconfig, err, "context.token_url: %s", err)
	}
	id, err := s.resolve(o.ClientID)
	if err != nil {
		return token{}, "", err
	}
	secret, err := s.resolve(o.ClientSecret)
	if err != nil {
		return token{}, "", err
	}
	conf := &clientcredentials.Config{
		ClientID: id, ClientSecret: secret, TokenURL: endpoint.String(), Scopes: strings.Fields(scopes), AuthStyle: oauth2.AuthStyleInHeader,
	}
	if o.Send == "body" {
		conf.AuthStyle = oauth2.AuthStyleInParams
	}
	key := s.fingerprint(conf.TokenURL, scopes, o.Send, id, secret)
	tok, err := s.c.tokens.get(ctx, key, func(ctx context.Context) (token, error) {
		tok, p := s.fetchToken(ctx, conf, endpoint)
		if p != nil && p.Code == problem.NeedsReauth && s.confirm() > 0 {
			if err := sleep(ctx, s.confirm()); err != nil {
				return token{}, problem.From(err)
			}
			tok, p = s.fetchToken(ctx, conf, endpoint)
		}
		if p != nil {
			return token{}, p
		}
		return tok, nil
	})
	return tok, key, err
}

// fetchToken makes one token call through the guarded transport.
func (s *Session) fetchToken(ctx context.Context, conf *clientcredentials.Config, endpoint *url.URL) (token, *problem.Problem) {
	_, configured := s.acct.Context["token_url"]
	door, err := s.c.doors.to(endpoint, configured || literal(endpoint.Hostname()))
	if err != nil {
		return token{}, failure(ctx, endpoint.Host, err)
	}
	client := &http.Client{
		Transport:     &tokenTransport{s: s, next: door},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	now := s.c.cfg.Clock()
	got, err := conf.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		return token{}, s.tokenRefused(refused, endpoint, conf)
	case err != nil && strings.HasPrefix(err.Error(), "oauth2: cannot parse"), err != nil && strings.Contains(err.Error(), "missing access_token"):
		return token{}, problem.Wrap(problem.UpstreamUnexpected, err, "the token endpoint %s answers without a token", endpoint.Host).AsRemote()
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return token{}, problem.Wrap(problem.UpstreamTimeout, err, "the token endpoint %s did not answer in time", endpoint.Host)
	case err != nil:
		return token{}, failure(ctx, endpoint.Host, err)
	}
	kind := got.Type()
	if strings.ContainsFunc(kind, isControl) || strings.ContainsFunc(got.AccessToken, isControl) {
		return token{}, problem.New(problem.UpstreamUnexpected, "the token endpoint %s answers with a token that no header can carry", endpoint.Host).AsRemote()
	}
	expiry := got.Expiry
	if !expiry.IsZero() { // the library counts by the time of day, the cache by the client's clock
		expiry = now.Add(time.Until(expiry))
	}
	return token{Type: kind, Access: got.AccessToken, Until: until(now, expiry)}, nil
}

// tokenRefused sorts the token endpoint's error answer.
func (s *Session) tokenRefused(r *oauth2.RetrieveError, endpoint *url.URL, conf *clientcredentials.Config) *problem.Problem {
	a := &answer{call: connector.Call{Purpose: "token"}, status: r.Response.StatusCode, header: r.Response.Header, host: endpoint.Host,
		body: scrub(bounded(r.Body), conf.ClientSecret, conf.ClientID)}
	words := r.ErrorCode
	if r.ErrorDescription != "" {
		words = strings.TrimPrefix(words+": "+r.ErrorDescription, ": ")
	}
	a.message = string(scrub([]byte(words), conf.ClientSecret, conf.ClientID))
	a.unauthorized = a.status == http.StatusUnauthorized ||
		slices.Contains([]string{"invalid_client", "unauthorized_client", "invalid_grant", "access_denied"}, r.ErrorCode)
	if a.status < 300 { // an error with a good status
		a.status = http.StatusBadRequest
	}
	return s.problem(a)
}

// tokenTransport is the way of a token call: bounded and told like any other, with nothing of it but the address shown.
type tokenTransport struct {
	s    *Session
	next http.RoundTripper
}

func (t *tokenTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", t.s.c.cfg.UserAgent)
	r.Header.Set("Accept", "application/json")
	shown := Exchange{Purpose: "token", Method: r.Method, URL: shownURL(r.URL, true, nil), RequestHeader: shownHeader(r.Header, []string{"Authorization"})}
	start := time.Now()
	resp, err := t.next.RoundTrip(r)
	t.s.c.tell(r.Context(), shown, start, t.s.conn.Name, resp)
	return resp, err
}
