package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// grant is one way of an account to a token: the connector's words with the account's credentials in them.
type grant struct {
	s                    *Session
	spec                 *connector.OAuth2
	call                 connector.TokenCall
	endpoint             *url.URL
	id, secret, refresh  string // refresh is the configured one
	privateKey, keyID    string
	tokenKey, refreshKey string // in the caches
	text                 string // of what is configured, for the vault
	held                 *refresh
}

// token is the account's bearer token, from the cache or fetched.
func (s *Session) token(ctx context.Context, o *connector.OAuth2) (token, string, error) {
	g, err := s.grant(o)
	if err != nil {
		return token{}, "", err
	}
	turn := g.turn
	if g.spec.Grant != "refresh_token" { // nothing is spent by a call too many, but a provider may count them
		turn = func(ctx context.Context) (func(), error) { return s.c.turn(ctx, g.tokenKey, turnPatience) }
	}
	tok, err := s.c.tokens.get(ctx, g.tokenKey, turn, func(ctx context.Context) (token, error) {
		tok, p := g.fetch(ctx)
		if p != nil && p.Code == problem.NeedsReauth && s.confirm() > 0 {
			if err := sleep(ctx, s.confirm()); err != nil {
				return token{}, problem.From(err)
			}
			tok, p = g.fetch(ctx)
		}
		if p != nil {
			return token{}, p
		}
		return tok, nil
	})
	return tok, g.tokenKey, err
}

func (s *Session) grant(o *connector.OAuth2) (*grant, error) {
	call, err := o.Resolve(s.values)
	if err != nil {
		return nil, problem.Wrap(problem.AccountMisconfig, err, "the token endpoint can't be told: %s", err)
	}
	g := &grant{s: s, spec: o, call: call}
	if g.endpoint, err = parseBase(call.URL); err != nil {
		return nil, problem.Wrap(problem.AccountMisconfig, err, "context.token_url: %s", err)
	}
	for _, f := range []struct {
		text connector.SecretText
		to   *string
	}{{o.ClientID, &g.id}, {o.RefreshToken, &g.refresh}, {o.PrivateKey, &g.privateKey}} {
		if *f.to, err = s.resolve(f.text); err != nil {
			return nil, err
		}
	}
	if g.secret, _, err = s.spare(o.ClientSecret); err != nil {
		return nil, err
	}
	if g.keyID, _, err = s.spare(o.KeyID); err != nil {
		return nil, err
	}
	// What is asked for makes another token, and leaves the refresh token the same.
	who := []string{g.endpoint.String(), g.id, g.secret, g.refresh, g.privateKey}
	what := []string{o.Grant, o.Send, o.Alg, g.keyID, strings.Join(call.Scopes, " "), call.Audience, fmt.Sprintf("%q", call.Params)}
	g.text = strings.Join(who, "\x00")
	g.tokenKey, g.refreshKey = s.fingerprint(append(what, who...)...), s.fingerprint(who...)
	return g, nil
}

// turn waits until nobody else, here or in another replica, refreshes with the grant's refresh token.
func (g *grant) turn(ctx context.Context) (release func(), err error) {
	if g.held, err = g.s.c.fresh.hold(ctx, g.refreshKey, g.s.acct.ID, g.text); err != nil {
		return nil, err
	}
	unlock, err := g.s.c.turn(ctx, g.refreshKey, 0)
	if err != nil {
		g.held.release()
		return nil, err
	}
	return func() { unlock(); g.held.release() }, nil
}

// fetch gets a new token, in the grant's turn. A refresh token that comes with it is kept before the token is used: the
// provider knows no other from then on.
func (g *grant) fetch(ctx context.Context) (token, *problem.Problem) {
	if g.spec.Grant != "refresh_token" {
		tok, _, _, p := g.ask(ctx, "")
		return tok, p
	}
	used, err := g.held.current(ctx, g.refresh)
	if err != nil {
		return token{}, problem.From(err)
	}
	tok, next, spent, p := g.ask(ctx, used)
	if spent && g.held.vault != nil {
		// Another replica may have been first: then the store has, or is about to have, what the provider gave it.
		if err := sleep(ctx, racePatience); err != nil {
			return token{}, problem.From(err)
		}
		if newer, ok, err := g.held.stored(ctx); err == nil && ok && newer != used {
			tok, next, _, p = g.ask(ctx, newer)
		}
	}
	if next != "" && next != g.refresh {
		g.held.keep(ctx, next)
	}
	return tok, p
}

