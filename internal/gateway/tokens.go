package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/meterbridge/meterbridge/proxy"
)

// Token is a caller's right to some accounts. Only the hash of what the caller sends is known.
type Token struct {
	SHA256    [32]byte
	Principal proxy.Principal
}

// Tokens are those of one configuration.
type Tokens struct{ list []Token }

// NewTokens makes a set of tokens.
func NewTokens(list ...Token) *Tokens { return &Tokens{list} }

// sent is the token of an Authorization header, "" where it has none.
func sent(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// principal is the caller behind an Authorization header. Hashes are compared, each in constant time and all of them
// always, so that the time tells neither how much of a token was right nor which one it was.
func (t *Tokens) principal(header string) (proxy.Principal, bool) {
	token := sent(header)
	sum := sha256.Sum256([]byte(token))
	found := -1
	for i := range t.list {
		if subtle.ConstantTimeCompare(sum[:], t.list[i].SHA256[:]) == 1 {
			found = i
		}
	}
	if found < 0 || token == "" {
		return proxy.Principal{}, false
	}
	return t.list[found].Principal, true
}
