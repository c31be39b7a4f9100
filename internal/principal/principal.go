// Package principal is the caller behind a token: who it is, what it may do, and how a token proves it.
//
// A request's token is checked for a slip of the hand by its own checksum, hashed, and looked up by the hash alone, in the
// configuration and then in a store; or it is an account token, which is sealed, names its minter and carries what it may
// do itself. Whatever the kind, what comes out is one Principal with one Allows, and everything that it does not grant is
// refused. Nobody but the caller has the token: the configuration and the store know its SHA-256.
package principal

import (
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// Principal is a caller. It is shared between requests: nobody changes it.
type Principal struct {
	ID   string // of the token, unique over all sources; an account token's is its minter's
	Name string // for people
	Sum  Sum    // of the token
	Grants
	Expires time.Time // the first moment at which the token is no longer good; zero: never
	Limit   kv.Rate   // in place of the limit of all tokens; zero: that one

	// minter made this account token. What it may not do, its token may not: grants that shrink and tokens that are
	// revoked take effect on what was minted before.
	minter *Principal
}

// Grants are what a principal may do. The zero may do nothing, for it sees no account.
type Grants struct {
	Accounts  []string // ids, tenant:ID, or *
	Write     bool     // may /proxy and /custom do more than GET and HEAD
	Resources []string // see ResourceWord; nil: all
	Formats   []string // of Formats; nil: all
}

// What a grant of accounts is written with.
const (
	Everything   = "*"
	TenantPrefix = "tenant:"
)

// Sees says whether the account of that id and tenant is one of the principal's.
func (p *Principal) Sees(id, tenant string) bool {
	if p == nil || !p.Names(id, tenant) {
		return false
	}
	return p.minter == nil || p.minter.Sees(id, tenant)
}

// Only is the one account that the principal is bound to, or "".
func (p *Principal) Only() string {
	if p == nil || len(p.Accounts) != 1 || p.Accounts[0] == Everything || strings.HasPrefix(p.Accounts[0], TenantPrefix) {
		return ""
	}
	return p.Accounts[0]
}

// Minted says whether the principal is an account token's.
func (p *Principal) Minted() bool { return p != nil && p.minter != nil }

// Action is what a request is about to do.
type Action struct {
	Area   string // a unified model, or one of the areas below
	Name   string // the resource in it; "" where the area has none
	Format string // of Formats; "" for an answer without the provider's data
	Write  bool
}

// Areas beside the unified models.
const (
	AreaProxy   = "proxy"
	AreaCustom  = "custom"
	AreaMetrics = "metrics"
)

// Allows is nil where the principal may do that, and else a problem that says what it lacks.
func (p *Principal) Allows(a Action) error {
	if p == nil {
		return problem.New(problem.Unauthorized, "no token, no answer")
	}
	if a.Area == AreaMetrics && p.Minted() {
		return problem.New(problem.ResourceForbidden, "an account token reads its account's data and no metrics")
	}
	for ; p != nil; p = p.minter {
		switch {
		case a.Write && !p.Write:
			return problem.New(problem.WriteForbidden, "this token may read only; anything but GET and HEAD needs write: true on it")
		case !p.Reaches(a.Area, a.Name):
			return problem.New(problem.ResourceForbidden, "this token does not reach %s; it has %s", word(a.Area, a.Name), strings.Join(p.Resources, ", "))
		case a.Format != "" && !p.Gives(a.Format):
			return problem.New(problem.FormatForbidden, "this token does not get the format %s; it gets %s", a.Format, strings.Join(p.Formats, ", "))
		}
	}
	return nil
}

// Gets says whether what the principal is answered with may hold the format.
func (p *Principal) Gets(format string) bool {
	for ; p != nil; p = p.minter {
		if !p.Gives(format) {
			return false
		}
	}
	return true
}
