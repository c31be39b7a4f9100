package cursor

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/meterbridge/meterbridge/internal/secret"
)

const (
	tokenPrefix    = "c1."
	tokenAAD       = "c1"
	payloadVersion = 1
	payloadHeader  = 1 + 1 + 8 + 16 + 16
	storeKeySize   = 16 // 128 random bits
)

// text is base64url that has one spelling for each value: the unused bits of the last character must be zero, or
// a character could be altered unnoticed.
var text = base64.RawURLEncoding.Strict()

// payload is what a token seals.
type payload struct {
	stored    bool  // body is the key of the position in the store, and not the position
	issued    int64 // Unix milliseconds
	selection [16]byte
	account   [16]byte // MAC of the account's id, its first half
	body      []byte
}

func encode(keys *secret.Keyring, t payload) string {
	b := make([]byte, 0, payloadHeader+len(t.body))
	b = append(b, payloadVersion, 0)
	if t.stored {
		b[1] = 1
	}
	b = binary.BigEndian.AppendUint64(b, uint64(t.issued))
	b = append(b, t.selection[:]...)
	b = append(b, t.account[:]...)
	b = append(b, t.body...)
	sealed := keys.Seal(labelToken, b, []byte(tokenAAD))
	out := make([]byte, 0, len(tokenPrefix)+text.EncodedLen(len(sealed)))
	return string(text.AppendEncode(append(out, tokenPrefix...), sealed))
}

// decode opens a token. Without ok the payload is zero.
func decode(keys *secret.Keyring, token string) (payload, bool) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(token) > MaxTokenIn || strings.ContainsAny(rest, "\r\n") { // which base64 would skip
		return payload{}, false
	}
	sealed, err := text.DecodeString(rest)
	if err != nil {
		return payload{}, false
	}
	plain, err := keys.Open(labelToken, sealed, []byte(tokenAAD))
	if err != nil {
		return payload{}, false
	}
	return parsePayload(plain)
}

func parsePayload(b []byte) (payload, bool) {
	if len(b) < payloadHeader || b[0] != payloadVersion || b[1] > 1 {
		return payload{}, false
	}
	t := payload{stored: b[1] == 1, issued: int64(binary.BigEndian.Uint64(b[2:]))}
	copy(t.selection[:], b[10:26])
	copy(t.account[:], b[26:42])
	t.body = b[payloadHeader:]
	if t.stored && len(t.body) != storeKeySize {
		return payload{}, false
	}
	return t, true
}
