package connector

import (
	"net/http"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Auth is how a call is signed. Its texts are literals with ${credential} and slots over .context; they are resolved
// only where the request is signed, so that a planned call holds no secret. The zero Auth signs nothing, which a
// request says with auth: none.
type Auth struct {
	Signing `yaml:",inline"`
	Any     []Signing `yaml:"any" doc:"alternatives: the first whose credentials the account has is used"`
}

// Signing is fields that are set, and at most one scheme beside them.
type Signing struct {
	Headers []SecretField `yaml:"headers" doc:"headers to set; one that names an optional credential which the account lacks is left out"`
	Query   []SecretField `yaml:"query" doc:"query parameters to set, likewise"`
	Cookies []SecretField `yaml:"cookies" doc:"cookies to set, likewise"`
	Basic   *Basic        `yaml:"basic" doc:"HTTP basic"`
	Digest  *Digest       `yaml:"digest" doc:"HTTP digest (RFC 7616): MD5 and SHA-256, also -sess, with qop auth or none"`
	OAuth2  *OAuth2       `yaml:"oauth2" doc:"a bearer token fetched with the account's credentials"`
	JWT     *JWT          `yaml:"jwt" doc:"a bearer token that is a JWT signed with the account's own key"`
	SigV4   *SigV4        `yaml:"aws_sigv4" doc:"AWS Signature Version 4 over the whole request"`
}

// SecretField is one named text with credentials.
type SecretField struct {
	Key   string     `yaml:",key"`
	Value SecretText `yaml:",value"`
}

// IsZero says that nothing is signed.
func (a *Auth) IsZero() bool {
	return len(a.Headers)+len(a.Query)+len(a.Cookies)+len(a.Any)+len(a.schemes()) == 0
}

// schemes are the keys of the schemes that are there, in the order of the language.
func (s *Signing) schemes() []string {
	var out []string
	for _, x := range []struct {
		key string
		has bool
	}{{"basic", s.Basic != nil}, {"digest", s.Digest != nil}, {"oauth2", s.OAuth2 != nil}, {"jwt", s.JWT != nil}, {"aws_sigv4", s.SigV4 != nil}} {
		if x.has {
			out = append(out, x.key)
		}
	}
	return out
}

// noAuth is the word for an Auth that signs nothing.
const noAuth = "none"

func (a *Auth) words() []string { return []string{noAuth} }

func (a *Auth) decode(d *decoder, n *yaml.Node, f field) {
	if n.Kind != yaml.MappingNode && n.Value != noAuth {
		d.wrongType(n, "an object, or "+noAuth)
		return
	}
	if n.Kind == yaml.MappingNode {
		d.into(n, a)
	}
	d.auths = append(d.auths, a)
}

func (a *Auth) check(d *decoder, n *yaml.Node) {
	schemes := a.schemes()
	if list := d.at(n, "any"); list != n {
		schemes = append(schemes, "any")
		if len(a.Any) < 2 {
			d.add(list, "value", "any wants at least two alternatives", "write the one without any")
		}
	}
	a.checkSchemes(d, n, schemes)
}

func (s *Signing) check(d *decoder, n *yaml.Node) { s.checkSchemes(d, n, s.schemes()) }

func (s *Signing) checkSchemes(d *decoder, n *yaml.Node, schemes []string) {
	for _, extra := range schemes[min(1, len(schemes)):] {
		d.add(d.key(n, extra), "exclusive", schemes[0]+" and "+extra+" both sign the call", "keep one of them")
	}
	for _, f := range s.Headers {
		at := d.key(d.at(n, "headers"), f.Key)
		switch name := http.CanonicalHeaderKey(f.Key); {
		case !validToken(f.Key):
			d.add(at, "value", "not a header's name", "")
		case name == "Authorization" && len(schemes) > 0:
			d.add(at, "exclusive", "the header and "+schemes[0]+" both set Authorization", "keep one of them")
		case name == "Cookie":
			d.add(at, "value", "the header Cookie is not set here", "write cookies: { NAME: … }")
		}
	}
	for _, f := range s.Cookies {
		if !validToken(f.Key) {
			d.add(d.key(d.at(n, "cookies"), f.Key), "value", "not a cookie's name", "")
		}
	}
}

// texts are all texts with credentials: those without which nothing can be signed, and those that may be left out.
func (s *Signing) texts() (demanded, spare []SecretText) {
	for _, f := range slices.Concat(s.Headers, s.Query, s.Cookies) {
		spare = append(spare, f.Value)
	}
	if b := s.Basic; b != nil {
		demanded, spare = append(demanded, b.Username), append(spare, b.Password)
	}
	if g := s.Digest; g != nil {
		demanded = append(demanded, g.Username, g.Password)
	}
	if o := s.OAuth2; o != nil {
		demanded = append(demanded, o.ClientID, o.RefreshToken, o.PrivateKey)
		spare = append(spare, o.ClientSecret, o.KeyID)
	}
	if j := s.JWT; j != nil {
		demanded, spare = append(demanded, j.PrivateKey), append(spare, j.KeyID)
	}
	if v := s.SigV4; v != nil {
		demanded, spare = append(demanded, v.AccessKeyID, v.SecretAccessKey), append(spare, v.SessionToken)
	}
	return demanded, spare
}
