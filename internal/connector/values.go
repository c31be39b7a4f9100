package connector

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Values is the value of a parameter: a template, or a list of them.
type Values struct{ list []Template }

func (v *Values) decode(d *decoder, n *yaml.Node, f field) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, item := range items {
		var t Template
		t.decode(d, item, f)
		v.list = append(v.list, t)
	}
}

func (v Values) reads(root, name string) bool {
	return slices.ContainsFunc(v.list, func(t Template) bool { return t.reads(root, name) })
}

// texts is the value as text: nothing for null, and several for a list, which a slot may give too.
func (v Values) texts(in any) (out []string, list bool, err error) {
	list = len(v.list) != 1
	for _, t := range v.list {
		value, err := t.value(in)
		if err != nil {
			return nil, false, err
		}
		elements, isList := value.([]any)
		if list = list || isList; !isList {
			elements = []any{value}
		}
		for _, e := range elements {
			if e == nil {
				continue
			}
			text, ok := scalarText(e)
			if !ok {
				return nil, false, fmt.Errorf("an object is no parameter")
			}
			out = append(out, text)
		}
	}
	return out, list, nil
}
