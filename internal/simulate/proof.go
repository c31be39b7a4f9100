package simulate

import (
	"net/http"
	"regexp"
)

// Proves reports whether the cassette has an answer of a status, or one of that name where the provider's own status
// differs (a 403 for wrong credentials). A download's refusal is no answer of the provider's API.
func (c *Cassette) Proves(status int, name string) bool {
	if c.answers[name] != nil {
		return true
	}
	for _, a := range c.answers {
		if a.status == status {
			return true
		}
	}
	for _, e := range c.exchanges {
		download := e.auth.refused || e.auth.none && !c.auth.none
		if e.answer.status == status && !download {
			return true
		}
	}
	return false
}

// Exchanges counts the exchanges whose path matches.
func (c *Cassette) Exchanges(path *regexp.Regexp) int {
	n := 0
	for _, e := range c.exchanges {
		if path.MatchString(e.pathText()) {
			n++
		}
	}
	return n
}

// Holds reports whether a request of the cassette wants a good answer in a format, and whether one of them has its golden.
func (c *Cassette) Holds(format string) (asked, golden bool) {
	for _, r := range c.Requests {
		if r.Format != format || r.Via != "unified" || r.Status != http.StatusOK {
			continue
		}
		asked = true
		if _, ok := c.Golden(r); ok {
			golden = true
		}
	}
	return asked, golden
}
