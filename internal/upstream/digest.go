package upstream

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// errNoChallenge says that a refusal asks for nothing that could be answered.
var errNoChallenge = errors.New("no challenge")

// challenge is what a provider wants digest credentials to be mixed with.
type challenge struct {
	realm, nonce, opaque, algorithm string
	auth                            bool   // qop=auth; without it the digest of RFC 2069
	known                           bool   // nothing in it is beyond us
	cnonce                          string // ours, one for all uses of the nonce: a -sess key is made of the first, and so is every other
	used                            uint32 // how often the nonce was used
}

// nonces remembers the last challenge of each key, so that only the first call costs two. A key stands for account,
// host and credentials together.
type nonces struct {
	mu    sync.Mutex
	byKey map[string]*challenge
}

// next is the challenge to answer now, with its count; false where none was made yet.
func (n *nonces) next(key string) (challenge, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.byKey[key]
	if c == nil {
		return challenge{}, false
	}
	c.used++
	return *c, true
}

// learn takes a new challenge in place of the old one. One that comes again goes on counting.
func (n *nonces) learn(key string, c challenge) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if old := n.byKey[key]; old == nil || old.nonce != c.nonce || old.realm != c.realm {
		c.cnonce = rand.Text()
		n.byKey[key] = &c
	}
}

// digest lets the request be signed by the account's last challenge, if there is one, and takes new ones.
func (s *Session) digest(sig *signature, d *connector.Digest) error {
	user, err := s.resolve(d.Username)
	if err != nil {
		return err
	}
	password, err := s.resolve(d.Password)
	if err != nil {
		return err
	}
	key := s.fingerprint("digest", s.base.url.Host, user, password)
	sig.last = func(r *http.Request, _ []byte) error {
		if c, ok := s.c.nonces.next(key); ok {
			r.Header.Set("Authorization", c.answer(user, password, r.Method, r.URL.RequestURI()))
		}
		return nil
	}
	sig.challenge = func(h http.Header) error {
		c, found := pickChallenge(h)
		switch {
		case !found:
			return errNoChallenge
		case !c.known:
			return problem.New(problem.UpstreamUnexpected, "the provider asks for a digest that is not known here (algorithm %.40q); MD5 and SHA-256 with qop auth are", c.algorithm).AsRemote()
		}
		s.c.nonces.learn(key, c)
		return nil
	}
	return nil
}

// answer is the value of the Authorization header.
func (c challenge) answer(user, password, method, uri string) string {
	sum := func(parts ...string) string { return digestSum(c.algorithm, strings.Join(parts, ":")) }
	secret := sum(user, c.realm, password)
	if strings.HasSuffix(strings.ToUpper(c.algorithm), "-SESS") {
		secret = sum(secret, c.nonce, c.cnonce)
	}
	request, count := sum(method, uri), fmt.Sprintf("%08x", c.used)
	var b strings.Builder
	fmt.Fprintf(&b, "Digest username=%s, realm=%s, nonce=%s, uri=%s", quote(user), quote(c.realm), quote(c.nonce), quote(uri))
	if c.algorithm != "" {
		b.WriteString(", algorithm=" + c.algorithm)
	}
	if c.opaque != "" {
		b.WriteString(", opaque=" + quote(c.opaque))
	}
	if !c.auth {
		return b.String() + `, response="` + sum(secret, c.nonce, request) + `"`
	}
	return b.String() + ", qop=auth, nc=" + count + ", cnonce=" + quote(c.cnonce) +
		`, response="` + sum(secret, c.nonce, count, c.cnonce, "auth", request) + `"`
}

// digestSum is the hash of a digest's algorithm in hex, "" for one that is not known.
func digestSum(algorithm, text string) string {
	switch strings.TrimSuffix(strings.ToUpper(algorithm), "-SESS") {
	case "", "MD5":
		sum := md5.Sum([]byte(text)) // what the provider asks for; what it protects travels within TLS
		return hex.EncodeToString(sum[:])
	case "SHA-256":
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	return ""
}

func quote(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
