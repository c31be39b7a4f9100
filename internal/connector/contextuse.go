package connector

import "slices"

// Unread lists the context variables that no slot reads, where none reads them all; base_url and token_url are the
// gateway's own.
func (c *Connector) Unread() []string {
	var out []string
	for _, v := range c.Context {
		if v.Name != "base_url" && v.Name != "token_url" && !c.reads[v.Name] && !c.reads[""] {
			out = append(out, v.Name)
		}
	}
	return out
}

// Declares reports whether an account has a context variable of this name, and the nearest one where it has not.
func (c *Connector) Declares(name string) (ok bool, fix string) {
	var names []string
	for _, v := range c.Context {
		names = append(names, v.Name)
	}
	return slices.Contains(names, name), didYouMean(name, names, "add it to context")
}
