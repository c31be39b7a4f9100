package simulate

import "regexp"

// Proves reports whether the cassette has an answer of a status, or one of that name where the provider's own status
// differs (a 403 for wrong credentials).
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
		if e.answer.status == status {
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

// Holds reports whether the cassette has a golden in a format.
func (c *Cassette) Holds(format string) bool {
	for _, r := range c.Requests {
		if _, ok := c.Golden(r); ok && r.Format == format && r.Via == "unified" {
			return true
		}
	}
	return false
}
