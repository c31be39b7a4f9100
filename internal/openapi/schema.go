package openapi

import (
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Schema is what is known of a value, with the parts of allOf in one.
type Schema struct {
	Type, Format, Description string // of several types the first that is not null
	Enum                      []string
	Default                   string
	Maximum                   int
	Example                   *yaml.Node
	Props                     []Prop
	Items                     *Schema // of an array
}

// Prop is a property of an object.
type Prop struct {
	Name   string
	Schema *Schema
}

// schema reads a schema; nil where it is too deep, or left is used up.
func (d *Document) schema(n *yaml.Node, depth int, left *int) *Schema {
	if n = d.resolve(n); n == nil || depth > maxDepth || *left <= 0 {
		return nil
	}
	*left--
	s := &Schema{Type: d.text(n, "type"), Format: d.text(n, "format"), Description: d.text(n, "description"),
		Default: d.text(n, "default"), Example: d.get(n, "example")}
	for _, t := range d.list(n, "type") { // as of 3.1
		if s.Type == "" && t.Value != "null" {
			s.Type = t.Value
		}
	}
	if examples := d.list(n, "examples"); s.Example == nil && len(examples) > 0 {
		s.Example = examples[0]
	}
	s.Maximum, _ = strconv.Atoi(d.text(n, "maximum"))
	for _, key := range []string{"enum", "x-extensible-enum"} {
		for _, e := range d.list(n, key) {
			s.Enum = append(s.Enum, e.Value)
		}
	}
	d.each(d.get(n, "properties"), func(name string, p *yaml.Node) {
		if child := d.schema(p, depth+1, left); child != nil {
			s.Props = append(s.Props, Prop{name, child})
		}
	})
	if items := d.get(n, "items"); items != nil {
		s.Items = d.schema(items, depth+1, left)
	}
	for _, part := range d.list(n, "allOf") {
		s.merge(d.schema(part, depth+1, left))
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		for _, one := range d.list(n, key) { // what any of them may have
			s.merge(d.schema(one, depth+1, left))
		}
	}
	if s.Type == "" && len(s.Props) > 0 {
		s.Type = "object"
	}
	if s.Type == "" && s.Items != nil {
		s.Type = "array"
	}
	return s
}

// merge adds what another schema says of the same value; of a property that both have the later counts.
func (s *Schema) merge(o *Schema) {
	if o == nil {
		return
	}
	if s.Type == "" || s.Type == "null" {
		s.Type = o.Type
	}
	if s.Format == "" {
		s.Format = o.Format
	}
	if s.Description == "" {
		s.Description = o.Description
	}
	if s.Example == nil {
		s.Example = o.Example
	}
	if s.Items == nil {
		s.Items = o.Items
	}
	if s.Enum == nil {
		s.Enum = o.Enum
	}
	for _, p := range o.Props {
		if own := s.Prop(p.Name); own != nil {
			*own = *p.Schema
			continue
		}
		s.Props = append(s.Props, p)
	}
}

// Prop is a property's schema, nil where there is none.
func (s *Schema) Prop(name string) *Schema {
	if s == nil {
		return nil
	}
	for _, p := range s.Props {
		if p.Name == name {
			return p.Schema
		}
	}
	return nil
}

// maxExample bounds the text of an example, which aliases may multiply.
const maxExample = 64 << 10

// JSON writes a node of a description as JSON, numbers with their digits. What lies deeper than schemas may, or beyond
// maxExample, is null.
func JSON(n *yaml.Node) string {
	var b strings.Builder
	writeJSON(&b, n, 0)
	return b.String()
}

func writeJSON(b *strings.Builder, n *yaml.Node, depth int) {
	for hops := 0; n != nil && n.Kind == yaml.AliasNode && hops < maxHops; hops++ {
		n = n.Alias
	}
	if n == nil || depth > maxDepth || b.Len() > maxExample {
		b.WriteString("null")
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(Quote(n.Content[i].Value) + ": ")
			writeJSON(b, n.Content[i+1], depth+1)
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteString(", ")
			}
			writeJSON(b, c, depth+1)
		}
		b.WriteByte(']')
	default:
		b.WriteString(scalarJSON(n))
	}
}

func scalarJSON(n *yaml.Node) string {
	switch n.Tag {
	case "!!null":
		return "null"
	case "!!bool", "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return n.Value
		}
	}
	return Quote(n.Value)
}

// Quote is a text as JSON.
func Quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""` // a string always encodes
	}
	return strings.TrimSpace(b.String())
}
