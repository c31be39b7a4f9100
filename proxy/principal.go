package proxy

import (
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/account"
)

const tenantPrefix = "tenant:"

// Principal is the caller behind a token.
type Principal struct {
	Name string
	// Fingerprint names the token in the log.
	Fingerprint string
	Accounts    []string // ids, tenant:ID, or *
	Write       bool     // may /proxy and /custom do more than GET and HEAD
}

// Sees says whether the account is one of the principal's.
func (p Principal) Sees(a *account.Account) bool {
	return slices.ContainsFunc(p.Accounts, func(s string) bool {
		return s == "*" || s == a.ID || a.TenantID != "" && s == tenantPrefix+a.TenantID
	})
}

// only is the one account that the principal is bound to, or "".
func (p Principal) only() string {
	if len(p.Accounts) != 1 || p.Accounts[0] == "*" || strings.HasPrefix(p.Accounts[0], tenantPrefix) {
		return ""
	}
	return p.Accounts[0]
}
