package config

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/near"
)

// parser carries what reading needs and gathers all errors.
type parser struct {
	file   string
	text   []byte
	env    func(string) (string, bool)
	read   reader
	config *Config
	places map[string]place
	lines  []string // of text: see split
	errs   Errors
}

// fail notes an error at a node, of the key that it is the value of.
func (p *parser) fail(n *yaml.Node, key, format string, args ...any) {
	p.failAt(place{n.Line, n.Column}, key, format, args...)
}

func (p *parser) failAt(at place, key, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if key != "" {
		text = key + ": " + text
	}
	p.errs = append(p.errs, &Error{p.file, max(at.line, 1), max(at.col, 1), text})
}

// field is a known key of a map and what reads its value.
type field struct {
	key  string
	read func(n *yaml.Node, key string)
}

// object reads a map with known keys. A key without a value is absent, so that the comments below it can be examples.
func (p *parser) object(n *yaml.Node, key string, fields ...field) bool {
	return p.pairs(n, key, func(k, v *yaml.Node, path string) {
		known := make([]string, 0, len(fields))
		for _, f := range fields {
			if f.key == k.Value {
				if isNull(v) {
					delete(p.places, path)
				} else {
					f.read(v, path)
				}
				return
			}
			known = append(known, f.key)
		}
		p.fail(k, "", "unknown key %q; the nearest known one is %q", path, join(key, near.Any(k.Value, known)))
	})
}

// pairs calls each for every key of a map.
func (p *parser) pairs(n *yaml.Node, key string, each func(k, v *yaml.Node, path string)) bool {
	if n.Kind != yaml.MappingNode {
		p.wrong(n, key, "keys and values")
		return false
	}
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge" {
			p.fail(k, key, "a key is a plain word here")
			continue
		}
		name := unhide(k.Value)
		path := join(key, name)
		if line, ok := seen[name]; ok {
			p.fail(k, path, "is given twice, first in line %d", line)
			continue
		}
		seen[name] = k.Line
		p.places[path] = place{v.Line, v.Column}
		k.Value = name
		each(k, v, path)
	}
	return true
}

// list calls each for every item of a list.
func (p *parser) list(n *yaml.Node, key string, each func(n *yaml.Node, key string)) {
	if n.Kind != yaml.SequenceNode {
		p.wrong(n, key, "a list")
		return
	}
	for i, item := range n.Content {
		path := key + "[" + strconv.Itoa(i) + "]"
		p.places[path] = place{item.Line, item.Column}
		each(item, path)
	}
}

func join(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// wrong notes a value of the wrong type, without its text, which may be a secret.
func (p *parser) wrong(n *yaml.Node, key, want string) {
	if key == "" {
		key = "the file"
	}
	p.fail(n, key, "wants %s, not %s", want, kind(n))
}

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias; write the value out"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!str":
		return "text"
	}
	return "a tagged value; a text that starts with ! must stand in quotes" // the tag may be a secret
}
