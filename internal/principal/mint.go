package principal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
)

const (
	// DefaultAccountTokenTTL is how long an account token lives where its minter does not say.
	DefaultAccountTokenTTL = 15 * time.Minute
	// MaxAccountTokenTTL bounds the life of an account token.
	MaxAccountTokenTTL = time.Hour
	// MaxAccountToken bounds an account token, in bytes: it travels in a header.
	MaxAccountToken = 4 << 10

	sealLabel = "account-token"
)

// sealed is what an account token holds. The minter is named by its token's hash, which ends the two together.
type sealed struct {
	Minter    []byte   `json:"m"`
	Account   string   `json:"a"`
	Expires   int64    `json:"e"` // seconds
	Write     bool     `json:"w,omitempty"`
	Resources []string `json:"r,omitempty"`
	Formats   []string `json:"f,omitempty"`
}

// Mint makes a token for one account that the minter sees, for a while, and never wider than the minter is. Of the grants,
// the accounts are that one.
func (a *Authenticator) Mint(minter *Principal, account string, g Grants, ttl time.Duration) (token string, expires time.Time, err error) {
	if minter.Minted() {
		return "", expires, problem.New(problem.MintForbidden, "an account token mints no other; ask with the token that minted it")
	}
	if ttl == 0 {
		ttl = DefaultAccountTokenTTL
	}
	if ttl < time.Second || ttl > MaxAccountTokenTTL {
		return "", expires, problem.Param(problem.InvalidBody, "expires_in", "expires_in is a number of seconds from 1 to %d", int(MaxAccountTokenTTL.Seconds()))
	}
	g.Accounts = []string{account}
	if err := g.Check(); err != nil {
		return "", expires, err
	}
	if (&Principal{Grants: g}).Only() == "" { // an id that reads as a grant of several is nobody's
		return "", expires, problem.New(problem.AccountNotFound, "no one account is meant by %q", clip(account))
	}
	if err := minter.covers(&g); err != nil {
		return "", expires, err
	}
	expires = a.now().Add(ttl).UTC().Truncate(time.Second)
	if !minter.Expires.IsZero() && minter.Expires.Before(expires) {
		expires = minter.Expires.UTC().Truncate(time.Second)
	}
	plain, err := json.Marshal(sealed{minter.Sum[:], account, expires.Unix(), g.Write, g.Resources, g.Formats})
	if err != nil {
		return "", expires, err
	}
	token = checked(AccountPrefix + base64.RawURLEncoding.EncodeToString(a.keys.Seal(sealLabel, plain, nil)))
	if len(token) > MaxAccountToken {
		return "", expires, problem.New(problem.InvalidBody, "the token would be longer than %d bytes; name fewer resources", MaxAccountToken)
	}
	return token, expires, nil
}

// open is the principal of an account token, whose minter is asked for anew each time.
func (a *Authenticator) open(ctx context.Context, token string) (*Principal, error) {
	if a.keys == nil || len(token) > MaxAccountToken {
		return nil, a.unauthorized()
	}
	box, err := base64.RawURLEncoding.DecodeString(token[len(AccountPrefix) : len(token)-sumDigits])
	if err != nil {
		return nil, a.unauthorized()
	}
	plain, err := a.keys.Open(sealLabel, box, nil)
	if err != nil {
		return nil, a.unauthorized()
	}
	var s sealed
	if err := json.Unmarshal(plain, &s); err != nil || len(s.Minter) != len(Sum{}) {
		return nil, a.unauthorized()
	}
	if expires := time.Unix(s.Expires, 0); !a.now().Before(expires) {
		return nil, expired(expires)
	}
	minter, err := a.find(ctx, Sum(s.Minter))
	if err != nil {
		return nil, err
	}
	return &Principal{
		ID: minter.ID, Name: minter.Name + " (account token)", Sum: SumOf(token), Limit: minter.Limit, minter: minter, Expires: time.Unix(s.Expires, 0),
		Grants: Grants{Accounts: []string{s.Account}, Write: s.Write, Resources: s.Resources, Formats: s.Formats},
	}, nil
}
