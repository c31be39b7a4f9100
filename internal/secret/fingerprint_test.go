package secret

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

func TestFingerprint(t *testing.T) {
	r := ring(t, 1, 2)
	a, b := sha256.Sum256([]byte("acme-1")), sha256.Sum256([]byte("acme-2"))
	got := r.Fingerprint(a)
	if raw, err := hex.DecodeString(got); err != nil || len(got) != FingerprintDigits || len(raw) != 6 {
		t.Fatalf("got %q", got)
	}
	for name, other := range map[string]string{
		"another value": r.Fingerprint(b), "another key": ring(t, 2, 1).Fingerprint(a), "no key": hex.EncodeToString(a[:6]),
	} {
		if got == other {
			t.Errorf("%s has the same fingerprint", name)
		}
	}
	if got != ring(t, 1).Fingerprint(a) {
		t.Error("the first key alone gives another")
	}
	// What is written in logs stays searchable over releases.
	if want := "c8abcfcbfb80"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
