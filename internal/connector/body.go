package connector

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// Body is a request's body, of one kind.
type Body struct {
	JSON        *Literal          `yaml:"json" doc:"an object whose values are literals and templates; null from a slot leaves a key out"`
	Form        []Input           `yaml:"form" doc:"fields of a form, in order; null leaves one out, a list is written as arrays says"`
	GraphQL     *Template         `yaml:"graphql" doc:"a GraphQL query, sent as JSON with its variables"`
	Variables   *Literal          `yaml:"variables" doc:"an object with the variables of graphql, like json"`
	Text        *Template         `yaml:"text" doc:"any text; remote_query goes to the query string then"`
	ContentType string            `yaml:"content_type" doc:"the Content-Type; by default application/json, that of a form, or text/plain"`
	Types       map[string]string `yaml:"types" enum:"string|boolean|number|integer|array" doc:"types of the keys that remote_query may set, in json, form or variables, by dotted path; string where none is given"`
}

func (b *Body) check(d *decoder, n *yaml.Node) {
	var kinds []string
	for _, k := range []struct {
		key string
		is  bool
	}{{"json", b.JSON != nil}, {"form", d.at(n, "form") != n}, {"graphql", b.GraphQL != nil}, {"text", b.Text != nil}} {
		if k.is {
			kinds = append(kinds, k.key)
		}
	}
	switch {
	case len(kinds) == 0:
		d.add(n, "missing", "the body has no content", "add json, form, graphql or text")
	case len(kinds) > 1:
		d.add(d.key(n, kinds[1]), "exclusive", kinds[0]+" and "+kinds[1]+" are both there", "keep one of them")
	}
	for key, l := range map[string]*Literal{"json": b.JSON, "variables": b.Variables} {
		if l != nil && l.tree.kind != yaml.MappingNode {
			d.wrongType(d.at(n, key), "an object")
		}
	}
	if b.Variables != nil && b.GraphQL == nil {
		d.add(d.key(n, "variables"), "unused", "variables without graphql", "add graphql: the query")
	}
	if b.Text != nil && len(b.Types) > 0 {
		d.add(d.key(n, "types"), "unused", "a text has no keys that remote_query could set", "remove types")
	}
	if strings.ContainsFunc(b.ContentType, func(r rune) bool { return r < ' ' || r > '~' }) {
		d.add(d.at(n, "content_type"), "value", "not a media type", "write type/subtype")
	}
}

func (b *Body) reads(root, name string) bool {
	if b == nil {
		return false
	}
	return b.JSON != nil && b.JSON.tree.reads(root, name) || b.Variables != nil && b.Variables.tree.reads(root, name) ||
		b.GraphQL != nil && b.GraphQL.reads(root, name) || b.Text != nil && b.Text.reads(root, name) ||
		slices.ContainsFunc(b.Form, func(f Input) bool { return f.Value.reads(root, name) })
}

// takesRemote says whether the body has keys, which a caller's remote_query and the page can set.
func (b *Body) takesRemote() bool { return b != nil && b.Text == nil }

// object is the tree of the body's keys: of json, or of the variables; nil where it has none.
func (b *Body) object() *tree {
	switch {
	case b == nil:
	case b.JSON != nil:
		return &b.JSON.tree
	case b.Variables != nil:
		return &b.Variables.tree
	}
	return nil
}

// kind is the Content-Type to send.
func (b *Body) kind() string {
	switch {
	case b.ContentType != "":
		return b.ContentType
	case b.Text != nil:
		return "text/plain; charset=utf-8"
	case b.JSON == nil && b.GraphQL == nil:
		return formType
	}
	return "application/json"
}

const formType = "application/x-www-form-urlencoded"

// body renders the request's body with what the page puts into it, and the caller's keys over both.
func (b *builder) body(puts []pageValue) ([]byte, error) {
	spec := b.req.Body
	switch {
	case spec.Text != nil:
		text, _, err := spec.Text.text(b.in)
		if err != nil {
			return nil, fmt.Errorf("planning the body: %w", err)
		}
		return []byte(text), nil
	case spec.JSON == nil && spec.GraphQL == nil:
		return b.form(puts)
	}
	d := &doc{kind: '{'}
	if t := spec.object(); t != nil {
		var err error
		if d, err = t.render(b.in); err != nil {
			return nil, fmt.Errorf("planning the body: %w", err)
		}
	}
	for _, p := range puts {
		if p.key == "" {
			continue
		}
		if err := d.place(SplitPath(p.key), p.json); err != nil {
			return nil, fmt.Errorf("planning the body: %w", err)
		}
	}
	if err := b.over.body(d, b.in); err != nil {
		return nil, err
	}
	for _, p := range b.remote {
		if err := d.set(p, spec.Types); err != nil {
			return nil, err
		}
	}
	if spec.GraphQL == nil {
		return d.append(nil), nil
	}
	query, _, err := spec.GraphQL.text(b.in)
	if err != nil {
		return nil, fmt.Errorf("planning the body: %w", err)
	}
	out := append(jq.AppendString([]byte(`{"query":`), query), `,"variables":`...)
	return append(d.append(out), '}'), nil
}

// form renders the fields of a form. What the caller gives is held to its declared type.
func (b *builder) form(puts []pageValue) ([]byte, error) {
	out, err := inputs(b.req.Body.Form, b.in, "form field")
	if err != nil {
		return nil, err
	}
	for _, p := range puts {
		if p.key != "" {
			out = put(out, strings.Join(SplitPath(p.key), "."), p.text)
		}
	}
	if out, err = b.over.form(out, b.in); err != nil {
		return nil, err
	}
	out = b.remote.merge(out)
	for i, p := range b.remote {
		at := &out[len(out)-len(b.remote)+i]
		value, err := typed(p, b.req.Body.Types[strings.Join(p.Path, ".")])
		if err != nil {
			return nil, err
		}
		var list []string
		switch {
		case value[0] == '[' && json.Unmarshal(value, &list) == nil:
			at.values, at.list = list, true
		case value[0] != '"':
			at.values = []string{string(value)}
		}
	}
	return formBody(written(out, b.req.Arrays)), nil
}
