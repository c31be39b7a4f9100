package simulate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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

// counts says that the pattern is one capture of a Unix time, which a body may give as a number.
func (p *pattern) counts() bool {
	return len(p.caps) == 1 && kinds[p.caps[0].kind].unit != 0
}

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
		case "moved":
			m, err := movedTo(v)
			if err != nil {
				return err
			}
			got.span.months = m
		}
		got.vals[c.name] = v
		if err := got.calendar(c.name); err != nil {
			return err
		}
	}
	return nil
}

// calendar makes a span of the captures {year}, {month} and {day}, as far as they were met.
func (c *captured) calendar(name string) error {
	if name != "year" && name != "month" && name != "day" {
		return nil
	}
	var n [3]int
	for i, part := range []string{"year", "month", "day"} {
		v, met := c.vals[part]
		if !met {
			continue
		}
		var err error
		if n[i], err = strconv.Atoi(v); err != nil {
			return fmt.Errorf("%q is not a %s", v, part)
		}
	}
	from := time.Date(n[0], time.Month(max(n[1], 1)), max(n[2], 1), 0, 0, 0, 0, time.UTC)
	switch {
	case n[2] > 0:
		c.span.start, c.span.end = from, from.AddDate(0, 0, 1)
	case n[1] > 0:
		c.span.start, c.span.end = from, from.AddDate(0, 1, 0)
	default:
		c.span.start, c.span.end = from, from.AddDate(1, 0, 0)
	}
	return nil
}
