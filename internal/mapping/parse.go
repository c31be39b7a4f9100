package mapping

import (
	"errors"
	"fmt"
	"slices"

	"github.com/meterbridge/meterbridge/internal/jq"
	"go.yaml.in/yaml/v3"
)

// fieldDef is a field as model.yaml writes it.
type fieldDef struct {
	Type     Type      `yaml:"type"`
	Always   bool      `yaml:"always"`
	Required bool      `yaml:"required"`
	Needs    string    `yaml:"needs"`
	Values   []string  `yaml:"values"`
	Meaning  string    `yaml:"meaning"`
	Fields   yaml.Node `yaml:"fields"`
}

type resourceDef struct {
	Title   string    `yaml:"title"`
	Meaning string    `yaml:"meaning"`
	Fields  yaml.Node `yaml:"fields"`
}

type modelDef struct {
	Model     string    `yaml:"model"`
	Title     string    `yaml:"title"`
	Meaning   string    `yaml:"meaning"`
	Resources yaml.Node `yaml:"resources"`
}

var types = []Type{ID, String, Number, Boolean, Date, Currency, Object, List, Map}

// ParseModel reads the text of a model.yaml. Errors name file and line.
func ParseModel(file string, text []byte) (*Model, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	p := parser{file}
	var def modelDef
	if err := p.decode(&doc, &def, "model", "title", "meaning", "resources"); err != nil {
		return nil, err
	}
	m := &Model{Name: def.Model, Title: def.Title, Meaning: def.Meaning, hash: hashOf(string(text))}
	err := p.each(&def.Resources, func(name string, n *yaml.Node) error {
		var rd resourceDef
		if err := p.decode(n, &rd, "title", "meaning", "fields"); err != nil {
			return err
		}
		fields, err := p.fields(&rd.Fields)
		m.Resources = append(m.Resources, &Resource{Name: name, Title: rd.Title, Meaning: rd.Meaning, Fields: fields})
		if err == nil && (fields[0].Name != "id" || fields[0].Type != ID || !fields[0].Required) {
			return p.errorf(n, "the first field of %s must be id, of type id and required", name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

type parser struct{ file string }

func (p parser) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", p.file, max(1, n.Line), max(1, n.Column), fmt.Sprintf(format, args...))
}

// decode is Node.Decode with unknown keys refused at their line.
func (p parser) decode(n *yaml.Node, out any, keys ...string) error {
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	if n.Kind != yaml.MappingNode {
		return p.errorf(n, "a mapping of %v is expected", keys)
	}
	for i := 0; i < len(n.Content); i += 2 {
		if k := n.Content[i]; !slices.Contains(keys, k.Value) {
			return p.errorf(k, "unknown key %q, known are %v", k.Value, keys)
		}
	}
	if err := n.Decode(out); err != nil {
		return p.errorf(n, "%v", err)
	}
	return nil
}

func (p parser) each(n *yaml.Node, do func(string, *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		return p.errorf(n, "a mapping with at least one name is expected")
	}
	for i := 0; i < len(n.Content); i += 2 {
		if err := do(n.Content[i].Value, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (p parser) fields(n *yaml.Node) ([]*Field, error) {
	var fields []*Field
	err := p.each(n, func(name string, n *yaml.Node) error {
		var def fieldDef
		if err := p.decode(n, &def, "type", "always", "required", "needs", "values", "meaning", "fields"); err != nil {
			return err
		}
		f := &Field{Name: name, Type: def.Type, Always: def.Always, Required: def.Required, Needs: def.Needs, Values: def.Values, Meaning: def.Meaning}
		f.key = append(jq.AppendString(nil, name), ':')
		fields = append(fields, f)
		if err := f.check(def.Fields.Kind != 0); err != nil {
			return p.errorf(n, "%s: %v", name, err)
		}
		if def.Fields.Kind == 0 {
			return nil
		}
		var err error
		if f.Fields, err = p.fields(&def.Fields); err != nil {
			return err
		}
		if f.Needs != "" && !slices.ContainsFunc(f.Fields, func(m *Field) bool { return m.Name == f.Needs }) {
			return p.errorf(n, "%s needs %q, which is no member", name, f.Needs)
		}
		return nil
	})
	return fields, err
}

func (f *Field) check(members bool) error {
	switch {
	case !slices.Contains(types, f.Type):
		return fmt.Errorf("unknown type %q, known are %v", f.Type, types)
	case members != (f.Type == Object || f.Type == List):
		return errors.New("an object and a list have fields, and nothing else has")
	case f.Meaning == "":
		return errors.New("the meaning is missing")
	}
	return nil
}
