package connector

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// OAuth2 is how to fetch a bearer token.
type OAuth2 struct {
	Grant        string     `yaml:"grant" need:"true" enum:"client_credentials|refresh_token" doc:"the OAuth 2 grant"`
	TokenURL     Template   `yaml:"token_url" need:"true" doc:"where to fetch it, mostly {{ .context.token_url }}"`
	ClientID     SecretText `yaml:"client_id" need:"true" doc:"the client's id"`
	ClientSecret SecretText `yaml:"client_secret" doc:"the client's secret; none with private_key_jwt, nor for a public client that refreshes"`
	Send         string     `yaml:"send" default:"basic" enum:"basic|body|private_key_jwt" doc:"how the client proves itself: id and secret in HTTP basic or in the form, or an assertion signed with its key (RFC 7523)"`
	Scopes       Template   `yaml:"scopes" doc:"the scopes to ask for, separated by spaces; none are asked for where it is empty"`
	RefreshToken SecretText `yaml:"refresh_token" doc:"the refresh token to begin with; one that an answer brings takes its place and is kept"`
	PrivateKey   SecretText `yaml:"private_key" doc:"the key of private_key_jwt in PEM; its line ends may be written \\n"`
	Alg          string     `yaml:"alg" default:"RS256" enum:"RS256|ES256" doc:"how the assertion of private_key_jwt is signed"`
	KeyID        SecretText `yaml:"key_id" doc:"the header kid of the assertion; none where it is empty"`
	Audience     Template   `yaml:"audience" doc:"the audience of the assertion; token_url where it is empty"`
	Params       []Field    `yaml:"params" doc:"further parameters of the form, such as audience or resource; null leaves one out"`
}

// ownParams are the parameters of the form that other keys say.
var ownParams = []string{"grant_type", "client_id", "client_secret", "scope", "refresh_token", "client_assertion", "client_assertion_type"}

func (o *OAuth2) check(d *decoder, n *yaml.Node) {
	has := func(key string) bool { return d.at(n, key) != n }
	missing := func(key, who string) {
		if !has(key) {
			d.add(n, "missing", key+" is missing: "+who+" wants it", "add "+key+`: "${…}"`)
		}
	}
	unused := func(who string, keys ...string) {
		for _, key := range keys {
			if has(key) {
				d.add(d.key(n, key), "unused", who+" has no use for "+key, "remove it")
			}
		}
	}
	if o.Grant == "refresh_token" {
		missing("refresh_token", "the grant")
	} else {
		unused("the grant", "refresh_token")
	}
	if o.Send == "private_key_jwt" {
		missing("private_key", "private_key_jwt")
		unused("private_key_jwt", "client_secret")
	} else {
		unused("send: "+o.Send, "private_key", "alg", "key_id", "audience")
		if o.Grant == "client_credentials" {
			missing("client_secret", "the grant")
		}
	}
	for _, p := range o.Params {
		if slices.Contains(ownParams, p.Key) {
			d.add(d.key(d.at(n, "params"), p.Key), "exclusive", "the parameter "+p.Key+" has a key of its own", "say it there")
		}
	}
}

// TokenCall is what a token is asked for with, beside the credentials.
type TokenCall struct {
	URL      string
	Scopes   []string
	Audience string // of an assertion
	Params   []Param
}

// Resolve gives the token call for an account's context.
func (o *OAuth2) Resolve(context map[string]any) (c TokenCall, err error) {
	in := map[string]any{"context": orEmpty(context)}
	if c.URL, _, err = o.TokenURL.text(in); err != nil {
		return c, err
	}
	scopes, err := o.Scopes.value(in)
	if err != nil {
		return c, err
	}
	list, ok := scopes.([]any)
	if !ok {
		list = []any{scopes}
	}
	for _, e := range list {
		if s, ok := scalarText(e); ok {
			c.Scopes = append(c.Scopes, strings.Fields(s)...)
		}
	}
	if c.Audience, _, err = o.Audience.text(in); err != nil {
		return c, err
	}
	if c.Audience == "" {
		c.Audience = c.URL
	}
	for _, p := range o.Params {
		s, ok, err := p.Value.text(in)
		if err != nil {
			return c, err
		}
		if ok {
			c.Params = append(c.Params, Param{Key: p.Key, Value: s})
		}
	}
	return c, nil
}
