package mapping

import (
	"strings"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping/native"
)

// datePattern is the one form of dates that leaves the house.
const datePattern = `^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$`

// schema is a JSON object whose keys keep the order they were set in.
type schema struct {
	keys []string
	m    map[string]any
}

func (s *schema) set(key string, v any) *schema {
	if s.m == nil {
		s.m = map[string]any{}
	}
	s.keys = append(s.keys, key)
	s.m[key] = v
	return s
}

// Schema is the JSON Schema (draft 2020-12) of a resource's records, nil where there is no such resource. Open enums
// are examples, because providers' unknown values pass.
func (m *Model) Schema(resource string) []byte {
	r := m.Resource(resource)
	if r == nil {
		return nil
	}
	s := new(schema).set("$schema", "https://json-schema.org/draft/2020-12/schema").set("title", r.Title).set("description", r.Meaning)
	s.set("type", "object")
	s.members(r.Fields, true)
	return append(s.append(nil, ""), '\n')
}

func (s *schema) members(fields []*Field, remote bool) {
	props := new(schema)
	required := []any{}
	for _, f := range fields {
		props.set(f.Name, f.schema())
		if f.Always || f.Required {
			required = append(required, f.Name)
		}
	}
	if remote {
		props.set(RemoteData, new(schema).set("description", "The provider's item as it came, or the part of it that made this record."))
	}
	s.set("properties", props).set("required", required).set("additionalProperties", false)
}

func (f *Field) schema() *schema {
	s := new(schema).set("description", f.Meaning)
	null := f.Always && !f.Required
	kind := func(name string) {
		if null {
			s.set("type", []any{name, "null"})
		} else {
			s.set("type", name)
		}
	}
	switch f.Type {
	case ID:
		kind("string")
		s.set("minLength", 1)
	case String:
		kind("string")
	case Number:
		kind("number")
	case Boolean:
		kind("boolean")
	case Date:
		kind("string")
		s.set("format", "date-time").set("pattern", datePattern)
	case Currency:
		kind("string")
		s.set("pattern", "^[A-Z][A-Z0-9_]+$").set("maxLength", native.MaxCurrency)
	case Object:
		kind("object")
		s.members(f.Fields, false)
	case List:
		s.set("type", "array")
		item := new(schema).set("type", "object")
		item.members(f.Fields, false)
		s.set("items", item)
	case Map:
		kind("object")
		s.set("additionalProperties", new(schema).set("type", []any{"string", "number", "boolean"}))
	}
	if len(f.Values) > 0 {
		values := make([]any, len(f.Values))
		for i, v := range f.Values {
			values[i] = v
		}
		s.set("examples", values)
	}
	return s
}

// append writes the schema indented, as a file that people read.
func (s *schema) append(b []byte, indent string) []byte {
	if len(s.keys) == 0 {
		return append(b, "{}"...)
	}
	inner := indent + "  "
	for i, k := range s.keys {
		b = append(b, "{,"[min(i, 1)])
		b = append(append(b, '\n'), inner...)
		b = append(jq.AppendString(b, k), ": "...)
		if sub, ok := s.m[k].(*schema); ok {
			b = sub.append(b, inner)
			continue
		}
		text, _ := new(jq.Encoder).AppendValue(nil, s.m[k]) // strings, ints and lists of them always encode
		b = append(b, strings.ReplaceAll(string(text), `","`, `", "`)...)
	}
	return append(append(append(b, '\n'), indent...), '}')
}
