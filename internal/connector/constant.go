package connector

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/record"
)

// constantKeys are what a call has to say that is made over HTTP.
var constantKeys = []string{"get", "post", "query", "headers", "body", "parents", "page", "job", "items", "format"}

// checkConstant holds what a list from the context can't be.
func (c *CallSpec) checkConstant(d *decoder, n *yaml.Node) {
	for _, key := range constantKeys {
		if d.at(n, key) != n {
			d.add(d.key(n, key), "exclusive", key+" of a list that is made without a call", "remove "+key+" or constant")
		}
	}
	at, t := d.at(n, "constant"), c.Constant.tree
	switch {
	case t.kind == yaml.ScalarNode && len(t.text.parts) == 1 && t.text.parts[0].slot != nil:
	case t.kind != yaml.SequenceNode:
		d.wrongType(at, "a list of items, or a slot that gives one")
	default:
		for i, kid := range t.kids {
			if kid.kind != yaml.MappingNode {
				d.wrongType(at.Content[i], "an item: an object of templates")
			}
		}
	}
}

// Constants are the items of a call that is made without HTTP, as a JSON array.
func (m *Method) Constants(s *Scope, p record.Position) ([]byte, error) {
	list, err := m.Call(p).Constant.tree.render(s.input(p, m.Window(s, p)))
	switch {
	case err != nil:
		return nil, fmt.Errorf("planning the constant list: %w", err)
	case list == nil:
		return []byte("[]"), nil
	}
	b := list.append(nil)
	if b[0] != '[' {
		return nil, fmt.Errorf("planning the constant list: the slot gives no list")
	}
	return b, nil
}
