package upstream

import (
	"context"
	"fmt"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// maxCheck bounds the answer of a check call.
const maxCheck = 1 << 20

// WithScopes is the session with the provider's permissions that its calls need: a 403 names them.
func (s *Session) WithScopes(scopes []string) *Session {
	out := *s
	out.scopes = scopes
	return &out
}

// Check proves the account with the connector's check call: nil, or the problem that says what is wrong with the
// credentials, the plan or the configuration. A connector without a check call proves nothing and gives nil.
func (s *Session) Check(ctx context.Context) error {
	if s.fault != nil {
		return ownCopy(s.fault)
	}
	if s.conn.Check == nil {
		return nil
	}
	call, err := s.conn.Check.Call(&connector.Scope{Now: s.c.cfg.Clock(), Context: s.values})
	if err != nil {
		return problem.Wrap(problem.Internal, err, "planning the check call")
	}
	a, err := s.insist(ctx, call)
	if err != nil {
		return s.refused(problem.From(err), call)
	}
	reply, err := s.settle(ctx, a)
	if err != nil {
		return err
	}
	body, err := ReadAll(reply, maxCheck)
	if err != nil {
		return err
	}
	if p := s.conn.Check.Verify(connector.Answer{Status: reply.Status, Header: reply.Header, Body: body}); p != nil {
		p.Raw = scrub(bounded(body), s.secrets(nil)...)
		p.Insight = &problem.Insight{Remote: p.Message}
		return p
	}
	return nil
}

// confirmForbidden asks the check call what a 403 means: credentials that are refused there too are no longer good,
// a plan that does not fit is the reason, and otherwise it is this one thing that they may not do.
// The provider's words to the call itself stay in the message: they say more than those to the check.
func (s *Session) confirmForbidden(ctx context.Context, forbidden *problem.Problem, words string) *problem.Problem {
	err := s.Check(ctx)
	if err == nil {
		return forbidden
	}
	switch found := problem.From(err); found.Code {
	case problem.RemoteForbidden:
		p := *forbidden
		p.Code, p.Status = problem.NeedsReauth, problem.NeedsReauth.Status()
		p.Message = fmt.Sprintf("the provider refuses the account's credentials (%s), for its check call too; renew them", words)
		p.Insight = &problem.Insight{Remote: found.Message}
		return &p
	case problem.NeedsReauth:
		if !strings.Contains(found.Message, words) {
			found.Message = fmt.Sprintf("%s; the call itself was refused with: %s", found.Message, words)
		}
		return found
	case problem.PlanUnsupported, problem.AccountMisconfig:
		return found
	}
	return forbidden // a check that failed for a reason of its own says nothing
}
