package scaffold

import (
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/openapi"
)

// signing is how calls are signed, in the connector and in its cassette.
type signing struct {
	credentials []entry  // of the connector
	auth        string   // the value of auth, flow style
	recorded    []string // lines below the cassette's auth
	token       string   // the token endpoint's address
	guess       string
}

// entry is one credential, or one variable of the context.
type entry struct{ name, title, demo string }

// sign proposes how to sign an operation's calls.
func sign(op *openapi.Operation, name string) signing {
	if len(op.Security) == 0 {
		s := bearer("api_key", "API key")
		s.guess = "the description says nothing of it: a bearer token is a guess"
		return s
	}
	var keys []openapi.Scheme
	for _, scheme := range op.Security {
		about := strings.ToLower(scheme.Name)
		switch {
		case scheme.Type == "http" && (scheme.Scheme == "basic" || scheme.Scheme == "digest"):
			if strings.Contains(about, "key") {
				return login(scheme.Scheme, entry{name: "api_key", title: "API key"}, entry{name: "api_secret", title: "Its secret"})
			}
			return login(scheme.Scheme, entry{name: "username", title: "User name, or key id"}, entry{name: "password", title: "Password, or key"})
		case scheme.Type == "http" && scheme.Scheme == "bearer":
			if strings.Contains(about, "key") {
				return bearer("api_key", "API key")
			}
			return bearer("access_token", "Access token")
		case scheme.Type == "oauth2" && scheme.TokenURL != "":
			return oauth(scheme)
		case scheme.Type == "apiKey" && scheme.Key != "":
			keys = append(keys, scheme)
		}
	}
	if len(keys) > 0 {
		return apiKeys(keys)
	}
	s := bearer("access_token", "Access token")
	s.guess = "the description's " + op.Security[0].Name + " is of a kind that is not proposed (" + strings.TrimSpace(op.Security[0].Type+" "+op.Security[0].Scheme) + "): a bearer token is a guess"
	return s
}

func bearer(name, title string) signing {
	return signing{credentials: []entry{{name: name, title: title}}, auth: `{ headers: { Authorization: "Bearer ${` + name + `}" } }`,
		recorded: []string{`Authorization: "Bearer {` + name + `}"`}}
}

// login is HTTP basic or digest.
func login(scheme string, user, password entry) signing {
	return signing{credentials: []entry{user, password}, auth: `{ ` + scheme + `: { username: "${` + user.name + `}", password: "${` + password.name + `}" } }`,
		recorded: []string{`Authorization: "` + titleOf(scheme) + ` {` + scheme + `:` + user.name + `:` + password.name + `}"`}}
}

func oauth(scheme openapi.Scheme) signing {
	s := signing{credentials: []entry{{name: "client_id", title: "Client id"}, {name: "client_secret", title: "Client secret"}}, token: scheme.TokenURL,
		recorded: []string{`Authorization: "Bearer {token}"`}}
	scopes := ""
	if len(scheme.Scopes) > 0 && len(scheme.Scopes) <= 8 {
		scopes = ", scopes: " + openapi.Quote(strings.Join(scheme.Scopes, " "))
	}
	s.auth = `{ oauth2: { grant: client_credentials, token_url: "{{ .context.token_url }}", client_id: "${client_id}", client_secret: "${client_secret}"` + scopes + ` } }`
	return s
}

// apiKeys are headers and parameters, all of them.
func apiKeys(keys []openapi.Scheme) signing {
	var s signing
	groups := map[string][]string{}
	for _, k := range keys {
		name := snake(k.Key)
		if len(keys) == 1 || name == "authorization" {
			name = "api_key"
		}
		s.credentials = append(s.credentials, entry{name: name, title: strings.Join(words(k.Key), " ")})
		group, recorded := "headers", k.Key
		switch k.In {
		case "query":
			group, recorded = "query", "query."+k.Key
		case "cookie":
			group, recorded = "cookies", "cookie."+k.Key
		}
		groups[group] = append(groups[group], openapi.Quote(k.Key)+`: "${`+name+`}"`)
		s.recorded = append(s.recorded, openapi.Quote(recorded)+`: "{`+name+`}"`)
	}
	var parts []string
	for _, group := range []string{"headers", "query", "cookies"} {
		if g := groups[group]; g != nil {
			parts = append(parts, group+": { "+strings.Join(slices.Compact(g), ", ")+" }")
		}
	}
	s.auth = "{ " + strings.Join(parts, ", ") + " }"
	return s
}
