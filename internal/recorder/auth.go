package recorder

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
)

// pair is a line of a cassette's auth.
type pair struct{ key, value string }

// recordedAuth is what a cassette demands of a request that is signed so, with names in the place of credentials.
func (w *Walk) recordedAuth(a *connector.Auth) ([]pair, error) {
	out := w.signing(&a.Signing)
	for i := range a.Any {
		if w.has(&a.Any[i]) {
			out = append(out, w.signing(&a.Any[i])...)
			break
		}
	}
	if len(out) == 0 {
		return nil, errUnsigned
	}
	return out, nil
}

var errUnsigned = errors.New("auth names no credential that the account has")

// has says that the account has what a way to sign can't do without.
func (w *Walk) has(s *connector.Signing) bool {
	var names []string
	switch {
	case s.Basic != nil:
		names = used(s.Basic.Username)
	case s.Digest != nil:
		names = used(s.Digest.Username, s.Digest.Password)
	case s.OAuth2 != nil:
		names = used(s.OAuth2.ClientID, s.OAuth2.RefreshToken, s.OAuth2.PrivateKey)
	case s.JWT != nil:
		names = used(s.JWT.PrivateKey)
	case s.SigV4 != nil:
		names = used(s.SigV4.AccessKeyID, s.SigV4.SecretAccessKey)
	default:
		for _, f := range slices.Concat(s.Headers, s.Query, s.Cookies) {
			names = append(names, used(f.Value)...)
		}
	}
	return !slices.ContainsFunc(names, func(n string) bool { return w.Credentials[n] == "" })
}

func (w *Walk) signing(s *connector.Signing) []pair {
	var out []pair
	for _, group := range []struct {
		fields []connector.SecretField
		before string
	}{{s.Headers, ""}, {s.Query, "query."}, {s.Cookies, "cookie."}} {
		for _, f := range group.fields {
			if text, ok := w.named(f.Value); ok {
				out = append(out, pair{group.before + f.Key, text})
			}
		}
	}
	switch {
	case s.Basic != nil:
		out = append(out, pair{"Authorization", "Basic " + w.two("basic", s.Basic.Username, s.Basic.Password)})
	case s.Digest != nil:
		out = append(out, pair{"Authorization", "Digest " + w.two("digest", s.Digest.Username, s.Digest.Password)})
	case s.SigV4 != nil:
		out = append(out, pair{"Authorization", "AWS4-HMAC-SHA256 " + w.two("sigv4", s.SigV4.AccessKeyID, s.SigV4.SecretAccessKey)})
	case s.JWT != nil:
		out = append(out, pair{"Authorization", "Bearer {jwt:" + strings.Join(used(s.JWT.PrivateKey), "") + "}"})
	case s.OAuth2 != nil:
		out = append(out, pair{"Authorization", "Bearer {token}"})
	}
	return out
}

// named is a text of auth with {name} where it names a credential; false for one that is left out.
func (w *Walk) named(t connector.SecretText) (string, bool) {
	for _, name := range used(t) {
		if w.Credentials[name] == "" {
			return "", false
		}
	}
	text, err := t.Resolve(w.Context, func(name string) (string, bool) { return "{" + name + "}", true })
	return text, err == nil
}

// two is a scheme of two credentials. Of HTTP basic with anything else than one credential each, what the demo values give.
func (w *Walk) two(scheme string, a, b connector.SecretText) string {
	one := func(t connector.SecretText) string {
		if names := used(t); len(names) == 1 && t.String() == "${"+names[0]+"}" && w.Credentials[names[0]] != "" {
			return names[0]
		}
		return ""
	}
	if one(a) != "" && one(b) != "" || scheme != "basic" {
		return "{" + scheme + ":" + one(a) + ":" + one(b) + "}"
	}
	var texts []string
	for _, t := range []connector.SecretText{a, b} {
		text, err := t.Resolve(w.Context, func(name string) (string, bool) {
			if w.Credentials[name] == "" {
				return "", true
			}
			return demoText(name), true
		})
		if err != nil {
			text = ""
		}
		texts = append(texts, text)
	}
	return base64.StdEncoding.EncodeToString([]byte(strings.Join(texts, ":")))
}

// tokenAuth is what a token call is signed with, by the connector's words; nil where it does not fetch one.
func (w *Walk) tokenAuth() (*connector.OAuth2, []pair) {
	auth := w.Connector.Auth
	ways := append([]connector.Signing{auth.Signing}, auth.Any...)
	for i := range ways {
		o := ways[i].OAuth2
		if o == nil || !w.has(&ways[i]) {
			continue
		}
		var out []pair
		switch o.Send {
		case "body":
			out = append(out, pair{"form.client_id", "{" + strings.Join(used(o.ClientID), "") + "}"})
			if names := used(o.ClientSecret); len(names) == 1 && w.Credentials[names[0]] != "" {
				out = append(out, pair{"form.client_secret", "{" + names[0] + "}"})
			}
		case "private_key_jwt":
			out = append(out, pair{"form.client_assertion", "{jwt:" + strings.Join(used(o.PrivateKey), "") + "}"})
		default:
			out = append(out, pair{"Authorization", "Basic " + w.two("basic", o.ClientID, o.ClientSecret)})
		}
		if o.Grant == "refresh_token" {
			out = append(out, pair{"form.refresh_token", "{" + strings.Join(used(o.RefreshToken), "") + "}"})
		}
		return o, out
	}
	return nil, nil
}

// demoCredential is the cassette's own: a text, or a fresh key of the same kind.
func demoCredential(name, value string) (string, error) {
	block, _ := pem.Decode([]byte(strings.ReplaceAll(value, `\n`, "\n")))
	if block == nil {
		return demoText(name), nil
	}
	var key any
	var err error
	if isRSA(block.Bytes) {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return "", fmt.Errorf("making a key for the cassette: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("making a key for the cassette: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

func isRSA(der []byte) bool {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		_, is := key.(*rsa.PrivateKey)
		return is
	}
	_, err := x509.ParsePKCS1PrivateKey(der)
	return err == nil
}
