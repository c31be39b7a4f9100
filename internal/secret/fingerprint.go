package secret

import (
	"crypto/sha256"
	"encoding/hex"
)

// FingerprintDigits is how long a Fingerprint is: long enough that two of an installation's values are hardly ever one,
// and far too short to tell anything of the value.
const FingerprintDigits = 12

const fingerprintLabel = "fingerprint"

// Fingerprint names a value in logs and traces: whoever has the key can search for a value that is known, and who reads the
// log alone can neither get at the value nor try values out. It is made of the value's SHA-256, since of some tokens no more
// is known, with a key that seals nothing.
func (r *Keyring) Fingerprint(sum [sha256.Size]byte) string {
	mac := r.MAC(fingerprintLabel, sum[:])
	return hex.EncodeToString(mac[:FingerprintDigits/2])
}
