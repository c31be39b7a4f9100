package connector

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// tree is a YAML value whose scalars are literals or templates, in the order of the file.
type tree struct {
	kind yaml.Kind
	keys []string
	kids []tree
	str  bool     // a scalar that is text:
	text Template // its text
	raw  any      // a scalar of another type
}

// maxTree bounds how deep a literal of the language nests.
const maxTree = 16

func (d *decoder) tree(n *yaml.Node) tree { return d.treeAt(n, 1) }

func (d *decoder) treeAt(n *yaml.Node, depth int) tree {
	t := tree{kind: n.Kind}
	switch {
	case depth > maxTree:
		d.add(n, "limit", fmt.Sprintf("a value nests deeper than %d", maxTree), "")
	case n.Kind == yaml.ScalarNode && (n.Tag == "!!str" || strings.Contains(n.Value, "{{")):
		t.str = true
		t.text = d.template(n.Value, n, d.locate(n), false)
	case n.Kind == yaml.ScalarNode:
		var v any
		if err := n.Decode(&v); err != nil {
			d.add(n, "type", "not a value: "+err.Error(), "")
		}
		t.raw = plain(v)
		if _, ok := scalarText(t.raw); !ok && t.raw != nil {
			d.add(n, "type", "`"+clip(n.Value)+"` reads as a YAML "+strings.TrimPrefix(n.Tag, "!!"), "put it in quotes")
			t.raw = nil
		}
	case n.Kind == yaml.SequenceNode:
		for _, e := range n.Content {
			t.kids = append(t.kids, d.treeAt(e, depth+1))
		}
	case n.Kind == yaml.MappingNode:
		d.pairs(n, func(k, v *yaml.Node) {
			t.keys = append(t.keys, k.Value)
			t.kids = append(t.kids, d.treeAt(v, depth+1))
		})
	default:
		d.add(n, "yaml", "anchors and aliases are not part of the language", "write it out")
	}
	return t
}

// reads says whether a slot below reads .root.name, or anything of root where name is "".
func (t tree) reads(root, name string) bool {
	return t.text.reads(root, name) || slices.ContainsFunc(t.kids, func(k tree) bool { return k.reads(root, name) })
}

// constant is the value of a tree without slots.
func (t tree) constant() (any, bool) {
	if slices.ContainsFunc(t.text.parts, func(p templatePart) bool { return p.slot != nil }) {
		return nil, false
	}
	for _, k := range t.kids {
		if _, ok := k.constant(); !ok {
			return nil, false
		}
	}
	v, err := t.value(nil)
	return v, err == nil
}

// value renders the tree without keeping the order of keys.
func (t tree) value(in any) (any, error) {
	switch t.kind {
	case yaml.SequenceNode:
		list := []any{}
		for _, k := range t.kids {
			v, err := k.value(in)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		m := map[string]any{}
		for i, k := range t.kids {
			v, err := k.value(in)
			if err != nil {
				return nil, err
			}
			m[t.keys[i]] = v
		}
		return m, nil
	}
	switch {
	case !t.str:
		return t.raw, nil
	case t.text.IsZero(): // the empty string
		return "", nil
	}
	return t.text.value(in)
}

// render gives the tree as JSON in the order of the file, nil where a slot gave null.
func (t tree) render(in any) (*doc, error) {
	if t.kind == yaml.ScalarNode {
		v, err := t.value(in)
		if err != nil || v == nil && t.str {
			return nil, err
		}
		b, err := encode(v)
		return &doc{json: b}, err
	}
	out := &doc{kind: '['}
	if t.kind == yaml.MappingNode {
		out.kind = '{'
	}
	for i, k := range t.kids {
		v, err := k.render(in)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		out.kids = append(out.kids, v)
		if out.kind == '{' {
			out.keys = append(out.keys, t.keys[i])
		}
	}
	return out, nil
}
