package simulate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// bodyPattern is what a JSON body must look like: the keys it names, with their types.
type bodyPattern struct {
	fields []field        // of an object
	elems  []*bodyPattern // of an array
	text   *pattern       // of a string
	lit    string         // of a number, a boolean or null, as JSON writes it
	node   yaml.Kind
}

type field struct {
	key      string
	optional bool
	is       *bodyPattern
}

// newBodyPattern compiles a node of a cassette's YAML. Errors carry the node's line within its section.
func newBodyPattern(n *yaml.Node) (*bodyPattern, error) {
	b := &bodyPattern{node: n.Kind}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			is, err := newBodyPattern(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			key, optional := strings.CutSuffix(n.Content[i].Value, "?")
			b.fields = append(b.fields, field{key: key, optional: optional, is: is})
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			is, err := newBodyPattern(c)
			if err != nil {
				return nil, err
			}
			b.elems = append(b.elems, is)
		}
	case yaml.ScalarNode:
		switch n.Tag {
		case "!!int", "!!float", "!!bool":
			b.lit = n.Value
		case "!!null":
			b.lit = "null"
		default: // a date without quotes is text too
			p, err := newPattern(n.Value)
			if err != nil {
				return nil, &posError{line: n.Line, text: err.Error()}
			}
			b.text = p
		}
	default:
		return nil, &posError{line: n.Line, text: "anchors have no place in a body pattern"}
	}
	return b, nil
}

// captures lists those of the whole pattern.
func (b *bodyPattern) captures() []capture {
	var cs []capture
	if b.text != nil {
		cs = append(cs, b.text.caps...)
	}
	for _, e := range b.elems {
		cs = append(cs, e.captures()...)
	}
	for _, f := range b.fields {
		cs = append(cs, f.is.captures()...)
	}
	return cs
}

// match compares a decoded value (numbers as json.Number) and lists the differences.
func (b *bodyPattern) match(path string, v any, strict bool, got *captured) []string {
	differ := func(want string) []string {
		have, _ := json.Marshal(v)
		return []string{fmt.Sprintf("body %s: %s is not %s", strings.TrimPrefix(path, "."), have, want)}
	}
	switch b.node {
	case yaml.MappingNode:
		obj, ok := v.(map[string]any)
		if !ok {
			return differ("an object")
		}
		var out []string
		for _, f := range b.fields {
			val, has := obj[f.key]
			switch {
			case f.optional && (!has || val == nil):
			case !has:
				out = append(out, fmt.Sprintf("body %s: missing", strings.TrimPrefix(path+"."+f.key, ".")))
			default:
				out = append(out, f.is.match(path+"."+f.key, val, strict, got)...)
			}
		}
		for key := range obj {
			if strict && !slices.ContainsFunc(b.fields, func(f field) bool { return f.key == key }) {
				out = append(out, fmt.Sprintf("body %s: not allowed", strings.TrimPrefix(path+"."+key, ".")))
			}
		}
		slices.Sort(out)
		return out
	case yaml.SequenceNode:
		arr, ok := v.([]any)
		if !ok || len(arr) != len(b.elems) {
			return differ(fmt.Sprintf("an array of %d", len(b.elems)))
		}
		var out []string
		for i, e := range b.elems {
			out = append(out, e.match(fmt.Sprintf("%s.%d", path, i), arr[i], strict, got)...)
		}
		return out
	}
	if b.text == nil {
		if have, _ := json.Marshal(v); string(have) != b.lit {
			return differ(b.lit)
		}
		return nil
	}
	if b.text.anything() {
		return nil
	}
	s, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber && b.text.counts() {
		s, ok = n.String(), true
	}
	if !ok {
		return differ("the string " + b.text.source)
	}
	if err := b.text.match(s, got); err != nil {
		return []string{fmt.Sprintf("body %s: %v", strings.TrimPrefix(path, "."), err)}
	}
	return nil
}
