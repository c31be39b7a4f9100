// Package openapi reads out of an OpenAPI 3 description what a connector wants to know: servers, security, operations
// with their parameters, and the schemas of their answers.
//
// A description is somebody else's file, so its size, the depth of its schemas and how much of one is read are bounded,
// and a $ref that leads in circles ends. What is not understood, or stands in another file, is absent: whoever reads it
// proposes and never decides.
package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The bounds of a description.
const (
	MaxSize    = 16 << 20 // bytes
	maxHops    = 16       // from one $ref to the next
	maxDepth   = 16       // of schemas in schemas
	maxSchemas = 2_000    // of one operation
)

// Document is a description.
type Document struct{ root *yaml.Node }

// Operation is one method of a path.
type Operation struct {
	Method, Path, ID, Summary string
	Tags                      []string
	Deprecated                bool
	Params                    []Param
	Body                      *Schema // of a JSON body; nil where there is none
	Answer                    *Schema // of its good answer
	ContentType               string  // of that answer
	Example                   *yaml.Node
	Fault                     *Schema  // of an answer that is an error
	Headers                   []string // of its answers
	Security                  []Scheme // that together sign it, of the first way that there is
	Docs                      string
}

// Param is a parameter.
type Param struct {
	Name, In, Description string
	Required              bool
	Schema                *Schema
}

// Scheme is a way to sign a call.
type Scheme struct {
	Name, Type, Scheme, In, Key string // Key is the header, parameter or cookie of an apiKey
	TokenURL                    string // of oauth2 with client credentials
	Scopes                      []string
}

// Parse reads a description, YAML or JSON.
func Parse(data []byte) (*Document, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("reading an OpenAPI description: it has %d bytes, and at most %d are read", len(data), MaxSize)
	}
	if start := bytes.TrimSpace(data); len(start) > 0 && start[0] == '{' {
		data = bytes.ReplaceAll(data, []byte{'\t'}, []byte{' '}) // JSON has tabs between its words alone, YAML none there
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("reading an OpenAPI description: %w", err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("reading an OpenAPI description: it is not one object")
	}
	d := &Document{doc.Content[0]}
	if v := d.text(d.root, "openapi"); !strings.HasPrefix(v, "3.") {
		return nil, fmt.Errorf("reading an OpenAPI description: its `openapi` is %q, and 3.x is read; a converter makes it of older ones", v)
	}
	return d, nil
}

// Title is the API's name.
func (d *Document) Title() string { return d.text(d.root, "info", "title") }

// Docs is the address of its documentation.
func (d *Document) Docs() string { return d.text(d.root, "externalDocs", "url") }

// Servers are the base URLs with their variables at their defaults.
func (d *Document) Servers() []string {
	var out []string
	for _, s := range d.list(d.root, "servers") {
		address := d.text(s, "url")
		d.each(d.get(s, "variables"), func(name string, v *yaml.Node) {
			address = strings.ReplaceAll(address, "{"+name+"}", d.text(v, "default"))
		})
		out = append(out, strings.TrimRight(address, "/"))
	}
	return out
}

// Operations are the GETs and POSTs of all paths, in the order of the file.
func (d *Document) Operations() []*Operation {
	var out []*Operation
	d.each(d.get(d.root, "paths"), func(path string, item *yaml.Node) {
		for _, method := range []string{"get", "post"} {
			if n := d.get(item, method); n != nil && strings.HasPrefix(path, "/") {
				out = append(out, d.operation(strings.ToUpper(method), path, item, n))
			}
		}
	})
	return out
}

func (d *Document) operation(method, path string, item, n *yaml.Node) *Operation {
	left := maxSchemas
	op := &Operation{Method: method, Path: path, ID: d.text(n, "operationId"), Summary: d.text(n, "summary"),
		Deprecated: d.text(n, "deprecated") == "true", Docs: d.text(n, "externalDocs", "url")}
	for _, t := range d.list(n, "tags") {
		op.Tags = append(op.Tags, t.Value)
	}
	for _, p := range append(d.list(n, "parameters"), d.list(item, "parameters")...) {
		op.Params = append(op.Params, Param{Name: d.text(p, "name"), In: d.text(p, "in"), Description: d.text(p, "description"),
			Required: d.text(p, "required") == "true", Schema: d.paramSchema(p, &left)})
	}
	op.Params = slices.DeleteFunc(op.Params, func(p Param) bool { return p.Name == "" })
	op.Body, _, _ = d.content(d.get(n, "requestBody"), &left)
	d.each(d.get(n, "responses"), func(status string, r *yaml.Node) {
		d.each(d.get(r, "headers"), func(name string, _ *yaml.Node) {
			if !slices.Contains(op.Headers, name) {
				op.Headers = append(op.Headers, name)
			}
		})
		good := strings.HasPrefix(status, "2")
		if good && op.Answer == nil {
			op.Answer, op.ContentType, op.Example = d.content(r, &left)
		}
		if !good && op.Fault == nil {
			op.Fault, _, _ = d.content(r, &left)
		}
	})
	op.Security = d.security(n)
	return op
}

// paramSchema is a parameter's schema, with the parameter's own example.
func (d *Document) paramSchema(p *yaml.Node, left *int) *Schema {
	s := d.schema(d.get(p, "schema"), 0, left)
	if s == nil {
		s = &Schema{}
	}
	if ex := d.get(p, "example"); ex != nil {
		s.Example = ex
	}
	return s
}

// content is the JSON of a body: its schema, its type and an example of it.
func (d *Document) content(n *yaml.Node, left *int) (s *Schema, kind string, example *yaml.Node) {
	d.each(d.get(n, "content"), func(media string, m *yaml.Node) {
		if s != nil || !strings.Contains(media, "json") && media != "*/*" {
			return
		}
		if s = d.schema(d.get(m, "schema"), 0, left); s == nil {
			return
		}
		kind, example = media, d.get(m, "example")
		d.each(d.get(m, "examples"), func(_ string, e *yaml.Node) {
			if example == nil {
				example = d.get(e, "value")
			}
		})
	})
	return s, kind, example
}

// security are the schemes of the first way to sign an operation, or of the only ones that are declared.
func (d *Document) security(n *yaml.Node) []Scheme {
	declared := d.get(d.root, "components", "securitySchemes")
	if declared == nil {
		declared = d.get(d.root, "securitySchemes") // where extracts of descriptions have it
	}
	ways := d.get(n, "security")
	if ways == nil {
		ways = d.get(d.root, "security")
	}
	var out []Scheme
	take := func(name string, _ *yaml.Node) {
		if s := d.get(declared, name); s != nil {
			out = append(out, d.scheme(name, s))
		}
	}
	if ways != nil && ways.Kind == yaml.SequenceNode {
		for _, way := range ways.Content {
			if d.each(way, take); len(out) > 0 {
				return out
			}
		}
	}
	if declared != nil && len(declared.Content) == 2 {
		d.each(declared, take)
	}
	return out
}

func (d *Document) scheme(name string, n *yaml.Node) Scheme {
	s := Scheme{Name: name, Type: d.text(n, "type"), Scheme: strings.ToLower(d.text(n, "scheme")), In: d.text(n, "in"), Key: d.text(n, "name")}
	flow := d.get(n, "flows", "clientCredentials")
	s.TokenURL = d.text(flow, "tokenUrl")
	d.each(d.get(flow, "scopes"), func(scope string, _ *yaml.Node) { s.Scopes = append(s.Scopes, scope) })
	return s
}
