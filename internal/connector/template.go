package connector

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// Template is a scalar of the language: literal text with jq slots in {{ }}. One that is a single slot keeps the
// value's JSON type; a null in any slot leaves the whole out.
type Template struct {
	parts []templatePart
	raw   string
}

type templatePart struct {
	lit  string
	slot *slot // nil for literal text
}

// slot is one jq program within the file.
type slot struct {
	code    *jq.Code
	program string // as it is written
	scope   string
	at      locator
}

// IsZero says that nothing was written.
func (t Template) IsZero() bool { return len(t.parts) == 0 }

// String is the template as it is written.
func (t Template) String() string { return t.raw }

// literal is the text of a template without slots, "" for any other.
func (t Template) literal() string {
	for _, p := range t.parts {
		if p.slot != nil {
			return ""
		}
	}
	return t.raw
}

// reads says whether a slot reads .root.name, or anything of root where name is "".
func (t Template) reads(root, name string) bool {
	for _, p := range t.parts {
		if p.slot.reads(root, name) {
			return true
		}
	}
	return false
}

func (s *slot) reads(root, name string) bool {
	if s == nil || s.code == nil {
		return false
	}
	for _, r := range s.code.Refs() {
		if r.Root == "." && len(r.Path) > 0 && r.Path[0] == root && (name == "" || len(r.Path) > 1 && (r.Path[1] == name || r.Path[1] == anyStep)) {
			return true
		}
	}
	return false
}

// anyStep is how jq.Ref writes a step whose key is computed.
const anyStep = "[]"

func (s *slot) text() string { return strings.TrimSpace(s.program) }

// run gives the slot's value, nil where it has no output.
func (s *slot) run(in map[string]any) (any, error) {
	if s.code == nil {
		return nil, fmt.Errorf("the slot `%s` did not compile", s.text())
	}
	var out any
	n := 0
	err := s.code.Run(context.Background(), in, nil, func(v any) error {
		if n++; n > 1 {
			return errors.New("more than one value")
		}
		out = v
		return nil
	})
	if err != nil {
		line, _ := s.at(0)
		return nil, fmt.Errorf("slot `%s` in line %d: %w", clip(s.text()), line, err)
	}
	return out, nil
}

// value is the rendered template with its JSON type.
func (t Template) value(in map[string]any) (any, error) {
	if len(t.parts) == 1 && t.parts[0].slot != nil {
		return t.parts[0].slot.run(in)
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.slot == nil {
			b.WriteString(p.lit)
			continue
		}
		v, err := p.slot.run(in)
		if err != nil || v == nil {
			return nil, err
		}
		s, ok := scalarText(v)
		if !ok {
			return nil, fmt.Errorf("slot `%s` gives a list or an object in the middle of a text", clip(p.slot.text()))
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// text is the rendered template as text; ok is false for null.
func (t Template) text(in map[string]any) (s string, ok bool, err error) {
	v, err := t.value(in)
	if err != nil || v == nil {
		return "", false, err
	}
	if s, ok = scalarText(v); !ok {
		return "", false, fmt.Errorf("`%s` gives a list or an object where text is wanted", clip(t.raw))
	}
	return s, true, nil
}

// scalarText is a string, number or boolean as text; false for null, lists and objects.
func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	}
	b, err := jq.AppendNumber(nil, v)
	return string(b), err == nil
}

func (t *Template) decode(d *decoder, n *yaml.Node, f field) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		d.wrongType(n, "text, with jq in {{ }}")
		return
	}
	*t = d.template(n.Value, n, d.locate(n), false)
}

// template splits text into literals and slots and compiles the slots. secret says that ${name} was taken out already.
func (d *decoder) template(text string, n *yaml.Node, at locator, secret bool) Template {
	t := Template{raw: text}
	for from := 0; from < len(text); {
		open := strings.Index(text[from:], "{{")
		if open < 0 {
			open = len(text) - from
		}
		if open > 0 {
			lit := text[from : from+open]
			if i := strings.Index(lit, "${"); i >= 0 && !secret {
				line, col := at(from + i)
				d.addAt(line, col, "credential", "a credential outside of auth", "credentials are only for auth; put what is no secret into context")
			}
			t.parts = append(t.parts, templatePart{lit: lit})
		}
		if from += open; from >= len(text) {
			break
		}
		end := slotEnd(text, from+2)
		if end < 0 {
			line, col := at(from)
			d.addAt(line, col, "slot", "{{ without its }}", "close the slot with }}")
			break
		}
		t.parts = append(t.parts, templatePart{slot: d.slot(text[from+2:end], at.from(from+2))})
		from = end + 2
	}
	return t
}

// slot compiles one program. Its findings are moved to where they stand in the file.
func (d *decoder) slot(text string, at locator) *slot {
	s := &slot{program: text, scope: d.scope, at: at}
	if i := strings.Index(text, "${"); i >= 0 {
		line, col := at(i)
		d.addAt(line, col, "credential", "a credential in a jq slot", "credentials are in no slot: write ${name} beside it, in auth")
		return s
	}
	code, finds := jq.Compile(jq.Source{File: d.file, Line: 1, Col: 1, Text: text}, jq.Options{Kind: jq.Slot})
	for _, f := range finds {
		f.Line, f.Col = at(offsetOf(text, f.Line, f.Col))
		d.finds = append(d.finds, f)
	}
	if s.code = code; code != nil {
		d.slots = append(d.slots, s)
	}
	return s
}

// offsetOf is the byte of the character at a line and column, both from 1, of a text.
func offsetOf(text string, line, col int) int {
	from := 0
	for ; line > 1; line-- {
		i := strings.IndexByte(text[from:], '\n')
		if i < 0 {
			return len(text)
		}
		from += i + 1
	}
	return from + byteOf(text[from:], col)
}

// slotEnd is the index of the }} that closes a slot whose program starts at i, -1 where none does. Braces of objects
// and everything within strings belong to the program.
func slotEnd(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			if i = stringEnd(s, i+1); i < 0 {
				return -1
			}
		case '{':
			depth++
		case '}':
			if depth == 0 {
				if strings.HasPrefix(s[i:], "}}") {
					return i
				}
				return -1
			}
			depth--
		}
	}
	return -1
}

// stringEnd is the index of the quote that closes a jq string, -1 where none does; a \( … ) may hold strings again.
func stringEnd(s string, i int) int {
	parens := 0 // open within interpolations
	for ; i < len(s); i++ {
		switch {
		case s[i] == '\\' && strings.HasPrefix(s[i:], `\(`):
			parens++
			i++
		case s[i] == '\\':
			i++
		case parens > 0 && s[i] == '(':
			parens++
		case parens > 0 && s[i] == ')':
			parens--
		case parens > 0 && s[i] == '"':
			if i = stringEnd(s, i+1); i < 0 {
				return -1
			}
		case s[i] == '"':
			return i
		}
	}
	return -1
}
