package recorder

import (
	"fmt"
	"strings"

	"github.com/meterbridge/meterbridge/internal/simulate"
)

// window is how much of a secret in a row gives it away.
const window = 16

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
		for i := 0; i+window <= len(secret); i++ {
			if part := secret[i : i+window]; strings.Contains(lower, strings.ToLower(part)) {
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
