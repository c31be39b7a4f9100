package upstream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// persist makes a call, and once more where a refusal may not mean what it says: with a fresh token, and after a
// while where the provider answers throttled logins like wrong ones.
func (s *Session) persist(ctx context.Context, call connector.Call) (*answer, error) {
	attempt := func() (*answer, error) {
		a, err := s.exchange(ctx, call)
		if err != nil {
			return nil, err
		}
		return a, s.judge(a)
	}
	a, err := attempt()
	if err != nil || !a.unauthorized || !call.Signed() {
		return a, err
	}
	if a.sig.token != nil {
		s.c.tokens.drop(a.sig.key, *a.sig.token)
		if a, err = attempt(); err != nil || !a.unauthorized {
			return a, err
		}
	}
	if wait := s.confirm(); wait > 0 {
		if err := sleep(ctx, wait); err != nil {
			return nil, problem.From(err)
		}
		return attempt()
	}
	return a, nil
}

// exchange signs a call and sends it, and once more where the provider first states what has to be signed.
func (s *Session) exchange(ctx context.Context, call connector.Call) (*answer, error) {
	if call.NoAuth {
		return s.send(ctx, call, nil)
	}
	sig, err := s.signature(ctx, call)
	if err != nil {
		return nil, tokenFailure{err}
	}
	a, err := s.send(ctx, call, sig)
	if err != nil || sig.challenge == nil || a.status != http.StatusUnauthorized {
		return a, err
	}
	switch err := sig.challenge(a.header); {
	case errors.Is(err, errNoChallenge):
		return a, nil
	case err != nil:
		return nil, err
	}
	return s.send(ctx, call, sig)
}

// confirm is how long after a refusal it is tried once more; 0 for not at all.
func (s *Session) confirm() time.Duration { return time.Duration(s.conn.Errors.Confirm) }

// judge reads an answer by the connector's rules. An error in a good status becomes one in fact. A good answer that is
// longer than an error can be is judged by its status and its headers; the rest is Judge's, at its end.
func (s *Session) judge(a *answer) error {
	if a.reply != nil && !s.suspect(a.status) {
		return nil
	}
	asked := a.forRules()
	if a.reply != nil {
		head, err := io.ReadAll(io.LimitReader(a.reply.Body, MaxErrorBody))
		if err != nil {
			_ = a.reply.Body.Close()
			return problem.From(err)
		}
		a.reply.Body = rejoin(head, a.reply.Body)
		a.body, asked.Body = head, head
		asked.Partial = len(head) == MaxErrorBody
		a.reply.suspect = asked.Partial
	}
	a.rule = s.conn.Errors.Rule(asked)
	if a.reply != nil {
		if a.rule == nil {
			return nil
		}
		_ = a.reply.Body.Close()
		a.reply = nil
		a.body = scrub(a.body, s.secrets(a.sig)...)
	}
	s.hear(a)
	return nil
}

// hear finds the provider's words in what is an error.
func (s *Session) hear(a *answer) {
	var words string
	words, a.code, a.fields = s.conn.Errors.Read(a.body)
	if a.message == "" {
		a.message = words
	}
	a.unauthorized = a.status == http.StatusUnauthorized && a.rule == nil || a.rule != nil && a.rule.As == "unauthorized"
}

// Judge asks the connector's rules about a good answer that was too long to be asked about whole before it was passed on:
// body is what is known at its end, the answer without its items. It gives the provider's problem, or nil.
func (s *Session) Judge(ctx context.Context, call connector.Call, r *Reply, body []byte) error {
	if !r.suspect {
		return nil
	}
	a := &answer{call: call, status: r.Status, header: r.Header, body: body, shown: r.URL}
	if a.rule = s.conn.Errors.Rule(a.forRules()); a.rule == nil || a.rule.As == "empty" {
		return nil
	}
	a.body = scrub(body, s.secrets(nil)...)
	s.hear(a)
	_, err := s.settle(ctx, a)
	return err
}

