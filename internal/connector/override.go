package connector

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// Override is what an environment or an account lays over a connector's requests: by resource, what its list's calls
// ask for beside or in the place of what the connector says. It is immutable.
type Override struct {
	byResource map[string]*RequestOverride
	src        jq.Source
	hash       uint64
}

// RequestOverride is what is laid over the requests of one resource's list. Its values are literals and templates in the
// scope of a list's slots; null takes what the connector has out.
type RequestOverride struct {
	Query   []Setting `yaml:"query" doc:"query parameters; a list repeats one"`
	Headers []Setting `yaml:"headers" doc:"request headers, never those of auth"`
	Body    *Literal  `yaml:"body" doc:"an object that is laid over the body: over json or graphql's variables by key, or over the fields of a form"`
}

// Setting is one named value of an override.
type Setting struct {
	Key   string  `yaml:",key"`
	Value Literal `yaml:",value"`
}

// ParseOverride reads the overrides of a connector's requests: an object of a RequestOverride for each resource. It is
// nil where a finding is more than a warning. Findings stand where the source says that its text does.
func (c *Connector) ParseOverride(src jq.Source) (*Override, []jq.Finding) {
	return c.parseOverride(src, false)
}

// ParseUntrusted is ParseOverride for a text that is not the operator's: its slots hold paths and dates alone, for they run
// in this process.
func (c *Connector) ParseUntrusted(src jq.Source) (*Override, []jq.Finding) {
	return c.parseOverride(src, true)
}

func (c *Connector) parseOverride(src jq.Source, untrusted bool) (*Override, []jq.Finding) {
	d := &decoder{file: src.File, lines: strings.Split(src.Text, "\n"), scope: "list", untrusted: untrusted}
	o := &Override{src: src}
	if untrusted && len(src.Text) > jq.MaxUntrusted {
		d.addAt(1, 1, "size", fmt.Sprintf("the override has %d bytes, the limit is %d", len(src.Text), jq.MaxUntrusted), "leave out what the connector says already")
		return nil, d.finds
	}
	if root := d.root([]byte(src.Text), "start it with a resource, such as usage:"); root != nil {
		o.byResource = map[string]*RequestOverride{}
		d.pairs(root, func(k, v *yaml.Node) {
			d.call = c.callOf(k.Value)
			r := new(RequestOverride)
			d.value(v, reflect.ValueOf(r).Elem(), field{})
			o.byResource[k.Value] = r
			c.checkOverride(d, r, k, v)
		})
		d.checkSlots(c)
	}
	slices.SortStableFunc(d.finds, func(a, b jq.Finding) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col)) })
	for i, f := range d.finds {
		if src.At != nil {
			d.finds[i].Line, d.finds[i].Col = src.At(jq.OffsetOf(src.Text, f.Line, f.Col))
		}
	}
	if jq.Failed(d.finds) {
		return nil, d.finds
	}
	sum := sha256.Sum256([]byte(src.Text))
	o.hash = binary.LittleEndian.Uint64(sum[:])
	return o, d.finds
}

// Of is the override of a resource's list, nil where there is none.
func (o *Override) Of(resource string) *RequestOverride {
	if o == nil {
		return nil
	}
	return o.byResource[resource]
}

// Hash changes with the text.
func (o *Override) Hash() uint64 { return o.hash }

// Source is the text.
func (o *Override) Source() jq.Source { return o.src }

// listed is a resource that may have a list.
func (c *Connector) listed(name string) *Resource {
	if r := c.Resources[name]; r != nil {
		return r
	}
	return c.Proxy[name]
}

// callOf is a call of a resource's list that stands for all of them: where each has parents, slots may read .parent.
func (c *Connector) callOf(name string) *CallSpec {
	r := c.listed(name)
	if r == nil || r.List == nil || slices.ContainsFunc(r.List.Calls, func(c *CallSpec) bool { return c.Parents == nil }) {
		return nil
	}
	return r.List.Calls[0]
}

// signs says whether a way of signing that the connector has does something with a name.
func (c *Connector) signs(does func(*Signing) bool) bool {
	return slices.ContainsFunc(c.auths, func(a *Auth) bool {
		return does(&a.Signing) || slices.ContainsFunc(a.Any, func(s Signing) bool { return does(&s) })
	})
}

