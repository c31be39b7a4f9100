package simulate

import (
	"crypto"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// authRule is what credentials a request must carry, one set of several, or that it must carry none.
type authRule struct {
	sets    [][]want
	none    bool
	refused bool
}

// want is one header, query parameter, form field or cookie, and what is expected of it: the text, where made is "",
// or what stands between before and after was made of credentials.
type want struct {
	key, text     string
	made          string // token, digest, sigv4 or jwt
	before, after string
	id, secret    string           // of digest and sigv4
	public        crypto.PublicKey // of jwt
}

var credentialText = regexp.MustCompile(`\{([^{}]*)\}`)

// prefixes are what stands before credentials that take a whole header.
var prefixes = map[string]string{"digest": "Digest ", "sigv4": sigv4Algorithm + " "}

func readAuth(p *parser, line int, n *yaml.Node, creds map[string]string) authRule {
	at := line + n.Line - 1
	if n.Kind == yaml.ScalarNode {
		if n.Value != "none" && n.Value != "refused" {
			p.bad(at, "auth: %q is neither none nor refused nor a mapping", n.Value)
		}
		return authRule{none: n.Value == "none", refused: n.Value == "refused"}
	}
	var a authRule
	alternatives := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		alternatives = n.Content
	}
	for _, one := range alternatives {
		var set []want
		for i := 0; i+1 < len(one.Content); i += 2 {
			set = append(set, readWant(p, line+one.Content[i].Line-1, one.Content[i].Value, one.Content[i+1].Value, creds))
		}
		if len(set) == 0 {
			p.bad(at, "auth: an empty mapping; write none if credentials are not looked at")
		}
		a.sets = append(a.sets, set)
	}
	if len(a.sets) == 0 {
		p.bad(at, "auth: an empty list; write none if credentials are not looked at")
	}
	return a
}

func readWant(p *parser, line int, key, value string, creds map[string]string) want {
	w := want{key: key}
	get := func(name string) string {
		v, ok := creds[name]
		if !ok {
			p.bad(line, "auth: there is no credential %q", name)
		}
		return v
	}
	w.text = credentialText.ReplaceAllStringFunc(value, func(m string) string {
		kind, names, _ := strings.Cut(strings.Trim(m, "{}"), ":")
		first, second, _ := strings.Cut(names, ":")
		if v, ok := creds[kind]; ok && names == "" {
			return v // a credential may have the name of something made
		}
		switch kind {
		case "basic":
			return base64.StdEncoding.EncodeToString([]byte(get(first) + ":" + get(second)))
		case "token", "digest", "sigv4", "jwt":
			w.made = kind
			w.before, w.after, _ = strings.Cut(value, m)
		}
		switch kind {
		case "token":
			return m
		case "jwt":
			public, err := publicHalf(get(first))
			if err != nil {
				p.bad(line, "auth: credential %s: %v", first, err)
			}
			w.public = public
			return m
		case "digest", "sigv4":
			w.id, w.secret = get(first), get(second)
			if w.before != prefixes[kind] || w.after != "" {
				p.bad(line, "auth: write %q", prefixes[kind]+m)
			}
			return m
		}
		return get(kind)
	})
	return w
}

// wants is every want of every set.
func (a authRule) wants() []want { return slices.Concat(a.sets...) }

// given is what a request carries for a want.
func (w want) given(r *http.Request, form url.Values) string {
	switch where, name, _ := strings.Cut(w.key, "."); where {
	case "query":
		return r.URL.Query().Get(name)
	case "form":
		return form.Get(name)
	case "cookie":
		c, err := r.Cookie(name)
		if err != nil {
			return ""
		}
		return c.Value
	}
	return r.Header.Get(w.key)
}

// guard looks at the credentials of one request to a provider.
type guard struct {
	tape *tape
	r    *http.Request
	body []byte
	form url.Values
	now  time.Time
}

// allows says whether the credentials are right. challenge is what a refusal has to state where digest is wanted.
func (g guard) allows(a authRule) (ok bool, challenge string) {
	if a.refused {
		return !slices.ContainsFunc(a.wants(), func(w want) bool { return w.given(g.r, g.form) != "" }), ""
	}
	for _, set := range a.sets {
		met := !slices.ContainsFunc(set, func(w want) bool {
			right, stale := g.meets(w)
			if !right && w.made == "digest" && challenge == "" {
				challenge = g.tape.challenge(stale)
			}
			return !right
		})
		if met {
			return true, ""
		}
	}
	return false, challenge
}

// meets says whether one want is met. stale says that a digest is right but for its nonce.
func (g guard) meets(w want) (ok, stale bool) {
	got := w.given(g.r, g.form)
	if w.made == "" {
		return got == w.text, false
	}
	text, ok1 := strings.CutPrefix(got, w.before)
	text, ok2 := strings.CutSuffix(text, w.after)
	if !ok1 || !ok2 {
		return false, false
	}
	switch w.made {
	case "token":
		return g.tape.tokens[text], false
	case "jwt":
		return g.jwtHolds(text, w.public), false
	case "sigv4":
		return g.sigv4Holds(text, w.id, w.secret), false
	}
	return g.digestHolds(text, w.id, w.secret)
}

// timely says whether a moment is near the clock of those who sign, mostly the cassette's, or the machine's: an exact
// replay is asked by clients of either.
func (g guard) timely(t time.Time) bool {
	return t.Sub(g.now).Abs() <= maxSkew || time.Since(t).Abs() <= maxSkew
}

// maxSkew is by how much the clock of who signed may differ.
const maxSkew = 15 * time.Minute
