package mapping

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// A way is one way to change a value into another of its type; what it has no change for stays as it is. It is told
// which leaf the value is: numbers that were all changed by the same amount would have the differences that they had.
type way func(leaf int, v any) any

// ways are tried in this order. The first changes every value and keeps its form: a date stays a date, digits stay
// digits, punctuation stays where it is.
func (e *Explainer) ways() []way {
	return []way{e.other, plain(earlier), plain(zero), plain(extended), plain(emptied)}
}

// plain is a way that is the same for all leaves.
func plain(w func(any) any) way { return func(_ int, v any) any { return w(v) } }

// other is another value of the same form. Texts that the mapping itself speaks of stand as they are, so that the part
// of a name that it looks for is still found.
func (e *Explainer) other(leaf int, v any) any {
	switch v := v.(type) {
	case nil:
		return "1"
	case bool:
		return !v
	case string:
		if moved, ok := moveYear(v, 1); ok {
			return moved
		}
		return e.elsewhere(v, e.rotate)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, kid := range v {
			if out[k] = kid; kid != nil {
				out[k] = e.other(leaf, kid)
			}
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i, kid := range out {
			if kid != nil {
				out[i] = e.other(leaf, kid)
			}
		}
		return out
	}
	if text := e.elsewhere(textOf(v), func(s string) string { return mantissa(leaf, s) }); text != "" {
		return json.Number(text)
	}
	return v
}

// elsewhere turns a text until it is none that the input has: two records with one id could not be told apart.
func (e *Explainer) elsewhere(text string, turn func(string) string) string {
	for range 'z' - 'a' {
		if text = turn(text); !e.taken[text] {
			break
		}
	}
	return text
}

// textOf is a text, or the digits of a number.
func textOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	text, err := jq.AppendNumber(nil, v)
	if err != nil {
		return ""
	}
	return string(text)
}

// mantissa turns the digits of a number, by steps of the leaf's own, and leaves its exponent.
func mantissa(leaf int, s string) string {
	digits, exp, has := s, "", false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		digits, exp, has = s[:i], s[i:], true
	}
	at := leaf
	out := strings.Map(func(r rune) rune {
		for range 1 + at*5%8 {
			r = rotated(r)
		}
		at++
		return r
	}, digits)
	if has {
		out += exp
	}
	return out
}

// rotate turns letters and digits outside of the mapping's own words.
func (e *Explainer) rotate(s string) string {
	kept := make([]bool, len(s))
	for _, word := range e.words {
		for from := 0; word != s; {
			i := strings.Index(s[from:], word)
			if i < 0 {
				break
			}
			for k := range len(word) {
				kept[from+i+k] = true
			}
			from += i + len(word)
		}
	}
	b := []byte(s)
	for i, c := range b {
		if !kept[i] {
			b[i] = byte(rotated(rune(c)))
		}
	}
	if string(b) == s {
		return s + "x"
	}
	return string(b)
}

// rotated is the next letter or digit; there is no zero, which would end or begin a number differently.
func rotated(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return '1' + (r-'0')%9
	case r >= 'a' && r <= 'z':
		return 'a' + (r-'a'+1)%26
	case r >= 'A' && r <= 'Z':
		return 'A' + (r-'A'+1)%26
	}
	return r
}

// A date has its year first, or last and behind slashes.
var (
	yearFirst = regexp.MustCompile(`^(\d{4})(-\d\d.*)$`)
	yearLast  = regexp.MustCompile(`^(\d{1,2}/\d{1,2}/)(\d{4})(.*)$`)
)

// moveYear moves a date by years. The four years of a leap day are its year's own.
func moveYear(s string, by int) (string, bool) {
	before, year, after := "", "", ""
	switch m := yearFirst.FindStringSubmatch(s); {
	case m != nil:
		year, after = m[1], m[2]
		if strings.HasPrefix(after, "-02-29") {
			by *= 4
		}
	default:
		if m = yearLast.FindStringSubmatch(s); m == nil {
			return s, false
		}
		before, year, after = m[1], m[2], m[3]
	}
	n, err := strconv.Atoi(year)
	if err != nil || n+by < 1000 || n+by > 9999 {
		return s, false
	}
	return before + strconv.Itoa(n+by) + after, true
}

// earlier moves a date back.
func earlier(v any) any {
	if s, ok := v.(string); ok {
		moved, _ := moveYear(s, -1)
		return moved
	}
	return v
}

// zero makes a number 0.
func zero(v any) any {
	if jq.IsNumber(v) {
		return json.Number("0")
	}
	return v
}

// extended makes a text longer and a number negative.
func extended(v any) any {
	if s, ok := v.(string); ok {
		return s + "x"
	}
	if !jq.IsNumber(v) {
		return v
	}
	text, err := jq.AppendNumber(nil, v)
	if err != nil {
		return v
	}
	return json.Number("-" + strings.TrimPrefix(string(text), "-"))
}

// emptied takes a value away.
func emptied(any) any { return nil }

// saying makes every text this one.
func saying(word string) way {
	return plain(func(v any) any {
		if _, ok := v.(string); ok {
			return word
		}
		return v
	})
}
