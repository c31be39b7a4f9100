package upstream

import (
	"net/http"
	"slices"
	"strings"
)

// pickChallenge is the first digest challenge of a refusal that can be answered, else the first at all; providers put
// the one that they prefer first.
func pickChallenge(h http.Header) (best challenge, found bool) {
	for _, value := range h.Values("WWW-Authenticate") {
		for _, c := range readChallenges(value) {
			if !found || c.known && !best.known {
				best, found = c, true
			}
		}
	}
	return best, found
}

// readChallenges reads the digest challenges of one header, which may hold several, of other schemes too.
func readChallenges(text string) []challenge {
	var out []challenge
	params := map[string]string{}
	scheme := ""
	end := func() {
		if strings.EqualFold(scheme, "digest") {
			out = append(out, newChallenge(params))
		}
		clear(params)
	}
	for {
		text = strings.TrimLeft(text, " \t,")
		word, rest := cutToken(text)
		if word == "" {
			end()
			return out
		}
		after := strings.TrimLeft(rest, " \t")
		if !strings.HasPrefix(after, "=") {
			end()
			scheme, text = word, rest
			continue
		}
		value, rest := cutValue(strings.TrimLeft(after[1:], " \t"))
		name := strings.ToLower(word)
		if _, again := params[name]; !again {
			params[name] = value
		}
		text = rest
	}
}

func newChallenge(params map[string]string) challenge {
	c := challenge{realm: params["realm"], nonce: params["nonce"], opaque: params["opaque"], algorithm: params["algorithm"]}
	qop, stated := params["qop"]
	kinds := strings.FieldsFunc(strings.ToLower(qop), func(r rune) bool { return r == ',' || r == ' ' })
	c.auth = slices.Contains(kinds, "auth")
	c.known = c.nonce != "" && digestSum(c.algorithm, "") != "" && (c.auth || !stated)
	return c
}

// cutToken takes a token from the front of a text.
func cutToken(s string) (token, rest string) {
	i := strings.IndexAny(s, " \t,=\"")
	if i < 0 {
		i = len(s)
	}
	return s[:i], s[i:]
}

// cutValue takes a quoted text, or what stands before the next comma or space, from the front of a text.
func cutValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexAny(s, " \t,")
		if i < 0 {
			i = len(s)
		}
		return s[:i], s[i:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}
