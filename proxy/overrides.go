package proxy

import (
	"github.com/meterbridge/meterbridge/internal/account"
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
func (c *Catalog) layers(connectorName string, acct *account.Account) []Overrides {
	var out []Overrides
	if o, ok := c.Environment[connectorName]; ok {
		out = append(out, o)
	}
	if acct != nil {
		if o, err := c.Own(acct); err == nil && o != nil {
			out = append(out, *o)
		}
	}
	return out
}

// compiled are the overrides of an account as it was when they were compiled.
type compiled struct {
	acct *account.Account
	over *Overrides
	err  error
}

// Own are the overrides that an account brings, nil where it has none. Those of the configuration were compiled when it was
// loaded; those of an account in a database are when it is first met. An error says why they can't be served.
func (c *Catalog) Own(acct *account.Account) (*Overrides, error) {
	if o, ok := c.Accounts[acct.ID]; ok {
		return &o, nil
	}
	if acct.Overrides == nil || c.Compile == nil {
		return nil, nil
	}
	if known, ok := c.own.Load(acct.ID); ok && known.(*compiled).acct == acct {
		return known.(*compiled).over, known.(*compiled).err
	}
	made := &compiled{acct: acct}
	if over, err := c.Compile(acct); err != nil {
		made.err = err
	} else {
		made.over = &over
	}
	if c.owned.Add(1) > account.MaxCached { // accounts of a database come and go
		c.own.Clear()
		c.owned.Store(1)
	}
	c.own.Store(acct.ID, made)
	return made.over, made.err
}

// Program is a connector's mapping with the overrides laid over it: the environment's, and where one is named the
// account's. It is nil where the connector has no mapping.
func (c *Catalog) Program(connectorName string, acct *account.Account) *mapping.Program {
	p := c.Mappings[connectorName]
	for _, o := range c.layers(connectorName, acct) {
		p = p.With(o.Mapping)
	}
	if p != nil && c.Tried != nil {
		p = p.Try(c.Tried)
	}
	return p
}

// requests are what the layers say of a resource's requests, and a number that changes with what they say of any.
func (c *Catalog) requests(connectorName string, acct *account.Account, resource string) (over []*connector.RequestOverride, rev uint64) {
	for _, o := range c.layers(connectorName, acct) {
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
func (c *Catalog) sources(connectorName string, acct *account.Account, resource, method string) (out []OverrideSource) {
	for _, o := range c.layers(connectorName, acct) {
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
