package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

type partKind uint8

const (
	literal partKind = iota
	placeholder
	aDate
	idEnd // where an id's suffix goes
)

// part is a piece of an answer.
type part struct {
	kind partKind
	text string // literal, or the placeholder's name
	arg  string // of a placeholder
	date date
}

// template is an answer's text cut into what is sent as it is and what is filled in.
type template []part

// mark is a place in an item that its shape gave a meaning.
type mark struct {
	start, end int
	kind       partKind
	date       date
}

var placeholderText = regexp.MustCompile(`\{([a-z][a-z0-9_]*(?:\+[0-9]{1,9})?)(?::([^{}"\s]*))?\}`)

// newTemplate cuts text at its marks and at the placeholders that known accepts. Other braces are text.
func newTemplate(text []byte, marks []mark, known func(name, arg string) bool) template {
	var t template
	lit := func(b []byte) {
		if len(b) > 0 {
			t = append(t, part{text: string(b)})
		}
	}
	plain := func(b []byte) {
		at := 0
		for _, m := range placeholderText.FindAllSubmatchIndex(b, -1) {
			p := part{kind: placeholder, text: string(b[m[2]:m[3]])}
			if m[4] >= 0 {
				p.arg = string(b[m[4]:m[5]])
			}
			if !known(p.text, p.arg) {
				continue
			}
			lit(b[at:m[0]])
			t = append(t, p)
			at = m[1]
		}
		lit(b[at:])
	}
	at := 0
	for _, m := range marks {
		plain(text[at:m.start])
		t = append(t, part{kind: m.kind, date: m.date})
		at = m.end
	}
	plain(text[at:])
	return t
}

func (t template) names(name string) bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.kind == placeholder && p.text == name })
}

// scene is what an answer's placeholders stand for, for one request.
type scene struct {
	base, other string
	path, query string // escaped, below base
	got         captured
	job, token  string
	quote       bool // values go into JSON strings
	now         time.Time
}

// append writes the template with an item's move applied.
func (t template) append(dst []byte, s *scene, m move) []byte {
	for _, p := range t {
		switch p.kind {
		case literal:
			dst = append(dst, p.text...)
		case aDate:
			dst = m.append(dst, p.date)
		case idEnd:
			dst = append(dst, m.suffix...)
		case placeholder:
			v := s.value(p.text, p.arg)
			if s.quote {
				v = quoted(v)
			}
			dst = append(dst, v...)
		}
	}
	return dst
}

func (s *scene) value(name, arg string) string {
	if clockText(name, arg) {
		return clockValue(s.now, name, arg)
	}
	switch name {
	case "base":
		return s.base
	case "other":
		return s.other
	case "self":
		return s.base + s.path + withQuery(s.query, arg)
	case "job":
		return s.job
	case "token":
		return s.token
	case "start", "end":
		if k, ok := kinds[arg]; ok {
			if r := s.got.span.closed(); name == "start" {
				return k.format(r.start)
			} else {
				return k.format(r.end)
			}
		}
	}
	return s.got.vals[name]
}

// withQuery sets the parameters of set ("page=2&x=1") in a raw query and keeps the others in their order.
func withQuery(raw, set string) string {
	var out []string
	names := map[string]bool{}
	sets := strings.Split(set, "&")
	for _, s := range sets {
		k, _, _ := strings.Cut(s, "=")
		names[k] = true
	}
	for _, p := range strings.Split(raw, "&") {
		k, _, _ := strings.Cut(p, "=")
		if name, err := url.QueryUnescape(k); p != "" && (err != nil || !names[name]) {
			out = append(out, p)
		}
	}
	for _, s := range sets {
		if k, v, ok := strings.Cut(s, "="); ok {
			out = append(out, url.QueryEscape(k)+"="+url.QueryEscape(v))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "?" + strings.Join(out, "&")
}

// quoted is v as the inside of a JSON string.
func quoted(v string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(err) // a string always encodes
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`)
}
