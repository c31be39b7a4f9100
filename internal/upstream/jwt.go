package upstream

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// assertionLife is how long an assertion is good for, which is used at once.
const assertionLife = 5 * time.Minute

// jwt is the account's own bearer token, from the cache or signed.
func (s *Session) jwt(ctx context.Context, j *connector.JWT) (token, string, error) {
	pem, err := s.resolve(j.PrivateKey)
	if err != nil {
		return token{}, "", err
	}
	id, _, err := s.spare(j.KeyID)
	if err != nil {
		return token{}, "", err
	}
	values, err := json.Marshal(s.values) // the claims may be made of any of them
	if err != nil {
		return token{}, "", problem.From(err)
	}
	key := s.fingerprint("jwt", j.Alg, id, pem, j.Claims.String(), string(values))
	tok, err := s.c.tokens.get(ctx, key, nil, func(context.Context) (token, error) {
		signer, err := newSigner(j.Alg, id, pem)
		if err != nil {
			return token{}, err
		}
		now := s.c.cfg.Clock()
		found, err := j.ClaimSet(s.values, now, signer.fingerprint)
		if err != nil {
			return token{}, unsigned(err)
		}
		claims, err := exact(found)
		if err != nil {
			return token{}, unsigned(err)
		}
		text, err := signer.sign(claims)
		if err != nil {
			return token{}, err
		}
		expiry := time.Time{}
		if exp, err := claims.GetExpirationTime(); err == nil && exp != nil {
			expiry = exp.Time
		}
		return token{Type: "Bearer", Access: text, Until: until(now, expiry)}, nil
	})
	return tok, key, err
}

// exact is a claim set with its numbers as they are.
func exact(found map[string]any) (jwt.MapClaims, error) {
	var e jq.Encoder
	b, err := e.AppendValue(nil, found)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	var claims jwt.MapClaims
	return claims, dec.Decode(&claims)
}

// assertion proves a client with its own key (RFC 7523).
func (s *Session) assertion(alg, keyID, pem, client, audience string) (string, error) {
	signer, err := newSigner(alg, keyID, pem)
	if err != nil {
		return "", err
	}
	now := s.c.cfg.Clock().Unix()
	return signer.sign(jwt.MapClaims{"iss": client, "sub": client, "aud": audience, "jti": rand.Text(),
		"iat": now, "exp": now + int64(assertionLife/time.Second)})
}

// signer signs JWTs with one private key.
type signer struct {
	method      jwt.SigningMethod
	keyID       string
	key         crypto.Signer
	fingerprint string // base64 of the SHA-256 of the public key's SubjectPublicKeyInfo
}

// newSigner reads a private key, whose line ends may be written \n: so do keys survive in an environment variable.
func newSigner(alg, keyID, pem string) (*signer, error) {
	bad := func(why string) error {
		return problem.New(problem.AccountMisconfig, "the account's private key can't sign %s: %s", alg, why)
	}
	text := []byte(strings.ReplaceAll(pem, `\n`, "\n"))
	s := &signer{method: jwt.GetSigningMethod(alg), keyID: keyID}
	var err error
	switch alg {
	case "RS256":
		s.key, err = signerOf(jwt.ParseRSAPrivateKeyFromPEM(text))
	case "ES256":
		s.key, err = signerOf(jwt.ParseECPrivateKeyFromPEM(text))
	}
	switch {
	case errors.Is(err, jwt.ErrKeyMustBePEMEncoded):
		return nil, bad("it is not in PEM")
	case strings.Contains(pem, "ENCRYPTED"):
		return nil, bad("it is encrypted; decrypt it first")
	case err != nil: // what the parser says may quote the key
		return nil, bad("it is of another kind, or damaged")
	}
	public, err := x509.MarshalPKIXPublicKey(s.key.Public())
	if err != nil {
		return nil, bad("it has no public half")
	}
	sum := sha256.Sum256(public)
	s.fingerprint = base64.StdEncoding.EncodeToString(sum[:])
	return s, nil
}

func signerOf[K crypto.Signer](key K, err error) (crypto.Signer, error) { return key, err }

func (s *signer) sign(claims jwt.MapClaims) (string, error) {
	t := jwt.NewWithClaims(s.method, claims)
	if s.keyID != "" {
		t.Header["kid"] = s.keyID
	}
	text, err := t.SignedString(s.key)
	if err != nil {
		return "", problem.New(problem.AccountMisconfig, "the account's private key can't sign %s: it has the wrong size", s.method.Alg())
	}
	return text, nil
}
