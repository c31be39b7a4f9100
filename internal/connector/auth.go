package connector

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Auth is how a call is signed. Its texts are literals with ${credential} and slots over .context; they are resolved
// only where the request is signed, so that a planned call holds no secret. The zero Auth signs nothing.
type Auth struct {
	Headers []SecretField `yaml:"headers" doc:"headers to set"`
	Query   []SecretField `yaml:"query" doc:"query parameters to set"`
	Basic   *Basic        `yaml:"basic" doc:"HTTP basic"`
	OAuth2  *OAuth2       `yaml:"oauth2" doc:"a bearer token fetched with the account's credentials"`
}

// SecretField is one named text with credentials.
type SecretField struct {
	Key   string     `yaml:",key"`
	Value SecretText `yaml:",value"`
}

// Basic is HTTP basic authentication.
type Basic struct {
	Username SecretText `yaml:"username" need:"true" doc:"the user name"`
	Password SecretText `yaml:"password" doc:"the password, empty where there is none"`
}

// OAuth2 is how to fetch a bearer token.
type OAuth2 struct {
	Grant        string     `yaml:"grant" need:"true" enum:"client_credentials" doc:"the OAuth 2 grant"`
	TokenURL     Template   `yaml:"token_url" need:"true" doc:"where to fetch it, mostly {{ .context.token_url }}"`
	ClientID     SecretText `yaml:"client_id" need:"true" doc:"the client's id"`
	ClientSecret SecretText `yaml:"client_secret" need:"true" doc:"the client's secret"`
	Send         string     `yaml:"send" default:"basic" enum:"basic|body" doc:"where id and secret go"`
	Scopes       Template   `yaml:"scopes" doc:"the scopes to ask for, separated by spaces; none are asked for where it is empty"`
}

func (a *Auth) check(d *decoder, n *yaml.Node) {
	if a.Basic != nil && a.OAuth2 != nil {
		d.add(d.key(n, "oauth2"), "exclusive", "basic and oauth2 both set the Authorization header", "keep one of them")
	}
	for _, f := range a.Headers {
		if !validToken(f.Key) {
			d.add(d.key(d.at(n, "headers"), f.Key), "value", "not a header's name", "")
		}
	}
}

// ResolveToken gives the token endpoint and the scopes to ask for.
func (o *OAuth2) ResolveToken(context map[string]any) (tokenURL, scopes string, err error) {
	in := map[string]any{"context": context}
	if tokenURL, _, err = o.TokenURL.text(in); err != nil {
		return "", "", err
	}
	v, err := o.Scopes.value(in)
	if err != nil {
		return "", "", err
	}
	if list, ok := v.([]any); ok {
		var words []string
		for _, e := range list {
			if s, ok := scalarText(e); ok {
				words = append(words, s)
			}
		}
		return tokenURL, strings.Join(words, " "), nil
	}
	scopes, _ = scalarText(v)
	return tokenURL, strings.TrimSpace(scopes), nil
}

// SecretText is a text with ${credential} in it, and slots over .context.
type SecretText struct {
	parts []secretPart
	raw   string
}

type secretPart struct {
	cred string   // the credential's name, or
	text Template // what stands between
}

// IsZero says that nothing was written.
func (t SecretText) IsZero() bool { return len(t.parts) == 0 }

// String is the text as it is written, without any credential.
func (t SecretText) String() string { return t.raw }

// Credentials are the names that the text needs.
func (t SecretText) Credentials() []string {
	var out []string
	for _, p := range t.parts {
		if p.cred != "" {
			out = append(out, p.cred)
		}
	}
	return out
}

// Resolve puts the credentials in. A missing one is an error that names it.
func (t SecretText) Resolve(context map[string]any, credential func(name string) (string, bool)) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.cred == "" {
			s, _, err := p.text.text(map[string]any{"context": context})
			if err != nil {
				return "", err
			}
			b.WriteString(s)
			continue
		}
		s, ok := credential(p.cred)
		if !ok {
			return "", &MissingCredentialError{Name: p.cred}
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// MissingCredentialError says that the account lacks a credential that its connector signs with.
type MissingCredentialError struct{ Name string }

func (e *MissingCredentialError) Error() string { return "the account has no credential " + e.Name }

func (t *SecretText) decode(d *decoder, n *yaml.Node, f field) {
	if n.Kind != yaml.ScalarNode {
		d.wrongType(n, "text")
		return
	}
	t.raw = n.Value
	at := d.locate(n)
	lit := func(from, to int) {
		if from < to {
			t.parts = append(t.parts, secretPart{text: d.template(n.Value[from:to], n, at.From(from), true)})
		}
	}
	from := 0
	for i := 0; i < len(n.Value); {
		if strings.HasPrefix(n.Value[i:], "{{") {
			if end := slotEnd(n.Value, i+2); end >= 0 {
				i = end + 2
				continue
			}
		}
		if !strings.HasPrefix(n.Value[i:], "${") {
			i++
			continue
		}
		end := strings.IndexByte(n.Value[i:], '}')
		if end < 0 {
			line, col := at(i)
			d.addAt(line, col, "credential", "${ without its }", "write ${name}")
			break
		}
		lit(from, i)
		name := n.Value[i+2 : i+end]
		line, col := at(i)
		d.uses = append(d.uses, credentialUse{name, line, col})
		t.parts = append(t.parts, secretPart{cred: name})
		i += end + 1
		from = i
	}
	lit(from, len(n.Value))
}

// credentialUse is where auth names a credential.
type credentialUse struct {
	name      string
	line, col int
}

// checkCredentials compares what auth names with what is declared.
func (d *decoder) checkCredentials(c *Connector, root *yaml.Node) {
	var names []string
	for _, cr := range c.Credentials {
		names = append(names, cr.Name)
	}
	for _, u := range d.uses {
		if !slices.Contains(names, u.name) {
			d.addAt(u.line, u.col, "undeclared-credential", "credential "+u.name+" is not declared", didYouMean(u.name, names, "add it to credentials"))
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(d.uses, func(u credentialUse) bool { return u.name == name }) {
			d.add(d.key(d.at(root, "credentials"), name), "unused-credential", "auth does not use credential "+name, "use it as ${"+name+"}, or remove it")
		}
	}
}
