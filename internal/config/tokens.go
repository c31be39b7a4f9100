package config

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// Token is a caller's right to some accounts: its principal, with the token itself where the configuration has more than its
// hash.
type Token struct {
	principal.Principal
	Token secret.Value
}

// NewToken is a token that no file has, for a gateway that configures itself.
func NewToken(name string, token secret.Value, accounts []string, write bool) Token {
	t := Token{Token: token}
	t.ID, t.Name, t.Sum = tokenID(name), name, principal.SumOf(token.Reveal())
	t.Accounts, t.Write = accounts, write
	return t
}

// tokenID tells the tokens of the configuration from those of a store.
func tokenID(name string) string { return "config:" + name }

// tokens are those of callers, each with the accounts that it may see.
func (p *parser) tokens(n *yaml.Node, key string) {
	p.tokenList(n, key, func(n *yaml.Node, key string, t *Token, read func(...field) bool) {
		if !read(
			field{"accounts", p.words(&t.Accounts, principal.AccountWord)},
			field{"write", p.boolean(&t.Write)},
			field{"resources", p.narrowing(&t.Resources, principal.ResourceWord)},
			field{"formats", p.narrowing(&t.Formats, principal.FormatWord)},
			field{"limit", p.rate(&t.Limit)},
		) {
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
	names, sums := map[string]string{}, map[principal.Sum]string{}
	p.list(n, key, func(n *yaml.Node, key string) {
		var t Token
		each(n, key, &t, func(own ...field) bool { return p.tokenItem(n, key, &t, names, sums, own) })
	})
}

func (p *parser) tokenItem(n *yaml.Node, key string, t *Token, names map[string]string, sums map[principal.Sum]string, own []field) bool {
	var given, hashed *yaml.Node
	ok := p.object(n, key, append([]field{
		{"name", p.word(&t.Name)},
		{"token", func(n *yaml.Node, key string) { given = n; p.token(t, n, key) }},
		{"token_sha256", func(n *yaml.Node, key string) { hashed = n; p.tokenHash(t, n, key) }},
		{"expires", p.end(&t.Expires)},
	}, own...)...)
	if !ok {
		return false
	}
	t.ID = tokenID(t.Name)
	p.once(n, key, "name", t.Name, names)
	switch {
	case given == nil && hashed == nil:
		p.fail(n, key, "token or token_sha256 is missing")
	case given != nil && hashed != nil:
		p.fail(hashed, key, "token and token_sha256 are both given; one is enough")
	case t.Sum != principal.Sum{}:
		if other, ok := sums[t.Sum]; ok {
			p.fail(n, key, "has the same token as %s", other)
		}
		sums[t.Sum] = key
	}
	return true
}

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

// words is a list of grants.
func (p *parser) words(dst *[]string, check func(string) error) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		if n.Kind == yaml.SequenceNode && len(n.Content) > principal.MaxGrants {
			p.fail(n, key, "has %d entries; a token has at most %d", len(n.Content), principal.MaxGrants)
		}
		p.list(n, key, func(n *yaml.Node, key string) {
			s, ok := p.written(n, key)
			if !ok {
				return
			}
			if err := check(s); err != nil {
				p.fail(n, key, "%v", err)
			}
			*dst = append(*dst, s)
		})
	}
}

// narrowing is a list that takes something away where it stands at all.
func (p *parser) narrowing(dst *[]string, check func(string) error) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			p.fail(n, key, "is empty, so that the token could do nothing; leave it out for all")
		}
		p.words(dst, check)(n, key)
	}
}

// end is the first moment at which something is over: an instant, or a date that is included whole.
func (p *parser) end(dst *time.Time) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		s, ok := p.written(n, key)
		if !ok {
			return
		}
		if day, err := time.Parse(time.DateOnly, s); err == nil {
			*dst = day.AddDate(0, 0, 1)
			return
		}
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			p.fail(n, key, "wants a date such as 2027-01-31, which is included, or an instant such as 2027-01-31T12:00:00Z")
			return
		}
		*dst = at
	}
}

func (p *parser) token(t *Token, n *yaml.Node, key string) {
	s, ok := p.secretText(n, key)
	if !ok {
		return
	}
	if got := utf8.RuneCountInString(s); got < MinToken {
		p.fail(n, key, "has %d characters; a token has at least %d: meterbridge tokens new", got, MinToken)
		return
	}
	if !principal.Whole(s) {
		p.fail(n, key, "starts like a token of Meterbridge's own and was cut or mistyped: its checksum does not fit")
		return
	}
	t.Token, t.Sum = secret.New(s), principal.SumOf(s)
}

func (p *parser) tokenHash(t *Token, n *yaml.Node, key string) {
	s, ok := p.written(n, key)
	if !ok {
		return
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != sha256.Size {
		p.fail(n, key, "wants %d hexadecimal digits: printf %%s TOKEN | sha256sum", 2*sha256.Size)
		return
	}
	copy(t.Sum[:], b)
}
