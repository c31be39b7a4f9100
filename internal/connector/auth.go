package connector

import (
	"net/http"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Auth is how a call is signed: fields that are set, and at most one scheme beside them. Its texts are literals with
// ${credential} and slots over .context; they are resolved only where the request is signed, so that a planned call
// holds no secret. The zero Auth signs nothing, which a request says with auth: none.
type Auth struct {
	Headers []SecretField `yaml:"headers" doc:"headers to set; one that names an optional credential which the account lacks is left out"`
	Query   []SecretField `yaml:"query" doc:"query parameters to set, likewise"`
	Cookies []SecretField `yaml:"cookies" doc:"cookies to set, likewise"`
	Basic   *Basic        `yaml:"basic" doc:"HTTP basic"`
	Digest  *Digest       `yaml:"digest" doc:"HTTP digest (RFC 7616): MD5 and SHA-256, also -sess, with qop auth or none"`
	OAuth2  *OAuth2       `yaml:"oauth2" doc:"a bearer token fetched with the account's credentials"`
	JWT     *JWT          `yaml:"jwt" doc:"a bearer token that is a JWT signed with the account's own key"`
	SigV4   *SigV4        `yaml:"aws_sigv4" doc:"AWS Signature Version 4 over the whole request"`
	Any     []Auth        `yaml:"any" doc:"alternatives: the first whose credentials the account has is used"`
}

// SecretField is one named text with credentials.
type SecretField struct {
	Key   string     `yaml:",key"`
	Value SecretText `yaml:",value"`
}

// IsZero says that nothing is signed.
func (a *Auth) IsZero() bool {
	return len(a.Headers)+len(a.Query)+len(a.Cookies)+len(a.Any) == 0 && len(a.schemes()) == 0
}

// schemes are the keys of the schemes that are there, in the order of the language.
func (a *Auth) schemes() []string {
	var out []string
	for _, s := range []struct {
		key string
		has bool
	}{{"basic", a.Basic != nil}, {"digest", a.Digest != nil}, {"oauth2", a.OAuth2 != nil}, {"jwt", a.JWT != nil},
		{"aws_sigv4", a.SigV4 != nil}, {"any", len(a.Any) > 0}} {
		if s.has {
			out = append(out, s.key)
		}
	}
	return out
}

// noAuth is the word for an Auth that signs nothing.
const noAuth = "none"

func (a *Auth) words() []string { return []string{noAuth} }

func (a *Auth) decode(d *decoder, n *yaml.Node, f field) {
	alternative := f.key == "any"
	if n.Kind != yaml.ScalarNode || n.Value != noAuth || alternative {
		d.into(n, a)
	}
	switch {
	case !alternative:
		d.auths = append(d.auths, a)
	case len(a.Any) > 0:
		d.add(d.key(n, "any"), "exclusive", "an alternative has alternatives of its own", "put them all into one list")
	}
}

func (a *Auth) check(d *decoder, n *yaml.Node) {
	schemes := a.schemes()
	for _, extra := range schemes[min(1, len(schemes)):] {
		d.add(d.key(n, extra), "exclusive", schemes[0]+" and "+extra+" both sign the call", "keep one of them")
	}
	if list := d.at(n, "any"); list != n && len(a.Any) < 2 {
		d.add(list, "value", "any wants at least two alternatives", "write the one without any")
	}
	for _, f := range a.Headers {
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
	for _, f := range a.Cookies {
		if !validToken(f.Key) {
			d.add(d.key(d.at(n, "cookies"), f.Key), "value", "not a cookie's name", "")
		}
	}
}

// texts are all texts with credentials: those without which nothing can be signed, and those that may be left out.
func (a *Auth) texts() (demanded, spare []SecretText) {
	for _, f := range slices.Concat(a.Headers, a.Query, a.Cookies) {
		spare = append(spare, f.Value)
	}
	if b := a.Basic; b != nil {
		demanded, spare = append(demanded, b.Username), append(spare, b.Password)
	}
	if g := a.Digest; g != nil {
		demanded = append(demanded, g.Username, g.Password)
	}
	if o := a.OAuth2; o != nil {
		demanded = append(demanded, o.ClientID, o.RefreshToken, o.PrivateKey)
		spare = append(spare, o.ClientSecret, o.KeyID)
	}
	if j := a.JWT; j != nil {
		demanded, spare = append(demanded, j.PrivateKey), append(spare, j.KeyID)
	}
	if v := a.SigV4; v != nil {
		demanded, spare = append(demanded, v.AccessKeyID, v.SecretAccessKey), append(spare, v.SessionToken)
	}
	return demanded, spare
}