// ask makes one token call through the guarded transport. next is the refresh token to use from now on; spent says that
// the provider takes this one no more.
func (g *grant) ask(ctx context.Context, refresh string) (tok token, next string, spent bool, p *problem.Problem) {
	s := g.s
	conf, hidden, err := g.config(refresh)
	if err != nil {
		return tok, "", false, problem.From(err)
	}
	_, configured := s.acct.Context["token_url"]
	door, err := s.c.doors.to(g.endpoint, configured || literal(g.endpoint.Hostname()))
	if err != nil {
		return tok, "", false, failure(ctx, g.endpoint.Host, err)
	}
	client := &http.Client{
		Transport:     &tokenTransport{s: s, next: door},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	now, host := s.c.cfg.Clock(), g.endpoint.Host
	got, err := conf.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		return tok, "", refused.ErrorCode == "invalid_grant", s.tokenRefused(refused, host, hidden)
	case err != nil && strings.HasPrefix(err.Error(), "oauth2: cannot parse"), err != nil && strings.Contains(err.Error(), "missing access_token"):
		return tok, "", false, problem.Wrap(problem.UpstreamUnexpected, err, "the token endpoint %s answers without a token", host).AsRemote()
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return tok, "", false, problem.Wrap(problem.UpstreamTimeout, err, "the token endpoint %s did not answer in time", host)
	case err != nil:
		return tok, "", false, failure(ctx, host, err)
	}
	next = got.RefreshToken
	kind := got.Type()
	if strings.ContainsFunc(kind, isControl) || strings.ContainsFunc(got.AccessToken, isControl) {
		return tok, next, false, problem.New(problem.UpstreamUnexpected, "the token endpoint %s answers with a token that no header can carry", host).AsRemote()
	}
	expiry := got.Expiry
	if !expiry.IsZero() { // the library counts by the time of day, the cache by the client's clock
		expiry = now.Add(time.Until(expiry))
	}
	return token{Type: kind, Access: got.AccessToken, Until: until(now, expiry)}, next, false, nil
}

// config is the token call as the library makes it, and the texts in it that must not come back out of an answer.
func (g *grant) config(refresh string) (*clientcredentials.Config, []string, error) {
	conf := &clientcredentials.Config{ClientID: g.id, ClientSecret: g.secret, TokenURL: g.endpoint.String(), Scopes: g.call.Scopes,
		AuthStyle: oauth2.AuthStyleInParams, EndpointParams: url.Values{}}
	hidden := append(g.s.secrets(nil), g.id, g.secret, refresh)
	for _, p := range g.call.Params {
		conf.EndpointParams.Add(p.Key, p.Value)
	}
	if refresh != "" {
		conf.EndpointParams.Set("grant_type", "refresh_token")
		conf.EndpointParams.Set("refresh_token", refresh)
	}
	switch g.spec.Send {
	case "basic":
		conf.AuthStyle = oauth2.AuthStyleInHeader
	case "private_key_jwt":
		proof, err := g.s.assertion(g.spec.Alg, g.keyID, g.privateKey, g.id, g.call.Audience)
		if err != nil {
			return nil, nil, err
		}
		hidden = append(hidden, proof)
		conf.EndpointParams.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		conf.EndpointParams.Set("client_assertion", proof)
	}
	return conf, hidden, nil
}

// tokenRefused sorts the token endpoint's error answer.
func (s *Session) tokenRefused(r *oauth2.RetrieveError, host string, hidden []string) *problem.Problem {
	a := &answer{call: connector.Call{Purpose: "token"}, status: r.Response.StatusCode, header: r.Response.Header, host: host,
		body: scrub(bounded(r.Body), hidden...)}
	words := r.ErrorCode
	if r.ErrorDescription != "" {
		words = strings.TrimPrefix(words+": "+r.ErrorDescription, ": ")
	}
	a.message = string(scrub([]byte(words), hidden...))
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
	shown := Exchange{Purpose: "token", Method: r.Method, URL: shownURL(r.URL, true, nil)}
	if traced(r.Context()) {
		shown.RequestHeader = shownHeader(r.Header, []string{"Authorization"})
	}
	shown.span = telemetry.StartCall(r.Context(), "token")
	shown.describe("(token)", r.URL)
	shown.span.Carry(r.Header)
	start := time.Now()
	resp, err := t.s.c.hosts.of(r.URL.Host).reach(t.next, r)
	t.s.c.tell(r.Context(), shown, start, t.s.conn.Name, resp)
	if err == nil {
		rec := recordingOf(r.Context())
		taken := rec.taken(t.s, connector.Call{Purpose: "token", Method: r.Method}, r.URL, func() []string {
			return append(t.s.secrets(nil), signedWith(r.Header, r.URL, []string{"Authorization"}, nil)...)
		})
		resp.Body = rec.add(taken, resp, resp.Body)
	}
	return resp, err
}
