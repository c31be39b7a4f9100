package openapi

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// get follows keys, and $refs on the way; nil where there is nothing.
func (d *Document) get(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		if n = d.resolve(n); n == nil || n.Kind != yaml.MappingNode {
			return nil
		}
		n = d.child(n, key)
	}
	if n = d.resolve(n); n != nil && n.Tag == "!!null" {
		return nil
	}
	return n
}

// resolve follows aliases and $refs within the file.
func (d *Document) resolve(n *yaml.Node) *yaml.Node {
	for range maxHops {
		switch {
		case n == nil:
			return nil
		case n.Kind == yaml.AliasNode:
			n = n.Alias
			continue
		case n.Kind != yaml.MappingNode || len(n.Content) < 2 || n.Content[0].Value != "$ref":
			return n
		}
		pointer, ok := strings.CutPrefix(n.Content[1].Value, "#/")
		if !ok {
			return nil // in another file
		}
		n = d.root
		for step := range strings.SplitSeq(pointer, "/") {
			if n = d.child(n, strings.NewReplacer("~1", "/", "~0", "~").Replace(step)); n == nil {
				return nil
			}
		}
	}
	return nil
}

// child is one step of a pointer; a $ref on the way is not followed, which no sane description needs.
func (d *Document) child(n *yaml.Node, step string) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}

// text is a scalar's text, "" where there is none.
func (d *Document) text(n *yaml.Node, keys ...string) string {
	if n = d.get(n, keys...); n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func (d *Document) list(n *yaml.Node, keys ...string) []*yaml.Node {
	if n = d.get(n, keys...); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	var out []*yaml.Node
	for _, c := range n.Content {
		if c = d.resolve(c); c != nil {
			out = append(out, c)
		}
	}
	return out
}

// each calls do for every member of an object.
func (d *Document) each(n *yaml.Node, do func(key string, value *yaml.Node)) {
	if n = d.resolve(n); n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if v := d.resolve(n.Content[i+1]); v != nil {
			do(n.Content[i].Value, v)
		}
	}
}
