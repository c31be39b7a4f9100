package proxy

import (
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
)

// Overrides are what a layer, an environment or an account, lays over a connector: over its mapping and over its
// requests. Either may be nil.
type Overrides struct {
	Layer    mapping.Layer
	Mapping  *mapping.Override
	Requests *connector.Override
}

// layers are the overrides of a connector and, where one is named, of an account, from below.
func (c *Catalog) layers(connectorName, accountID string) []Overrides {
	var out []Overrides
	if o, ok := c.Environment[connectorName]; ok {
		out = append(out, o)
	}
	if o, ok := c.Accounts[accountID]; ok && accountID != "" {
		out = append(out, o)
	}
	return out
}

// Program is a connector's mapping with the overrides laid over it: the environment's, and where one is named the
// account's. It is nil where the connector has no mapping.
func (c *Catalog) Program(connectorName, accountID string) *mapping.Program {
	p := c.Mappings[connectorName]
	for _, o := range c.layers(connectorName, accountID) {
		p = p.With(o.Mapping)
	}
	if p != nil && c.Tried != nil {
		p = p.Try(c.Tried)
	}
	return p
}

// requests are what the layers say of a resource's requests, and a number that changes with what they say of any.
func (c *Catalog) requests(connectorName, accountID, resource string) (over []*connector.RequestOverride, rev uint64) {
	for _, o := range c.layers(connectorName, accountID) {
		if o.Requests == nil {
			continue
		}
		rev = rev*prime ^ o.Requests.Hash()
		if r := o.Requests.Of(resource); r != nil {
			over = append(over, r)
		}
	}
	return over, rev
}

// sources are the texts that the layers lay over a resource's method, from below.
func (c *Catalog) sources(connectorName, accountID, resource, method string) (out []OverrideSource) {
	for _, o := range c.layers(connectorName, accountID) {
		if src, ok := o.Mapping.SourceOf(resource); ok {
			out = append(out, OverrideSource{o.Layer, "mapping", MappingSource{src.File, src.Text}})
		}
		if method == "list" && o.Requests.Of(resource) != nil {
			src := o.Requests.Source()
			out = append(out, OverrideSource{o.Layer, "requests", MappingSource{src.File, src.Text}})
		}
	}
	return out
}

// prime keeps the same text in two layers from cancelling itself out.
const prime = 1099511628211
