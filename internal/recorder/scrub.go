package recorder

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// scrubber replaces what may not be told, the same text always by the same.
type scrubber struct {
	secrets []string // in clear
	halves  []string // of credentials that are no secrets, such as ids of keys; they are among the secrets
	known   *strings.Replacer
	stands  *strings.Replacer // takes out what stands in a credential's place
	hidden  map[string]string
	emails  map[string]string
	bases   *strings.Replacer
}

// What reads like a secret, whoever's it is.
var (
	jwtText    = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?`)
	schemeText = regexp.MustCompile(`(?i)\b(bearer|basic|digest|aws4-hmac-sha256)(\s+)([A-Za-z0-9._~+/=-]{12,}|[a-z]+=[^\r\n"<]+(?:"[^"\r\n]*"[^\r\n"<]*)*)`)
	awsKeyText = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b`)
	pemText    = regexp.MustCompile(`-----BEGIN [A-Z ]+-----(?s:.*?)(?:-----END [A-Z ]+-----|$)`)
	paramText  = regexp.MustCompile(`(?i)([?&;](?:x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|x-signature|signature|sig|awsaccesskeyid|key-pair-id|policy|access_token|refresh_token|id_token|client_secret|api[-_]?key|app[-_]?key|password|passwd|secret|session|hmac|jwt)=)([^&#\s"'<>\\]+)`)
	emailText  = regexp.MustCompile(`[A-Za-z0-9._+'-]+(@|%40|~40)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+`)
	secretKey  = regexp.MustCompile(`(?i)^(?:access|refresh|id|session|security|auth)[-_]?token$|^(?:client[-_]?)?secret(?:[-_]?(?:access[-_]?)?key)?$|^pass(?:word|wd|phrase)$|^private[-_]?key$|^(?:x-)?ap[ip][-_]?key$|^(?:proxy-)?authorization$|^(?:set-)?cookie$|^signature$`)
	ownEmail   = regexp.MustCompile(`^user-\d+(?:@|%40|~40)example\.com$`)
)

func newScrubber(w *Walk) *scrubber {
	s := &scrubber{hidden: map[string]string{}, emails: map[string]string{}}
	var pairs, stands [][2]string
	add := func(from, to string) {
		if len(from) >= minSecret {
			pairs = append(pairs, [2]string{from, to})
		}
	}
	for _, name := range sortedKeys(w.Credentials) {
		value := w.Credentials[name]
		stands = append(stands, [2]string{demoText(name), ""})
		for _, part := range parts(value) {
			s.secrets = append(s.secrets, part)
			if cr, ok := w.Connector.Credential(name); ok && !cr.Secret {
				s.halves = append(s.halves, part) // other ids may begin like it
			}
			add(part, demoText(name))
			add(url.QueryEscape(part), demoText(name)) // as it stands in a link, which a request repeats in clear
			add(url.PathEscape(part), demoText(name))
			for _, form := range encodings(part) {
				add(form, s.hide(form))
			}
		}
	}
	for _, t := range append(slices.Clone(w.Taken), w.Next) {
		if t == nil {
			continue
		}
		for _, secret := range append(slices.Clone(t.Secrets), tokensIn(t)...) {
			if len(secret) < minCore || slices.Contains(s.secrets, secret) {
				continue
			}
			s.secrets = append(s.secrets, secret)
			add(secret, s.hide(secret))
			for _, form := range encodings(secret) {
				add(form, s.hide(form))
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return cmp.Compare(len(b[0]), len(a[0])) }) // of equals the first
	s.known, s.stands = replacer(pairs), replacer(stands)
	s.bases = baseReplacer(w)
	return s
}

// hide is what stands in a secret's place.
func (s *scrubber) hide(secret string) string {
	if s.hidden[secret] == "" {
		s.hidden[secret] = fmt.Sprintf("redacted-%d", len(s.hidden)+1)
	}
	return s.hidden[secret]
}

// text is a text without secrets.
func (s *scrubber) text(v string) string {
	v = s.known.Replace(v)
	v = s.bases.Replace(v)
	v = pemText.ReplaceAllStringFunc(v, s.hide)
	v = paramText.ReplaceAllStringFunc(v, func(m string) string {
		sub := paramText.FindStringSubmatch(m)
		return sub[1] + s.keep(sub[2])
	})
	v = schemeText.ReplaceAllStringFunc(v, func(m string) string {
		sub := schemeText.FindStringSubmatch(m)
		return sub[1] + sub[2] + s.keep(sub[3])
	})
	v = jwtText.ReplaceAllStringFunc(v, s.hide)
	v = awsKeyText.ReplaceAllStringFunc(v, s.hide)
	return emailText.ReplaceAllStringFunc(v, s.email)
}

// What is no secret wherever it stands: what was hidden, and a cassette's placeholder.
var (
	hiddenText = regexp.MustCompile(`^redacted-\d+$`)
	placeText  = regexp.MustCompile(`^\{[a-z][a-z0-9_:]*\}$`)
)

// keep hides a value that is not hidden already.
func (s *scrubber) keep(v string) string {
	plain, err := base64.StdEncoding.DecodeString(v)
	if hiddenText.MatchString(v) || placeText.MatchString(v) || s.stands.Replace(v) == "" || err == nil && len(s.stands.Replace(string(plain))) < len(plain) {
		return v
	}
	if !strings.ContainsAny(v, "0123456789=+/_") && (v == strings.ToLower(v) || v[1:] == strings.ToLower(v[1:])) {
		return v // a word
	}
	return s.hide(v)
}

// email is the same stand-in for the same address, however it is written.
func (s *scrubber) email(m string) string {
	if ownEmail.MatchString(m) {
		return m
	}
	at := "@"
	for _, form := range []string{"%40", "~40"} { // of links, and of ids
		if strings.Contains(m, form) {
			at = form
		}
	}
	plain := strings.ToLower(strings.Replace(m, at, "@", 1))
	if s.emails[plain] == "" {
		s.emails[plain] = fmt.Sprintf("user-%d", len(s.emails)+1)
	}
	return s.emails[plain] + at + "example.com"
}

// value is a member's text without secrets.
func (s *scrubber) value(key, v string) string {
	if clean := s.text(v); !secretKey.MatchString(key) || v == "" {
		return clean
	} else if clean != v {
		return s.keep(clean)
	}
	return s.keep(v)
}
