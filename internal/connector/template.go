package connector

import (
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

// value is the rendered template with its JSON type.
func (t Template) value(in any) (any, error) {
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
func (t Template) text(in any) (s string, ok bool, err error) {
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
func (d *decoder) template(text string, n *yaml.Node, at jq.Locator, secret bool) Template {
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
		t.parts = append(t.parts, templatePart{slot: d.slot(text[from+2:end], at.From(from+2))})
		from = end + 2
	}
	return t
}
