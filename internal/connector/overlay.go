package connector

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/bracket"
)

// overlay are the overrides of one list, each laid over what stands before it: over what the connector and its pages
// say, and below what the caller does.
type overlay []*RequestOverride

// overlay is what the scope lays over the method's requests: a get and a lookup have none.
func (m *Method) overlay(s *Scope) overlay {
	if m.purpose != "list" {
		return nil
	}
	return s.Overrides
}

// headersAlone is the overlay of a request that the connector has for later pages only, whose query and body are
// others.
func (o overlay) headersAlone() overlay {
	var out overlay
	for _, r := range o {
		out = append(out, &RequestOverride{Headers: r.Headers})
	}
	return out
}

// query lays parameters over those of the query.
func (o overlay) query(to []input, in any) ([]input, error) {
	for _, r := range o {
		for _, f := range r.Query {
			var err error
			if to, err = f.Value.tree.lay(to, f.Key, in); err != nil {
				return nil, fmt.Errorf("planning query parameter %s of an override: %w", f.Key, err)
			}
		}
	}
	return to, nil
}

// form lays fields over those of a form.
func (o overlay) form(to []input, in any) ([]input, error) {
	for _, r := range o {
		if r.Body == nil {
			continue
		}
		for i, key := range r.Body.tree.keys {
			var err error
			if to, err = r.Body.tree.kids[i].lay(to, key, in); err != nil {
				return nil, fmt.Errorf("planning form field %s of an override: %w", key, err)
			}
		}
	}
	return to, nil
}

// lay puts a value, or a list of them, in the place of a parameter; null takes it out.
func (t tree) lay(to []input, key string, in any) ([]input, error) {
	v, err := t.value(in)
	if err != nil {
		return nil, err
	}
	p := input{key: key, owner: ownerOf(t.reads)}
	elements, list := v.([]any)
	if p.list = list; !list {
		elements = []any{v}
	}
	for _, e := range elements {
		if e == nil {
			continue
		}
		s, ok := scalarText(e)
		if !ok {
			return nil, fmt.Errorf("an object is no parameter")
		}
		p.values = append(p.values, s)
	}
	to = slices.DeleteFunc(to, func(q input) bool { return q.key == key })
	if len(p.values) > 0 {
		to = append(to, p)
	}
	return to, nil
}

// headers lays headers over the connector's. They are set one by one, as the connector's own are.
func (o overlay) headers(in any, set func(name, value string, owner Owner) error, remove func(name string)) error {
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
			if err := set(f.Key, s, ownerOf(f.Value.tree.reads)); err != nil {
				return err
			}
		}
	}
	return nil
}

// body lays objects over the body.
func (o overlay) body(d *doc, in any) error {
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

// owns says whether a caller's key replaces something of an override that an owner has, as Request.owns does.
func (o overlay) owns(r *Request, owner Owner, p bracket.Pair) bool {
	return slices.ContainsFunc(o, func(over *RequestOverride) bool {
		if r.Body.takesRemote() {
			return over.Body != nil && over.Body.tree.owns(owner, p.Path)
		}
		return slices.ContainsFunc(over.Query, func(f Setting) bool { return sameName(f.Key, p.Key) && ownerOf(f.Value.tree.reads) == owner })
	})
}

// LookupsOf are the connector's lookups that the overrides of a list read.
func (c *Connector) LookupsOf(over []*RequestOverride) []string {
	if len(over) == 0 {
		return nil
	}
	return c.lookups(func(name string) bool {
		return slices.ContainsFunc(over, func(r *RequestOverride) bool {
			has := func(f Setting) bool { return f.Value.tree.reads("lookups", name) }
			return slices.ContainsFunc(r.Query, has) || slices.ContainsFunc(r.Headers, has) || r.Body != nil && r.Body.tree.reads("lookups", name)
		})
	})
}

// lay lays an object over another: objects by key, null takes a key out, everything else replaces.
func (d *doc) lay(over tree, in any) error {
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
func (d *doc) laid(key string, over tree, in any) (*doc, error) {
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
