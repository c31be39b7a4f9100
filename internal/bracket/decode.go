package bracket

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unescape decodes a key or a value, or says what it has that nothing may have. Control characters are refused here,
// once, so that no later place can write one into a header, a log line or a URL.
func unescape(s string) (decoded, reason string) {
	if strings.ContainsAny(s, "%+") {
		b := make([]byte, 0, len(s))
		for i := 0; i < len(s); i++ {
			switch s[i] {
			case '+':
				b = append(b, ' ')
			case '%':
				if i+2 >= len(s) {
					return "", "ends within a percent-escape"
				}
				hi, lo := unhex(s[i+1]), unhex(s[i+2])
				if hi < 0 || lo < 0 {
					return "", "has a percent sign that no two hexadecimal digits follow; a literal one is written %25"
				}
				b = append(b, byte(hi<<4|lo))
				i += 2
			default:
				b = append(b, s[i])
			}
		}
		s = string(b)
	}
	if !utf8.ValidString(s) {
		return "", "is not valid UTF-8"
	}
	if strings.IndexFunc(s, unicode.IsControl) >= 0 {
		return "", "has a control character"
	}
	return s, ""
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
