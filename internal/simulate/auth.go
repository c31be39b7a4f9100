package simulate

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// authRule is what credentials a request must carry, or that it must carry none.
type authRule struct {
	wants   []want
	none    bool
	refused bool
}

// want is one header, query parameter or form field with the text that is expected; {token} stays in it.
type want struct{ key, text string }

var credentialText = regexp.MustCompile(`\{([^{}]*)\}`)

func readAuth(p *parser, line int, n *yaml.Node, creds map[string]string) authRule {
	at := line + n.Line - 1
	if n.Kind == yaml.ScalarNode {
		if n.Value != "none" && n.Value != "refused" {
			p.bad(at, "auth: %q is neither none nor refused nor a mapping", n.Value)
		}
		return authRule{none: n.Value == "none", refused: n.Value == "refused"}
	}
	var a authRule
	for i := 0; i+1 < len(n.Content); i += 2 {
		line := line + n.Content[i].Line - 1
		text := credentialText.ReplaceAllStringFunc(n.Content[i+1].Value, func(m string) string {
			name := strings.Trim(m, "{}")
			get := func(name string) string {
				v, ok := creds[name]
				if !ok {
					p.bad(line, "auth: there is no credential %q", name)
				}
				return v
			}
			if pair, ok := strings.CutPrefix(name, "basic:"); ok {
				user, pass, _ := strings.Cut(pair, ":")
				return base64.StdEncoding.EncodeToString([]byte(get(user) + ":" + get(pass)))
			}
			if name == "token" {
				return m
			}
			return get(name)
		})
		a.wants = append(a.wants, want{n.Content[i].Value, text})
	}
	if len(a.wants) == 0 {
		p.bad(at, "auth: an empty mapping; write none if credentials are not looked at")
	}
	return a
}

// given is what a request carries for a want.
func (w want) given(r *http.Request, form url.Values) string {
	if name, ok := strings.CutPrefix(w.key, "query."); ok {
		return r.URL.Query().Get(name)
	}
	if name, ok := strings.CutPrefix(w.key, "form."); ok {
		return form.Get(name)
	}
	return r.Header.Get(w.key)
}

// allows says whether a request's credentials are right; live knows the tokens that were issued.
func (a authRule) allows(r *http.Request, form url.Values, live func(token string) bool) bool {
	for _, w := range a.wants {
		got := w.given(r, form)
		if a.refused {
			if got != "" {
				return false
			}
			continue
		}
		before, after, hasToken := strings.Cut(w.text, "{token}")
		if !hasToken {
			if got != w.text {
				return false
			}
			continue
		}
		token, ok := strings.CutPrefix(got, before)
		token, ok2 := strings.CutSuffix(token, after)
		if !ok || !ok2 || !live(token) {
			return false
		}
	}
	return true
}
