package simulate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"time"
)

// publicHalf is the public key of a private one in PEM.
func publicHalf(text string) (crypto.PublicKey, error) {
	block, _ := pem.Decode([]byte(strings.ReplaceAll(text, `\n`, "\n")))
	if block == nil {
		return nil, errors.New("is no key in PEM")
	}
	for _, parse := range []func([]byte) (any, error){
		x509.ParsePKCS8PrivateKey,
		func(b []byte) (any, error) { return x509.ParsePKCS1PrivateKey(b) },
		func(b []byte) (any, error) { return x509.ParseECPrivateKey(b) },
	} {
		key, err := parse(block.Bytes)
		if err != nil {
			continue
		}
		switch key := key.(type) {
		case *rsa.PrivateKey:
			return &key.PublicKey, nil
		case *ecdsa.PrivateKey:
			return &key.PublicKey, nil
		}
	}
	return nil, errors.New("is neither an RSA nor an EC private key")
}

// jwtHolds checks the signature of a JWT and that it ends, and not yet: by the cassette's clock or the machine's.
func (g guard) jwtHolds(text string, public crypto.PublicKey) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return false
	}
	var raw [3][]byte
	for i, p := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(p); err != nil {
			return false
		}
	}
	var head struct{ Alg string }
	var claims struct{ Exp json.Number }
	if json.Unmarshal(raw[0], &head) != nil || json.Unmarshal(raw[1], &claims) != nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch key := public.(type) {
	case *rsa.PublicKey:
		if head.Alg != "RS256" || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw[2]) != nil {
			return false
		}
	case *ecdsa.PublicKey:
		if head.Alg != "ES256" || len(raw[2]) != 64 ||
			!ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(raw[2][:32]), new(big.Int).SetBytes(raw[2][32:])) {
			return false
		}
	default:
		return false
	}
	seconds, err := claims.Exp.Float64()
	end := time.Unix(int64(seconds), 0)
	return err == nil && (end.After(g.now) || time.Until(end) > 0)
}
