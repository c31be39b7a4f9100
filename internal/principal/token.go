package principal

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"strings"
)

// A token is a prefix that people and scanners for leaked secrets know it by, 32 random bytes, and a checksum of both: what
// was cut off or mistyped is told from what is merely wrong, without asking anybody.
const (
	Prefix        = "umt_" // of an API token
	AccountPrefix = "uat_" // of an account token

	tokenBytes = 32
	bodyDigits = 43 // 62^43 > 2^256
	sumDigits  = 6  // 62^6 > 2^32
)

// Sum is the SHA-256 of a token, all that is known of it.
type Sum [sha256.Size]byte

// SumOf is the token's.
func SumOf(token string) Sum {
	var buf [128]byte // no token of ours is longer, so that hashing one allocates nothing
	return sha256.Sum256(append(buf[:0], token...))
}

// NewToken makes an API token. It is shown to whoever asked for it, and kept nowhere.
func NewToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails: the process ends instead
	return checked(Prefix + digits(new(big.Int).SetBytes(b[:]), bodyDigits))
}

// checked puts the checksum behind a token's prefix and body.
func checked(s string) string {
	return s + digits(new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(s)))), sumDigits)
}

// digits writes a number to the base of 62 with leading zeros: letters and digits alone, so that a double click selects all.
func digits(n *big.Int, width int) string {
	s := n.Text(62)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// Whole says whether a token that has a prefix of ours has its checksum too. Tokens of any other form are whole: an
// operator may configure any text.
func Whole(token string) bool {
	if !strings.HasPrefix(token, Prefix) && !strings.HasPrefix(token, AccountPrefix) {
		return true
	}
	body := len(token) - sumDigits
	return body > len(Prefix) && sumHolds(token[:body], token[body:]) && (token[:len(Prefix)] != Prefix || body == len(Prefix)+bodyDigits)
}

// sumHolds compares without allocating, for it stands before every lookup: the library's own loop takes bytes and keeps them.
func sumHolds(s, sum string) bool {
	n := ^uint32(0)
	for i := range len(s) {
		n = crc32.IEEETable[byte(n)^s[i]] ^ n>>8
	}
	n = ^n
	for i := len(sum) - 1; i >= 0; i-- {
		if sum[i] != base62[n%62] {
			return false
		}
		n /= 62
	}
	return n == 0
}

// base62 are the digits of big.Int.
const base62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
