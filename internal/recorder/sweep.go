package recorder

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/simulate"
)

// What of a secret gives it away: so many characters in a row, of which so many are different.
const (
	window    = 16
	different = 6
)

// telling says that a part of a secret is not just a row of zeros.
func telling(part string) bool {
	seen := map[rune]bool{}
	for _, r := range part {
		seen[r] = true
	}
	return len(seen) >= different
}

// sweep refuses files with a secret in them, or with what reads like one. What is found is not said.
func (s *scrubber) sweep(files []simulate.File) error {
	for _, f := range files {
		text := s.stands.Replace(string(f.Data)) // what the cassette has in a secret's place is none
		if what := s.found(text); what != "" {
			return fmt.Errorf("nothing was written: %s would hold %s", f.Name, what)
		}
	}
	return nil
}

func (s *scrubber) found(text string) string {
	lower := strings.ToLower(text)
	for _, secret := range s.secrets {
		for _, form := range append(encodings(secret), secret) {
			if len(form) >= minSecret && strings.Contains(lower, strings.ToLower(form)) {
				return "a credential, or a token"
			}
		}
		for i := 0; i+window <= len(secret) && !slices.Contains(s.halves, secret); i++ {
			if part := strings.ToLower(secret[i : i+window]); telling(part) && strings.Contains(lower, part) {
				return "a part of a credential, or of a token"
			}
		}
	}
	for _, m := range paramText.FindAllStringSubmatch(text, -1) {
		if s.keep(m[2]) != m[2] {
			return "a signature, or a secret parameter"
		}
	}
	for _, m := range schemeText.FindAllStringSubmatch(text, -1) {
		if s.keep(m[3]) != m[3] && !strings.HasPrefix(m[3], `"{`) {
			return "an Authorization header"
		}
	}
	if jwtText.MatchString(text) || awsKeyText.MatchString(text) || pemText.MatchString(text) {
		return "a token or a key"
	}
	for _, m := range emailText.FindAllString(text, -1) {
		if !ownEmail.MatchString(m) {
			return "an e-mail address"
		}
	}
	return ""
}
