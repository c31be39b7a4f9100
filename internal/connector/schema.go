package connector

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// former is a leaf that is written as another struct.
type former interface{ form() any }

// worder is a leaf that is written as its own struct, or as one of a few words.
type worder interface{ words() []string }

// wordsOf are the words that may stand in a struct's place.
func wordsOf(t reflect.Type) []string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if w, ok := reflect.New(t).Interface().(worder); ok {
		return w.words()
	}
	return nil
}

// typeName is what a value of the field is called in findings and in the reference.
func typeName(t reflect.Type, f field) string {
	switch kind := kindOf(t); kind {
	case "enum":
		return strings.Join(f.enum, ", ")
	case "list":
		elem := typeName(t.Elem(), f)
		return "list of " + elem
	case "map":
		elem := t.Elem()
		if elem.Kind() == reflect.Struct && specOf(elem).valIndex != nil {
			elem = elem.FieldByIndex(specOf(elem).valIndex).Type
		}
		if name := typeName(elem, f); name != "object" {
			return "object of " + name
		}
		return "objects by name"
	case "struct":
		return strings.Join(append([]string{"object"}, wordsOf(t)...), " or ")
	default:
		if f.form != "" {
			return f.form
		}
		if len(f.enum) > 0 && kind == "string" {
			return "one of " + strings.Join(f.enum, ", ")
		}
		return kind
	}
}

// leafNames names the types that read themselves.
var leafNames = map[reflect.Type]string{
	reflect.TypeFor[Template]():      "template",
	reflect.TypeFor[Values]():        "template or list",
	reflect.TypeFor[SecretText]():    "credential text",
	reflect.TypeFor[Literal]():       "value of templates",
	reflect.TypeFor[Expr]():          "condition",
	reflect.TypeFor[Names]():         "header name or list",
	reflect.TypeFor[Statuses]():      "status or list",
	reflect.TypeFor[Span]():          "span",
	reflect.TypeFor[ProblemCode]():   "problem code",
	reflect.TypeFor[time.Duration](): "duration",
	reflect.TypeFor[Method]():        "method",
}

func kindOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name, ok := leafNames[t]; ok {
		return name
	}
	switch t.Kind() {
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct && specOf(t.Elem()).keyIndex != nil {
			return "map"
		}
		return "list"
	case reflect.Map:
		return "map"
	case reflect.Struct:
		return "struct"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "number"
	}
	return "string"
}

// Schema is the language as a JSON Schema, for editors that check while one types.
func Schema() []byte {
	g := &schemaMaker{defs: map[string]any{}}
	root := g.object(reflect.TypeFor[Connector]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Meterbridge connector"
	root["$defs"] = g.defs
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil { // the spec is ours, and nothing in it fails to encode
		return []byte("{}\n")
	}
	return append(out, '\n')
}

type schemaMaker struct{ defs map[string]any }

type jsonMap = map[string]any

// scalarSchema is the schema of the leaves.
var scalarSchema = map[string]jsonMap{
	"template":            {"type": []string{"string", "number", "boolean"}},
	"template or list":    {"type": []string{"string", "number", "boolean", "array"}},
	"credential text":     {"type": "string"},
	"value of templates":  {},
	"condition":           {"type": "string"},
	"header name or list": {"anyOf": []any{jsonMap{"type": "string"}, jsonMap{"type": "array", "items": jsonMap{"type": "string"}}}},
	"status or list":      {"anyOf": []any{jsonMap{"type": "integer"}, jsonMap{"type": "array", "items": jsonMap{"type": "integer"}}}},
	"span":                {"type": "string", "pattern": "^[1-9][0-9]* (hour|day|week|month|year)s?$"},
	"problem code":        {"type": "string"},
	"duration":            {"type": "string", "pattern": "^([0-9.]+(ms|s|m|h))+$"},
	"string":              {"type": []string{"string", "number"}},
	"number":              {"type": "integer", "minimum": 0},
	"true or false":       {"type": "boolean"},
}

// value is the schema of one field's value.
func (g *schemaMaker) value(t reflect.Type, f field) jsonMap {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kind := kindOf(t)
	switch kind {
	case "struct", "method":
		object := jsonMap{"$ref": g.ref(t)}
		if words := wordsOf(t); words != nil {
			return jsonMap{"anyOf": []any{object, jsonMap{"enum": words}}}
		}
		return object
	case "map":
		elem := t.Elem()
		if t.Kind() == reflect.Slice && specOf(elem).valIndex != nil {
			elem = elem.FieldByIndex(specOf(elem).valIndex).Type
		}
		return jsonMap{"type": "object", "additionalProperties": g.value(elem, field{enum: f.enum})}
	case "list":
		items := g.value(t.Elem(), f)
		return jsonMap{"anyOf": []any{jsonMap{"type": "array", "items": items}, items}}
	}
	out := jsonMap{}
	for k, v := range scalarSchema[kind] {
		out[k] = v
	}
	if len(f.enum) > 0 {
		out["enum"] = f.enum
		out["type"] = "string"
	}
	return out
}

// ref puts a struct into $defs and points to it.
func (g *schemaMaker) ref(t reflect.Type) string {
	name := t.Name()
	if _, ok := g.defs[name]; !ok {
		g.defs[name] = true // it may hold itself
		if f, ok := reflect.New(t).Interface().(former); ok {
			t = reflect.TypeOf(f.form())
		}
		g.defs[name] = g.object(t)
	}
	return "#/$defs/" + name
}

func (g *schemaMaker) object(t reflect.Type) jsonMap {
	props := jsonMap{}
	var required []string
	for _, f := range specOf(t).fields {
		p := g.value(f.typ, f)
		p["description"] = f.doc
		if f.def != "" {
			p["default"] = f.def
		}
		props[f.key] = p
		if f.need {
			required = append(required, f.key)
		}
	}
	out := jsonMap{"type": "object", "additionalProperties": false, "properties": props}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}
