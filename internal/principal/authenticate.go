package principal

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// Authenticator finds out who calls.
type Authenticator struct {
	of      string
	finders []Finder
	keys    *secret.Keyring
	now     func() time.Time
}

// NewAuthenticator asks the finders in turn, and opens account tokens with the keys; without keys those are nobody's. of is
// where the configuration has the tokens, for messages.
func NewAuthenticator(of string, keys *secret.Keyring, now func() time.Time, finders ...Finder) *Authenticator {
	return &Authenticator{of: of, finders: finders, keys: keys, now: now}
}

// Authenticate is the caller behind an Authorization header, or a problem. A token that is wrong and one that was revoked are
// the same answer.
func (a *Authenticator) Authenticate(ctx context.Context, header string) (*Principal, error) {
	token := Sent(header)
	if token == "" {
		return nil, a.unauthorized()
	}
	if !Whole(token) {
		return nil, problem.New(problem.TokenMalformed, "the bearer token was cut or mistyped: its checksum does not fit; send a token of %s exactly as it was shown", a.of)
	}
	if strings.HasPrefix(token, AccountPrefix) {
		return a.open(ctx, token)
	}
	return a.find(ctx, SumOf(token))
}

// Still is nil while a principal that was authenticated is one yet: for a stream, which may outlive its token.
func (a *Authenticator) Still(ctx context.Context, p *Principal) error {
	if p.Minted() {
		if !a.now().Before(p.Expires) {
			return expired(p.Expires)
		}
		p = p.minter
	}
	_, err := a.find(ctx, p.Sum)
	return err
}

// Sent is the token of an Authorization header, "" where it has none.
func Sent(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// find asks the finders for a token that is good now.
func (a *Authenticator) find(ctx context.Context, sum Sum) (*Principal, error) {
	for _, f := range a.finders {
		p, err := f.Find(ctx, sum)
		switch {
		case errors.Is(err, ErrUnknown):
			continue
		case err != nil:
			p := problem.Wrap(problem.StoreUnavailable, err, "the store of tokens does not answer; try again")
			p.RetryAfter = 1
			return nil, p
		case !p.Expires.IsZero() && !a.now().Before(p.Expires):
			return nil, expired(p.Expires)
		}
		return p, nil
	}
	return nil, a.unauthorized()
}

func (a *Authenticator) unauthorized() error {
	return problem.New(problem.Unauthorized, "the bearer token is missing or wrong; send Authorization: Bearer TOKEN with a token of %s", a.of)
}

func expired(at time.Time) error {
	return problem.New(problem.TokenExpired, "the bearer token expired at %s; ask for a new one", at.UTC().Format(time.RFC3339))
}
