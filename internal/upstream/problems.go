package upstream

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// forRules is the answer as the connector's rules see it.
func (a *answer) forRules() connector.Answer {
	return connector.Answer{Status: a.status, Header: a.header, Body: a.body}
}

// words is what the provider says, or the meaning of its status where it says nothing that can be read.
func (a *answer) words() string {
	switch {
	case a.message != "":
		return clip(a.message)
	case len(a.body) > 0 && strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") && utf8.Valid(a.body):
		return clip(strings.TrimSpace(string(a.body)))
	case a.status >= 300 && http.StatusText(a.status) != "": // "OK" is no reason
		return http.StatusText(a.status)
	}
	return "no reason given"
}

// maxWords bounds what a message quotes of a provider; raw_response has the rest.
const maxWords = 500

func clip(s string) string {
	if len(s) <= maxWords {
		return s
	}
	return strings.ToValidUTF8(s[:maxWords], "") + "…"
}

// problem is the contract's table of a provider's errors.
func (s *Session) problem(a *answer) *problem.Problem {
	code, message := problem.Code(""), ""
	limited := a.status == http.StatusTooManyRequests
	if a.rule != nil {
		code, message = a.rule.Problem(a.forRules())
		limited = a.rule.As == "rate_limited" || limited && a.rule.As == "fail" && code == ""
	}
	var p *problem.Problem
	switch {
	case a.call.NoAuth && (a.unauthorized || a.status == http.StatusForbidden):
		// Whatever is wrong with a link, it is not the account's credentials, which the call does not carry.
		p, message = problem.New(problem.JobFailed, "the download link was refused: %d (%s)", a.status, a.words()), ""
	case a.unauthorized:
		p = problem.New(problem.NeedsReauth, "the provider refuses the account's credentials (%s); renew them", a.words())
	case limited:
		p = problem.New(problem.RateLimited, "the provider limits the rate of this account's calls (%s); wait", a.words())
	case a.rule != nil && a.rule.As == "retry":
		p = problem.New(problem.Unavailable, "the provider is out of order for a while (%s); try again", a.words())
	case a.rule != nil && a.rule.As == "missing_scope":
		p = problem.New(problem.RemoteForbidden, "the account's credentials lack %s (%s)", cmp.Or(strings.Join(s.missing(a), ", "), "a permission"), a.words())
	case code != "":
		p = problem.New(code, "the provider answers %d (%s)", a.status, a.words())
	case a.status >= 300 && a.status < 400:
		p = problem.New(problem.UpstreamRedirect, "the provider redirects%s, and redirects are not followed; set context.base_url to where the API lives", elsewhere(a.header))
	case a.status == http.StatusForbidden:
		p = problem.New(problem.RemoteForbidden, "the account's credentials may not do this (%s)", a.words())
	case a.status == http.StatusNotFound && a.call.Purpose == "get":
		p = problem.New(problem.NotFound, "the provider has no such object (%s)", a.words())
	case a.status >= 400 && a.status < 500:
		p = problem.New(problem.RemoteError, "the provider refuses the request: %d (%s)", a.status, a.words())
	case a.status >= 500 && a.status < 600:
		p = problem.New(problem.UpstreamFailed, "the provider failed: %d (%s)", a.status, a.words())
	default:
		p = problem.New(problem.UpstreamUnexpected, "the provider answers with the status %d", a.status)
	}
	if p.Code == problem.RemoteError && a.status >= 400 && a.status < 500 {
		p.Status = a.status
	}
	if message != "" {
		p.Message = message
	}
	return s.dress(p, a)
}

// dress adds what every error of a provider carries.
func (s *Session) dress(p *problem.Problem, a *answer) *problem.Problem {
	p.AsRemote().With("status", a.status)
	p.Raw = bounded(a.body)
	if a.code != "" {
		p.With("provider_code", a.code)
	}
	if a.fields != nil {
		p.With("fields", a.fields)
	}
	now := s.c.cfg.Clock()
	p.Header = rateLimit(a.header, s.conn.RateHeaders, now)
	wait, said := retryAfter(a.header, s.conn.RateHeaders, now)
	switch p.Code {
	case problem.RateLimited:
		p.RetryAfter = max(wait, 1)
		p.Insight = &problem.Insight{RateLimit: a.words()}
	case problem.RemoteForbidden:
		p.Insight = &problem.Insight{Forbidden: &problem.Forbidden{MissingScopes: append([]string{}, s.missing(a)...)}}
	case problem.Unavailable:
		p.RetryAfter = max(wait, 1)
		p.Insight = &problem.Insight{Remote: a.words()}
	default:
		p.Insight = &problem.Insight{Remote: a.words()}
		if said && a.status >= 500 && a.header.Get("Retry-After") != "" {
			p.RetryAfter = wait
		}
	}
	return p
}

// missing are the permissions that a refusal is about: those that a rule names, or else all that the calls need.
func (s *Session) missing(a *answer) []string {
	if a.rule != nil && len(a.rule.Scopes) > 0 {
		return a.rule.Scopes
	}
	return s.scopes
}

// elsewhere is where a redirect points, without what may be secret of it.
func elsewhere(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return " to " + strings.ToLower(u.Scheme) + "://" + u.Host
}
