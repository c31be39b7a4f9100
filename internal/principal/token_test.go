package principal

import (
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"
)

func TestANewTokenIsWholeAndNoOther(t *testing.T) {
	form, seen := regexp.MustCompile(`^umt_[0-9A-Za-z]{49}$`), map[string]bool{}
	for range 100 {
		token := NewToken()
		if !form.MatchString(token) || !Whole(token) || seen[token] {
			t.Fatalf("%q", token)
		}
		seen[token] = true
		if SumOf(token) != sha256.Sum256([]byte(token)) {
			t.Fatalf("the hash of %q is not its SHA-256", token)
		}
	}
}

// Every slip of one character, every cut and every swap of neighbours is told without asking anybody.
func TestASlipIsToldByTheChecksum(t *testing.T) {
	token := NewToken()
	for i := range token {
		for _, c := range base62 + "_- " {
			slip := token[:i] + string(c) + token[i+1:]
			if slip != token && strings.HasPrefix(slip, Prefix) && Whole(slip) {
				t.Errorf("%q in place %d passes", c, i)
			}
		}
		if cut := token[:i]; strings.HasPrefix(cut, Prefix) && Whole(cut) {
			t.Errorf("cut to %d bytes passes", i)
		}
		if i > len(Prefix) && token[i] != token[i-1] {
			if Whole(token[:i-1] + string(token[i]) + string(token[i-1]) + token[i+1:]) {
				t.Errorf("%d and its neighbour swapped pass", i)
			}
		}
	}
	for _, longer := range []string{token + "x", token + token, checked(token), checked(Prefix), checked(Prefix + "short")} {
		if Whole(longer) {
			t.Errorf("%q passes", longer)
		}
	}
}

func TestATokenOfAnotherFormIsWhole(t *testing.T) {
	for _, token := range []string{"a-token-of-the-operators-own", "UMT_x", "um", "", "xumt_y"} {
		if !Whole(token) {
			t.Errorf("%q is refused for a checksum that it need not have", token)
		}
	}
	long := strings.Repeat("x", 1000)
	if SumOf(long) != sha256.Sum256([]byte(long)) {
		t.Error("a long token has another hash")
	}
}
