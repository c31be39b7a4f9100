package simulate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// capture is one {name} or {name:kind} of a pattern.
type capture struct{ name, kind string }

// pattern is literal text with captures, matched whole.
type pattern struct {
	source string
	re     *regexp.Regexp
	caps   []capture
}

var captureText = regexp.MustCompile(`\{(\*|[a-z][a-z0-9_]*)(?::([a-z_]+))?\}`)

// newPattern compiles a pattern, and says what is wrong with its captures.
func newPattern(source string) (*pattern, error) {
	p := &pattern{source: source}
	var re strings.Builder
	re.WriteString(`(?s)^`)
	at := 0
	for _, m := range captureText.FindAllStringSubmatchIndex(source, -1) {
		c := capture{name: source[m[2]:m[3]]}
		if m[4] >= 0 {
			c.kind = source[m[4]:m[5]]
		}
		if err := c.check(); err != nil {
			return nil, err
		}
		re.WriteString(regexp.QuoteMeta(source[at:m[0]]) + `(.*?)`)
		p.caps = append(p.caps, c)
		at = m[1]
	}
	re.WriteString(regexp.QuoteMeta(source[at:]) + `$`)
	var err error
	p.re, err = regexp.Compile(re.String())
	return p, err
}

func (c capture) check() error {
	k, known := kinds[c.kind]
	switch {
	case c.name == "start" || c.name == "end":
		if !known {
			return fmt.Errorf("{%s:KIND} needs a kind: one of %s", c.name, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		}
		if c.name == "start" && k.past != nil {
			return fmt.Errorf("{start:%s}: only an end is inclusive", c.kind)
		}
	case c.kind != "":
		return fmt.Errorf("{%s:%s}: only start and end have a kind", c.name, c.kind)
	case c.name == "base" || c.name == "other" || c.name == "self" || c.name == "token":
		return fmt.Errorf("{%s} is a placeholder of answers, not a capture", c.name)
	}
	return nil
}

// anything says that the pattern is {*} alone, which takes a value of any type.
func (p *pattern) anything() bool { return p.source == "{*}" }

// captured is what a request's patterns took from it.
type captured struct {
	vals map[string]string
	span span
}

// match takes the captures of text into got, or says how text differs.
func (p *pattern) match(text string, got *captured) error {
	m := p.re.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is not %s", text, p.source)
	}
	for i, c := range p.caps {
		v := m[i+1]
		if c.name == "*" {
			continue
		}
		switch c.name {
		case "start", "end":
			t, err := kinds[c.kind].parse(v)
			if err != nil {
				return err
			}
			if c.name == "start" {
				got.span.start = t
			} else {
				got.span.end = t
			}
		case "months":
			got.span.months = monthsIn(v)
		}
		got.vals[c.name] = v
	}
	return nil
}
