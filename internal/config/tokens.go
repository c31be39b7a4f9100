package config

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/secret"
)

// tokens are those of callers, each with the accounts that it may see.
func (p *parser) tokens(n *yaml.Node, key string) {
	p.tokenList(n, key, func(n *yaml.Node, key string, t *Token, read func(...field) bool) {
		if !read(field{"accounts", func(n *yaml.Node, key string) { p.grants(t, n, key) }}, field{"write", p.boolean(&t.Write)}) {
			return
		}
		if _, ok := p.places[key+".accounts"]; !ok {
			p.fail(n, key, `accounts is missing: a list of ids, tenant:ID, or "*" for all`)
		}
		p.config.Auth.Tokens = append(p.config.Auth.Tokens, *t)
	})
}

// adminTokens are those of operators.
func (p *parser) adminTokens(n *yaml.Node, key string) {
	p.tokenList(n, key, func(_ *yaml.Node, _ string, t *Token, read func(...field) bool) {
		if read() {
			p.config.Admin.Tokens = append(p.config.Admin.Tokens, *t)
		}
	})
}

// tokenList reads what every token has; each reads an item, with the fields of its own beside.
func (p *parser) tokenList(n *yaml.Node, key string, each func(n *yaml.Node, key string, t *Token, read func(...field) bool)) {
	names, hashes := map[string]string{}, map[[32]byte]string{}
	p.list(n, key, func(n *yaml.Node, key string) {
		var t Token
		each(n, key, &t, func(own ...field) bool { return p.tokenItem(n, key, &t, names, hashes, own) })
	})
}

func (p *parser) tokenItem(n *yaml.Node, key string, t *Token, names map[string]string, hashes map[[32]byte]string, own []field) bool {
	var given, hashed *yaml.Node
	ok := p.object(n, key, append([]field{
		{"name", p.word(&t.Name)},
		{"token", func(n *yaml.Node, key string) { given = n; p.token(t, n, key) }},
		{"token_sha256", func(n *yaml.Node, key string) { hashed = n; p.tokenHash(t, n, key) }},
	}, own...)...)
	if !ok {
		return false
	}
	p.once(n, key, "name", t.Name, names)
	switch {
	case given == nil && hashed == nil:
		p.fail(n, key, "token or token_sha256 is missing")
	case given != nil && hashed != nil:
		p.fail(hashed, key, "token and token_sha256 are both given; one is enough")
	case t.SHA256 != [32]byte{}:
		if other, ok := hashes[t.SHA256]; ok {
			p.fail(n, key, "has the same token as %s", other)
		}
		hashes[t.SHA256] = key
	}
	return true
}

const tenantPrefix = "tenant:"

// once wants a value that is there and that no item before had.
func (p *parser) once(n *yaml.Node, item, key, value string, seen map[string]string) {
	path := join(item, key)
	at, given := p.places[path]
	if !given {
		p.fail(n, item, "%s is missing", key)
		return
	}
	if value == "" { // did not read, and has its error
		return
	}
	if other, ok := seen[value]; ok {
		p.failAt(at, path, "%q is taken by %s", value, other)
		return
	}
	seen[value] = item
}

func (p *parser) grants(t *Token, n *yaml.Node, key string) {
	p.list(n, key, func(n *yaml.Node, key string) {
		var id string
		if p.word(&id)(n, key); id == tenantPrefix {
			p.fail(n, key, "tenant: wants an id after it")
		}
		t.Accounts = append(t.Accounts, id)
	})
}

func (p *parser) token(t *Token, n *yaml.Node, key string) {
	s, ok := p.secretText(n, key)
	if !ok {
		return
	}
	if got := utf8.RuneCountInString(s); got < MinToken {
		p.fail(n, key, "has %d characters; a token has at least %d: head -c 24 /dev/urandom | base64", got, MinToken)
		return
	}
	t.Token, t.SHA256 = secret.New(s), sha256.Sum256([]byte(s))
}

func (p *parser) tokenHash(t *Token, n *yaml.Node, key string) {
	s, ok := p.written(n, key)
	if !ok {
		return
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(t.SHA256) {
		p.fail(n, key, "wants %d hexadecimal digits: printf %%s TOKEN | sha256sum", 2*len(t.SHA256))
		return
	}
	copy(t.SHA256[:], b)
}
