package config

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// written is a value that is text. A number is taken as it is written: ids and keys often look like one.
func (p *parser) written(n *yaml.Node, key string) (string, bool) {
	if n.Kind == yaml.ScalarNode {
		switch n.ShortTag() {
		case "!!str", "!!int", "!!float", "!!timestamp":
			return p.expand(n, key)
		}
	}
	p.wrong(n, key, "text")
	return "", false
}

// expand puts the environment's values into a scalar. Each variable that is missing is an error of its own.
func (p *parser) expand(n *yaml.Node, key string) (string, bool) {
	value := unhide(n.Value)
	ok := true
	out := variable.ReplaceAllStringFunc(value, func(v string) string {
		if strings.HasPrefix(v, "$$") {
			return v[1:]
		}
		name, fallback, has := strings.Cut(v[2:len(v)-1], ":-")
		got, set := p.env(name)
		switch {
		case has && got == "":
			return fallback
		case !set:
			ok = false
			p.failAt(p.find(n, v), key, "the environment variable %s is not set; set it, or give a default: ${%s:-…}", name, name)
		}
		return got
	})
	if i := strings.Index(variable.ReplaceAllString(value, ""), "${"); i >= 0 && ok {
		p.failAt(p.find(n, "${"), key, "a variable is written ${NAME} or ${NAME:-default}; a literal one $${NAME}")
		return "", false
	}
	return out, ok
}

// split cuts the text into lines, when a place in one of them is first asked for.
func (p *parser) split() {
	if p.lines == nil {
		p.lines = strings.Split(string(p.text), "\n")
	}
}

// find is the place of a piece of a scalar's text, or of the scalar where it spans lines or is not found.
func (p *parser) find(n *yaml.Node, piece string) place {
	p.split()
	at := place{n.Line, n.Column}
	if n.Line < 1 || n.Line > len(p.lines) {
		return at
	}
	runes := []rune(p.lines[n.Line-1])
	from := min(max(n.Column-1, 0), len(runes))
	if i := strings.Index(string(runes[from:]), piece); i >= 0 {
		at.col += utf8.RuneCountInString(string(runes[from:])[:i])
	}
	return at
}

func (p *parser) boolean(dst *bool) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		if v, ok := p.plain(n, key); ok {
			b, isBool := v.(bool)
			if !isBool {
				p.fail(n, key, "wants true or false")
				return
			}
			*dst = b
		}
	}
}

func (p *parser) str(dst *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		if s, ok := p.written(n, key); ok {
			*dst = s
		}
	}
}

// word is str that is not empty.
func (p *parser) word(dst *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		s, ok := p.written(n, key)
		if ok && s == "" {
			p.fail(n, key, "is empty")
		}
		*dst = s
	}
}

func (p *parser) duration(dst *time.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		s, ok := p.written(n, key)
		if !ok {
			return
		}
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			p.fail(n, key, "wants a duration such as 30m or 24h, above 0")
			return
		}
		*dst = d
	}
}

// span is a duration that may be 0, and of days.
func (p *parser) span(dst *time.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		s, ok := p.written(n, key)
		if !ok {
			return
		}
		d, err := time.ParseDuration(s)
		if days, whole := strings.CutSuffix(s, "d"); whole {
			var n uint64
			n, err = strconv.ParseUint(days, 10, 16)
			d = time.Duration(n) * 24 * time.Hour
		}
		if err != nil || d < 0 {
			p.fail(n, key, "wants a duration such as 10s, 24h or 7d, or 0")
			return
		}
		*dst = d
	}
}

// plain is a scalar by its YAML type: string, bool, int, or json.Number, which keeps the digits of what is no int. A
// variable outside quotes has the type that its value would have in its place, and nil where it is empty.
func (p *parser) plain(n *yaml.Node, key string) (any, bool) {
	const want = "text, a number, true or false"
	if n.Kind != yaml.ScalarNode || isNull(n) {
		p.wrong(n, key, want)
		return nil, false
	}
	s, ok := p.expand(n, key)
	if !ok {
		return nil, false
	}
	typed := *n
	if s != n.Value && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0 {
		typed = yaml.Node{Kind: yaml.ScalarNode, Value: s}
	}
	switch typed.ShortTag() {
	case "!!str", "!!timestamp":
		return s, true
	case "!!null": // a variable that is empty
		return nil, true
	case "!!bool":
		var b bool
		if err := typed.Decode(&b); err == nil {
			return b, true
		}
	case "!!int", "!!float":
		if !json.Valid([]byte(s)) { // 0x10, 007, 1_000, .inf: YAML's other notations
			if typed.Line == 0 { // out of a variable, whose owner may not know of YAML
				return s, true
			}
			p.fail(n, key, "wants a number in plain decimal notation, or quotes around a text")
			return nil, false
		}
		if i, err := strconv.Atoi(s); err == nil {
			return i, true
		}
		return json.Number(s), true
	}
	p.wrong(n, key, want)
	return nil, false
}
