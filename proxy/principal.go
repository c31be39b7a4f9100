package proxy

import (
	"slices"

	"github.com/meterbridge/meterbridge/internal/account"
)

// Principal is the caller behind a token.
type Principal struct {
	Name     string
	Accounts []string // ids, tenant:ID, or *
	Write    bool     // may /proxy and /custom do more than GET and HEAD
}

// Sees says whether the account is one of the principal's.
func (p Principal) Sees(a *account.Account) bool {
	return slices.ContainsFunc(p.Accounts, func(s string) bool {
		return s == "*" || s == a.ID || a.TenantID != "" && s == "tenant:"+a.TenantID
	})
}

// only is the one account that the principal is bound to, or "".
func (p Principal) only() string {
	if len(p.Accounts) == 1 && p.Accounts[0] != "*" && !slices.Contains([]string{"tenant:"}, p.Accounts[0][:min(7, len(p.Accounts[0]))]) {
		return p.Accounts[0]
	}
	return ""
}