// Suspect says whether Judge has to see the answer's body.
func (r *Reply) Suspect() bool { return r.suspect }

// Kept is an answer of an earlier call, to be read again.
func (s *Session) Kept(status int, header http.Header, body []byte) *Reply {
	return &Reply{Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Whole: body, suspect: len(body) >= MaxErrorBody && s.suspect(status)}
}

// suspect says whether a rule names this good status: only then is the beginning of its body read before it is passed on.
func (s *Session) suspect(status int) bool {
	return slices.ContainsFunc(s.conn.Errors.Rules, func(r connector.ErrorRule) bool { return slices.Contains(r.Status, status) })
}

// settle makes of an answer what the caller gets, and notes what it says about the account.
func (s *Session) settle(ctx context.Context, a *answer) (*Reply, error) {
	switch {
	case a.reply != nil:
		if err := foreignPage(a); err != nil {
			return nil, err
		}
		s.accepted(a.call)
		return a.reply, nil
	case a.rule != nil && a.rule.As == "empty":
		s.accepted(a.call)
		return &Reply{Status: a.status, Header: a.header, Body: http.NoBody, URL: a.shown, Empty: true,
			RateLimit: rateLimit(a.header, s.conn.RateHeaders, s.c.cfg.Clock())}, nil
	}
	p := s.problem(a)
	if p.Code == problem.RemoteForbidden && (a.rule == nil || a.rule.As != "missing_scope") && a.call.Purpose != "check" && speaksForAccount(a.call) {
		p = s.confirmForbidden(ctx, p, a.words())
	}
	return nil, s.refused(p, a.call)
}

// speaksForAccount says whether the answer to a call tells of the account's credentials. A lookup's does not: it is made
// beside the call that counts, and with a permission of its own.
func speaksForAccount(call connector.Call) bool { return call.Signed() && call.Purpose != "lookup" }

// accepted notes that the provider took the credentials. A blocked account stays blocked: that is not the provider's word.
func (s *Session) accepted(call connector.Call) {
	if st := s.c.cfg.States.Get(s.acct.ID).Status; speaksForAccount(call) && st != account.Active && st != account.Blocked {
		s.c.cfg.States.Set(s.acct.ID, account.Active, "")
	}
}

// refused notes that the provider no longer takes the credentials.
func (s *Session) refused(p *problem.Problem, call connector.Call) error {
	if p.Code == problem.NeedsReauth && speaksForAccount(call) && s.c.cfg.States.Get(s.acct.ID).Status != account.Blocked {
		s.c.cfg.States.Set(s.acct.ID, account.NeedsReauth, p.Message)
	}
	return p
}

// foreignPage is the problem of a good answer that is a web page where an API's answer was expected: a login page,
// or that of a proxy in between.
func foreignPage(a *answer) error {
	if a.reply.ContentType() != "text/html" || a.call.Purpose == "custom" || a.call.Purpose == "proxy" || a.call.Purpose == "download" {
		return nil
	}
	in := bufio.NewReaderSize(a.reply.Body, 512)
	head, err := in.Peek(1)
	if err != nil || head[0] != '<' {
		// Some servers call everything a page; what matters is whether it is one.
		a.reply.Body = &rejoined{Reader: in, Closer: a.reply.Body}
		return nil
	}
	raw, _ := io.ReadAll(io.LimitReader(in, MaxErrorBody))
	_ = a.reply.Body.Close()
	p := problem.New(problem.UpstreamUnexpected, "%s answers with a web page in place of data; a login page or a proxy in between is common", a.host).AsRemote()
	p.Raw = bounded(raw)
	return p
}

// rejoined is a body of which the beginning was read.
type rejoined struct {
	io.Reader
	io.Closer
}

func rejoin(head []byte, rest io.ReadCloser) io.ReadCloser {
	return &rejoined{Reader: io.MultiReader(bytes.NewReader(head), rest), Closer: rest}
}
