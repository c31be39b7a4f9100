package account

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/meterbridge/meterbridge/internal/secret"
)

// Labels under which the configured keys, and an account's own, are used.
const (
	dataKeyLabel = "account/data-key"
	fieldLabel   = "account/field"
	grantLabel   = "account/grant"
)

// Names of an account's secrets: a credential's, and that of a refresh token which came in its place.
const (
	credentialPrefix = "credentials."
	refreshPrefix    = "refresh."
)

// envelope seals one account's secrets with a key of the account's own, which in turn is sealed by the keyring. So a new
// secret_key means to seal one short key an account anew, and a secret that is copied from one account's rows to
// another's, or from one field to another, does not open: account and field are bound to it.
type envelope struct {
	id   string
	ring *secret.Keyring
}

// newEnvelope makes an account's key, and gives it sealed.
func newEnvelope(keys *secret.Keyring, id string) (e *envelope, dataKey []byte, err error) {
	plain := make([]byte, secret.KeySize)
	_, _ = rand.Read(plain) // never fails: the process ends instead
	if e, err = envelopeOf(id, plain); err != nil {
		return nil, nil, err
	}
	return e, keys.Seal(dataKeyLabel, plain, []byte(id)), nil
}

// openEnvelope opens an account's key.
func openEnvelope(keys *secret.Keyring, id string, dataKey []byte) (*envelope, error) {
	plain, err := keys.Open(dataKeyLabel, dataKey, []byte(id))
	if err != nil {
		return nil, fmt.Errorf("opening the key of account %q: %w", id, err)
	}
	return envelopeOf(id, plain)
}

func envelopeOf(id string, key []byte) (*envelope, error) {
	ring, err := secret.NewKeyring(key)
	return &envelope{id, ring}, err
}

func (e *envelope) seal(name, text string) []byte {
	return e.ring.Seal(fieldLabel, []byte(text), e.bind(name))
}

func (e *envelope) open(name string, sealed []byte) (string, error) {
	plain, err := e.ring.Open(fieldLabel, sealed, e.bind(name))
	if err != nil {
		return "", fmt.Errorf("opening %s of account %q: %w", name, e.id, err)
	}
	return string(plain), nil
}

// bind is what a secret is bound to. No id has a zero byte.
func (e *envelope) bind(name string) []byte { return []byte(e.id + "\x00" + name) }

// refreshName is where the refresh token lies that came in place of a grant's configured one: a keyed hash of the grant,
// so that a grant that is configured anew does not meet the tokens of the old one.
func (e *envelope) refreshName(grant string) string {
	sum := e.ring.MAC(grantLabel, []byte(grant))
	return refreshPrefix + hex.EncodeToString(sum[:16])
}