// checkOverride holds the override of a resource to the connector.
func (c *Connector) checkOverride(d *decoder, r *RequestOverride, key, n *yaml.Node) {
	known := c.listed(key.Value)
	switch {
	case known == nil:
		var names []string
		for name := range c.Resources {
			names = append(names, name)
		}
		slices.Sort(names)
		d.add(key, "unknown-resource", c.Name+" has no resource "+clip(key.Value), didYouMean(key.Value, names, "there are: "+strings.Join(names, ", ")))
		return
	case known.Derived != "":
		d.add(key, "derived", key.Value+" are derived from usage, and have no request of their own", "override usage")
		return
	case known.List == nil:
		d.add(key, "missing", "the connector has no list of "+key.Value, "remove it")
		return
	case !slices.ContainsFunc(known.List.Calls, func(c *CallSpec) bool { return c.Constant == nil }):
		d.add(key, "value", "the list of "+key.Value+" is made without a request", "override its mapping")
		return
	}
	signsQuery := func(name string) bool {
		return c.signs(func(s *Signing) bool {
			return slices.ContainsFunc(s.Query, func(f SecretField) bool { return f.Key == name })
		})
	}
	signsHeader := func(name string) bool {
		return c.signs(func(s *Signing) bool {
			return slices.ContainsFunc(s.Headers, func(f SecretField) bool { return http.CanonicalHeaderKey(f.Key) == name })
		})
	}
	for _, f := range r.Query {
		at := d.key(d.at(n, "query"), f.Key)
		switch {
		case signsQuery(f.Key):
			d.add(at, "credential", "the parameter "+f.Key+" is auth's to set", "remove it")
		case known.List.paged(func(p *Page) bool { return p.TokenParam == f.Key }):
			d.add(at, "value", "the parameter "+f.Key+" leads from page to page", "remove it")
		}
		d.checkScalars(f.Value.tree, d.at(d.at(n, "query"), f.Key))
	}
	for _, f := range r.Headers {
		at := d.key(d.at(n, "headers"), f.Key)
		name := http.CanonicalHeaderKey(f.Key)
		switch {
		case !validToken(f.Key):
			d.add(at, "value", "not a header's name", "")
		case slices.Contains(ownHeaders, name), signsHeader(name):
			d.add(at, "value", "the header "+f.Key+" is not an override's to set", "credentials go into auth")
		case known.List.paged(func(p *Page) bool { return http.CanonicalHeaderKey(p.TokenHeader) == name }):
			d.add(at, "value", "the header "+f.Key+" leads from page to page", "remove it")
		case f.Value.tree.kind != yaml.ScalarNode:
			d.wrongType(d.at(d.at(n, "headers"), f.Key), "a text")
		}
	}
	if r.Body != nil {
		d.checkOverBody(r.Body.tree, known.List, n)
	}
}

// paged says whether a call's way from page to page has a property.
func (m *Method) paged(is func(*Page) bool) bool {
	return slices.ContainsFunc(m.Calls, func(c *CallSpec) bool { return c.Page != nil && is(c.Page) })
}

// checkOverBody holds an override's body to what the calls' bodies are.
func (d *decoder) checkOverBody(t tree, m *Method, n *yaml.Node) {
	at := d.at(n, "body")
	has := func(is func(*Body) bool) bool {
		return slices.ContainsFunc(m.Calls, func(c *CallSpec) bool { return c.Body.takesRemote() && is(c.Body) })
	}
	isForm := func(b *Body) bool { return b.JSON == nil && b.GraphQL == nil }
	switch {
	case t.kind != yaml.MappingNode:
		d.wrongType(at, "an object")
		return
	case !has(func(*Body) bool { return true }):
		d.add(d.key(n, "body"), "value", "no call of the list has a body with keys", "put it into query")
	}
	for i, key := range t.keys {
		if has(isForm) {
			d.checkScalars(t.kids[i], d.at(at, key))
		}
		if m.paged(func(p *Page) bool {
			return p.TokenKey != "" && slices.Equal(SplitPath(p.TokenKey)[:1], []string{key}) && t.kids[i].sets(SplitPath(p.TokenKey)[1:])
		}) {
			d.add(d.key(at, key), "value", "the key "+key+" leads from page to page", "leave it out")
		}
	}
}

// sets says whether a value laid over another changes what stands at a path of it.
func (t tree) sets(path []string) bool {
	if len(path) == 0 || t.kind != yaml.MappingNode {
		return true
	}
	i := slices.Index(t.keys, path[0])
	return i >= 0 && t.kids[i].sets(path[1:])
}

// checkScalars refuses a parameter that is an object, or a list of more than scalars.
func (d *decoder) checkScalars(t tree, n *yaml.Node) {
	bad := func(t tree) bool { return t.kind != yaml.ScalarNode }
	if t.kind == yaml.MappingNode || slices.ContainsFunc(t.kids, bad) {
		d.wrongType(n, "a value, or a list of values")
	}
}
