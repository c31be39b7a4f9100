package config

import (
	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/secret"
)

func (p *parser) accounts(n *yaml.Node, key string) {
	ids := map[string]string{}
	p.list(n, key, func(n *yaml.Node, key string) {
		a := &account.Account{Context: map[string]any{}, Credentials: map[string]secret.Value{}}
		ok := p.object(n, key,
			field{"id", p.word(&a.ID)},
			field{"connector", p.word(&a.Connector)},
			field{"tenant_id", p.str(&a.TenantID)},
			field{"context", func(n *yaml.Node, key string) { p.context(a, n, key) }},
			field{"credentials", func(n *yaml.Node, key string) { p.credentials(a, n, key) }},
			field{"overrides", func(n *yaml.Node, key string) { p.overrides(a, n, key) }},
		)
		if !ok {
			return
		}
		p.once(n, key, "id", a.ID, ids)
		if err := account.ValidID(a.ID); err != nil && a.ID != "" { // an empty one has its error
			p.failAt(p.places[key+".id"], key+".id", "%s", err)
		}
		if _, given := p.places[key+".connector"]; !given {
			p.fail(n, key, "connector is missing")
		}
		p.config.Accounts.Static = append(p.config.Accounts.Static, a)
	})
}

func (p *parser) context(a *account.Account, n *yaml.Node, key string) {
	p.pairs(n, key, func(k, v *yaml.Node, path string) {
		if isNull(v) {
			return
		}
		switch v.Kind {
		case yaml.SequenceNode:
			values := []any{}
			p.list(v, path, func(n *yaml.Node, key string) {
				if s, ok := p.plain(n, key); ok && s != nil {
					values = append(values, s)
				}
			})
			a.Context[k.Value] = values
			return
		case yaml.MappingNode:
			values := map[string]any{}
			p.pairs(v, path, func(k, v *yaml.Node, path string) {
				if isNull(v) {
					return
				}
				if s, ok := p.plain(v, path); ok && s != nil {
					values[k.Value] = s
				}
			})
			a.Context[k.Value] = values
			return
		}
		if s, ok := p.plain(v, path); ok && s != nil {
			a.Context[k.Value] = s
		}
	})
	a.BaseURLSet = account.SetsAddress(a.Context)
}

func (p *parser) credentials(a *account.Account, n *yaml.Node, key string) {
	p.pairs(n, key, func(k, v *yaml.Node, path string) {
		if isNull(v) {
			return
		}
		if s, ok := p.secretText(v, path); ok {
			a.Credentials[k.Value] = secret.New(s)
		}
	})
}
