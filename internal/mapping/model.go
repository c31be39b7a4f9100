// Package mapping makes unified records of providers' items.
//
// A mapping file is jq: one definition for each resource of the unified model, which takes an item and gives zero or
// more objects. The model, a YAML file, says which fields there are, of which type and in which order; it drives the
// canonical form of every output, so that a mapping names only what it knows, and the JSON Schema that the outputs
// keep. A Program is a compiled file, shared and immutable; a Runner belongs to one goroutine, remembers the bytes of
// an item that it scanned, and writes all its outputs to a batch, or an error and none.
package mapping

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"path"
	"slices"
)

// Type is the type of a field of the model.
type Type string

// The types; model.yaml says what each takes and gives.
const (
	ID       Type = "id"
	String   Type = "string"
	Number   Type = "number"
	Boolean  Type = "boolean"
	Date     Type = "date"
	Currency Type = "currency"
	Object   Type = "object"
	List     Type = "list"
	Map      Type = "map"
)

// Field is one field of the model. Fields has the members of an object, and of the objects of a list.
type Field struct {
	Name     string
	Type     Type
	Always   bool // present in every record: null or [] when unknown
	Required bool // never null
	Needs    string
	Values   []string // known so far; other values pass
	Meaning  string
	Fields   []*Field

	key []byte // `"name":`
}

// Resource is one resource of the model.
type Resource struct {
	Name    string
	Title   string
	Meaning string
	Fields  []*Field
}

// Model is a unified model.
type Model struct {
	Name      string
	Title     string
	Meaning   string
	Resources []*Resource
	hash      uint64
}

// RemoteData is the member with which a mapping narrows the provider's bytes behind a record.
const RemoteData = "remote_data"

// WarningField is the member with which a mapping says something beside a record. It is no part of the record.
const WarningField = "warning"

// LoadModel reads dir/model.yaml.
func LoadModel(fsys fs.FS, dir string) (*Model, error) {
	name := path.Join(dir, "model.yaml")
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	m, err := ParseModel(name, text)
	if err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	return m, nil
}

// Resource is the resource of that name, nil where there is none.
func (m *Model) Resource(name string) *Resource {
	for _, r := range m.Resources {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// Names lists the resources in the order of the model.
func (m *Model) Names() []string {
	var names []string
	for _, r := range m.Resources {
		names = append(names, r.Name)
	}
	return names
}

// Has says whether the model has a resource.
func (m *Model) Has(name string) bool {
	return slices.ContainsFunc(m.Resources, func(r *Resource) bool { return r.Name == name })
}

// FieldInfo is a row of a flat list of a resource's fields.
type FieldInfo struct {
	Path     string   `json:"path"` // "charges[].amount"
	Type     Type     `json:"type"`
	Always   bool     `json:"always,omitempty"`
	Required bool     `json:"required,omitempty"`
	Values   []string `json:"values,omitempty"`
	Meaning  string   `json:"meaning"`
}

// Fields lists the fields of a resource, objects before their members, in the order of the model.
func (m *Model) Fields(resource string) []FieldInfo {
	r := m.Resource(resource)
	if r == nil {
		return nil
	}
	return flatten(nil, "", r.Fields)
}

func flatten(out []FieldInfo, prefix string, fields []*Field) []FieldInfo {
	for _, f := range fields {
		p := prefix + f.Name
		out = append(out, FieldInfo{p, f.Type, f.Always || f.Required, f.Required, slices.Clone(f.Values), f.Meaning})
		switch f.Type {
		case Object:
			out = flatten(out, p+".", f.Fields)
		case List:
			out = flatten(out, p+"[].", f.Fields)
		}
	}
	return out
}

func hashOf(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return h.Sum64()
}
