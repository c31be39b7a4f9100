package connector

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"

	"go.yaml.in/yaml/v3"
)

// overlay are the overrides of one list, each laid over what stands before it.
type overlay []*RequestOverride

// overlay is what the scope lays over the method's requests: a get and a lookup have none.
func (m *Method) overlay(s *Scope) overlay {
	if m.purpose != "list" {
		return nil
	}
	return s.Overrides
}

// query lays parameters over those that the connector computed.
func (o overlay) query(query []Param, in map[string]any) ([]Param, error) {
	for _, r := range o {
		for _, f := range r.Query {
			v, err := f.Value.tree.value(in)
			if err != nil {
				return nil, fmt.Errorf("planning query parameter %s of an override: %w", f.Key, err)
			}
			query = slices.DeleteFunc(query, func(p Param) bool { return p.Key == f.Key })
			values, ok := v.([]any)
			if !ok {
				values = []any{v}
			}
			for _, v := range values {
				if v == nil {
					continue
				}
				s, ok := scalarText(v)
				if !ok {
					return nil, fmt.Errorf("planning query parameter %s of an override: an object is no parameter", f.Key)
				}
				query = append(query, Param{f.Key, s, f.Value.tree.owner()})
			}
		}
	}
	return query, nil
}

// headers lays headers over the connector's. They are set one by one, as the connector's own are.
func (o overlay) headers(in map[string]any, set func(key, value string, owner Owner) error, remove func(key string)) error {
	for _, r := range o {
		for _, f := range r.Headers {
			v, err := f.Value.tree.value(in)
			if err != nil {
				return fmt.Errorf("planning header %s of an override: %w", f.Key, err)
			}
			if remove(f.Key); v == nil {
				continue
			}
			s, ok := scalarText(v)
			if !ok {
				return fmt.Errorf("planning header %s of an override: a list or an object is no text", f.Key)
			}
			if err := set(f.Key, s, f.Value.tree.owner()); err != nil {
				return err
			}
		}
	}
	return nil
}

// body lays objects over the body.
func (o overlay) body(d *doc, in map[string]any) error {
	for _, r := range o {
		if r.Body == nil {
			continue
		}
		if err := d.lay(r.Body.tree, in); err != nil {
			return fmt.Errorf("planning the body of an override: %w", err)
		}
	}
	return nil
}

// keys are the query parameters and the body's top keys that carry the window.
func (o overlay) keys(owner Owner) []string {
	var out []string
	for _, r := range o {
		for _, f := range r.Query {
			if f.Value.tree.owner() == owner {
				out = append(out, f.Key)
			}
		}
		if r.Body == nil {
			continue
		}
		for i, kid := range r.Body.tree.kids {
			if kid.owner() == owner {
				out = append(out, r.Body.tree.keys[i])
			}
		}
	}
	return out
}

// lay lays an object over another: objects by key, null takes a key out, everything else replaces.
func (d *doc) lay(over tree, in map[string]any) error {
	for i, kid := range over.kids {
		key := over.keys[i]
		v, err := d.laid(key, kid, in)
		if err != nil {
			return err
		}
		at := slices.Index(d.keys, key)
		switch {
		case v == nil || v.kind == 0 && bytes.Equal(v.json, []byte("null")):
			d.remove(key)
		case at >= 0:
			d.kids[at] = v
		default:
			d.keys, d.kids = append(d.keys, key), append(d.kids, v)
		}
	}
	return nil
}

// laid is what a key holds with a value laid over it.
func (d *doc) laid(key string, over tree, in map[string]any) (*doc, error) {
	if over.kind != yaml.MappingNode {
		return over.render(in)
	}
	below := d.member(key)
	if below == nil || below.kind != '{' {
		below = &doc{kind: '{'}
	}
	return below, below.lay(over, in)
}

// sameHeader says whether a parameter is the header of a name.
func sameHeader(p Param, name string) bool {
	return http.CanonicalHeaderKey(p.Key) == http.CanonicalHeaderKey(name)
}
