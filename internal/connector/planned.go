package connector

import "go.yaml.in/yaml/v3"

// planned are words that the design of the language has a place for and that nothing reads yet: a key, or a value of a
// key. Whoever writes one is told so, instead of being sent to look for a typing error.
var planned = []struct{ key, value, what, fix string }{
	{"grant", "authorization_code", "a login in the browser (authorization code with PKCE) is planned, not built", "use client_credentials or refresh_token, or a key of the provider's"},
	{"grant", "jwt_bearer", "a signed JWT that is exchanged for a token is planned, not built", "use another way that the provider has to sign in"},
	{"session", "", "a login that gives a session is planned, not built", "use a key of the provider's"},
	{"compression", "zip", "zip archives are planned, not built", "gzip is read"},
	{"zip", "", "lists that stand side by side, one for each member of the items, are planned, not built", ""},
	{"format", "xml", "XML is planned, not built", "ask the provider for json or csv"},
}

// notExpressible reports a word that is planned; false for any other.
func (d *decoder) notExpressible(n *yaml.Node, key, value string) bool {
	for _, p := range planned {
		if p.key == key && p.value == value {
			d.add(n, "not-expressible", p.what, p.fix)
			return true
		}
	}
	return false
}
