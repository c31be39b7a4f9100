package connector

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Credential is one secret of an account.
type Credential struct {
	Name     string `yaml:",key"`
	Title    string `yaml:"title" doc:"its name in the provider's console"`
	Secret   bool   `yaml:"secret" default:"true" doc:"false for a half that is no secret, such as a key id"`
	Optional bool   `yaml:"optional" doc:"an account may lack it: what names it is left out then. Credentials of alternatives need not say so"`
	Docs     string `yaml:"docs" doc:"where to create it"`
}

// Credential finds a credential by name.
func (c *Connector) Credential(name string) (Credential, bool) {
	i := slices.IndexFunc(c.Credentials, func(cr Credential) bool { return cr.Name == name })
	if i < 0 {
		return Credential{}, false
	}
	return c.Credentials[i], true
}

// optional says that an account may lack a credential.
func (c *Connector) optional(name string) bool {
	cr, _ := c.Credential(name)
	return cr.Optional
}

// Lack is what an account needs and has not: the names of one alternative after the other, any of which would do.
type Lack [][]string

// String is the lack for people: "id and key, or token".
func (l Lack) String() string {
	var out []string
	for _, names := range l {
		out = append(out, strings.Join(names, " and "))
	}
	return strings.Join(out, ", or ")
}

// MissingCredentials is what an account lacks to make every call of the connector, nothing twice. It is the one place
// that knows what optional and alternatives mean for an account.
func (c *Connector) MissingCredentials(have func(name string) bool) []Lack {
	var out []Lack
	add := func(l Lack) {
		if !slices.ContainsFunc(out, func(old Lack) bool { return old.String() == l.String() }) {
			out = append(out, l)
		}
	}
	for _, a := range c.auths {
		for _, name := range c.needs(&a.Signing) {
			if !have(name) {
				add(Lack{{name}})
			}
		}
		if _, lack := c.choose(a, have); lack != nil {
			add(lack)
		}
	}
	return out
}

// Alternative is the one of an auth's alternatives that an account is to use, nil where it has none. A
// *MissingCredentialError says that the account has the credentials of none.
func (c *Connector) Alternative(a *Auth, have func(name string) bool) (*Signing, error) {
	chosen, lack := c.choose(a, have)
	if lack != nil {
		return nil, &MissingCredentialError{lack}
	}
	return chosen, nil
}

func (c *Connector) choose(a *Auth, have func(string) bool) (*Signing, Lack) {
	var lack Lack
	for i := range a.Any {
		need := c.needs(&a.Any[i])
		if !slices.ContainsFunc(need, func(name string) bool { return !have(name) }) {
			return &a.Any[i], nil
		}
		lack = append(lack, need)
	}
	return nil, lack
}

// needs are the credentials without which nothing can be signed so.
func (c *Connector) needs(s *Signing) []string {
	var out []string
	demanded, spare := s.texts()
	for _, t := range demanded {
		out = append(out, t.Credentials()...)
	}
	for _, t := range spare {
		for _, name := range t.Credentials() {
			if !c.optional(name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Spares says whether a text of auth is left out for an account: it names an optional credential that it has not.
func (c *Connector) Spares(t SecretText, have func(name string) bool) bool {
	return slices.ContainsFunc(t.Credentials(), func(name string) bool { return c.optional(name) && !have(name) })
}

// MissingCredentialError says that the account lacks credentials that its connector signs with.
type MissingCredentialError struct{ Lack Lack }

func (e *MissingCredentialError) Error() string {
	if len(e.Lack) == 1 {
		return "the account has no credential " + e.Lack.String()
	}
	return "the account has the credentials of no alternative: it takes " + e.Lack.String()
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
	declared := d.at(root, "credentials")
	for _, cr := range c.Credentials {
		if !slices.ContainsFunc(d.uses, func(u credentialUse) bool { return u.name == cr.Name }) {
			d.add(d.key(declared, cr.Name), "unused-credential", "auth does not use credential "+cr.Name, "use it as ${"+cr.Name+"}, or remove it")
		}
	}
	for _, a := range d.auths {
		demanded, _ := a.texts()
		for _, t := range demanded {
			for _, name := range t.Credentials() {
				if c.optional(name) {
					d.add(d.key(d.at(declared, name), "optional"), "optional-credential", "nothing can be signed without credential "+name, "remove optional, or put the schemes into any")
				}
			}
		}
	}
}
