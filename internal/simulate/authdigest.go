package simulate

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
)

const (
	digestOpaque = "of-the-simulator"
	maxNonces    = 10_000 // a provider
)

// challenge is a digest challenge with a fresh nonce.
func (t *tape) challenge(stale bool) string {
	if len(t.nonces) == maxNonces {
		clear(t.nonces) // whoever has one of them is told that it is stale
	}
	nonce := rand.Text()
	t.nonces[nonce] = 0
	c := `Digest realm="` + t.Name + `", qop="auth", algorithm=SHA-256, nonce="` + nonce + `", opaque="` + digestOpaque + `"`
	if stale {
		c += ", stale=true"
	}
	return c
}

var digestParam = regexp.MustCompile(`([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^", ]+))`)

// digestHolds checks a digest as RFC 7616 makes it. stale says that it is right, but of a nonce that is no longer known
// or with a count that was there before.
func (g guard) digestHolds(text, user, password string) (ok, stale bool) {
	given := map[string]string{}
	for _, m := range digestParam.FindAllStringSubmatch(text, -1) {
		given[m[1]] = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[2]) + m[3]
	}
	sum := func(s string) string {
		b := sha256.Sum256([]byte(s))
		return hex.EncodeToString(b[:])
	}
	for name, want := range map[string]string{"username": user, "realm": g.tape.Name, "uri": g.r.RequestURI, "opaque": digestOpaque, "qop": "auth", "algorithm": "SHA-256"} {
		if given[name] != want {
			return false, false
		}
	}
	secret, request := sum(user+":"+g.tape.Name+":"+password), sum(g.r.Method+":"+g.r.RequestURI)
	if given["response"] != sum(secret+":"+given["nonce"]+":"+given["nc"]+":"+given["cnonce"]+":auth:"+request) {
		return false, false
	}
	count, err := strconv.ParseUint(given["nc"], 16, 32)
	last, known := g.tape.nonces[given["nonce"]]
	if err != nil || len(given["nc"]) != 8 || !known || count <= last {
		return false, true
	}
	g.tape.nonces[given["nonce"]] = count
	return true, false
}
