package recorder

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
)

// minSecret is the shortest credential that is looked for in texts: a shorter one is in all of them.
const minSecret = 6

// minCore is the shortest part of an encoded credential that gives it away.
const minCore = 8

func replacer(pairs [][2]string) *strings.Replacer {
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p[0], p[1])
	}
	return strings.NewReplacer(flat...)
}

// parts are the texts of a credential that give it away: its lines, where it is a key of several.
func parts(value string) []string {
	value = strings.ReplaceAll(value, `\n`, "\n")
	if !strings.Contains(value, "\n") {
		if len(value) < minSecret {
			return nil
		}
		return []string{value}
	}
	var out []string
	for line := range strings.SplitSeq(value, "\n") {
		if line = strings.TrimSpace(line); len(line) >= minCore && !strings.HasPrefix(line, "-----") {
			out = append(out, line)
		}
	}
	return out
}

// encodings are the forms in which a text may come back, without itself.
func encodings(value string) []string {
	out := []string{url.QueryEscape(value), url.PathEscape(value), hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value)))}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		out = append(out, enc.EncodeToString([]byte(value)))
		for pad := range 3 { // wherever it stands in what is encoded
			text := enc.EncodeToString([]byte(strings.Repeat("\x00", pad) + value))
			from, to := (pad*8+5)/6, (pad+len(value))*8/6
			if to-from >= minCore {
				out = append(out, text[from:to])
			}
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(s string) bool { return s == value })
}

// baseReplacer puts {base} where the provider's own address stands.
func baseReplacer(w *Walk) *strings.Replacer {
	var pairs [][2]string
	seen := map[string]bool{}
	add := func(text string) {
		if text != "" && !seen[text] {
			seen[text] = true
			pairs = append(pairs, [2]string{text, "{base}"})
		}
	}
	for _, t := range w.Taken {
		for _, address := range []string{t.Base, t.Origin} {
			u, err := url.Parse(strings.TrimSuffix(address, "/"))
			if err != nil || u.Host == "" {
				continue
			}
			add(u.String())
			add(u.Scheme + "://" + u.Host)
		}
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return cmp.Compare(len(b[0]), len(a[0])) })
	return replacer(pairs)
}

const demoPrefix = "demo-"

// demoText is the credential of a cassette in an account's place.
func demoText(name string) string { return demoPrefix + strings.ReplaceAll(name, "_", "-") + "-0001" }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// used are the credentials that texts of auth name.
func used(texts ...connector.SecretText) (names []string) {
	for _, t := range texts {
		names = append(names, t.Credentials()...)
	}
	return names
}
