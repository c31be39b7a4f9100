package proxy

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// Meta describes one method of a resource for a connector.
type Meta struct {
	Model     string            `json:"model"`
	Resource  string            `json:"resource"`
	Connector string            `json:"connector"`
	Method    string            `json:"method"`
	Schema    json.RawMessage   `json:"schema"`
	Fields    []string          `json:"fields"`
	Layers    FieldLayers       `json:"field_layers,omitempty"`
	Omitted   map[string]string `json:"omitted,omitempty"`
	Query     []string          `json:"query"`
	Mapping   MappingSource     `json:"mapping"`
	Overrides []OverrideSource  `json:"overrides,omitempty"`
}

// MappingSource is the jq that reads the provider's items.
type MappingSource struct {
	File   string `json:"file"`
	Source string `json:"source"`
}

// OverrideSource is what a layer lays over a resource: jq over its records, or values over the requests of its list.
type OverrideSource struct {
	Layer mapping.Layer `json:"layer"`
	Of    string        `json:"of"` // mapping or requests
	MappingSource
}

// MetaOf describes a method of a resource: for a connector by name, or for an account's.
func (p *Proxy) MetaOf(ctx context.Context, who *principal.Principal, model, resource, connectorName, accountID, method string) (*Meta, error) {
	if model != ModelName {
		return nil, notFoundModel(model)
	}
	catalog := p.Catalog()
	if !slices.Contains(catalog.Model.Names(), resource) {
		return nil, unknownResource(resource, catalog.Model.Names())
	}
	var acct *account.Account
	if connectorName == "" {
		var err error
		if acct, err = p.account(ctx, catalog, who, accountID); err != nil {
			return nil, err
		}
		connectorName = acct.Connector
	}
	if err := who.Allows(principal.Action{Area: model, Name: resource}); err != nil {
		return nil, err
	}
	conn := catalog.Connectors.Get(connectorName)
	if conn == nil {
		text := "there is no connector " + clip(connectorName, 80)
		if close := near.Word(connectorName, catalog.Connectors.Names()); close != "" {
			text += "; did you mean " + close + "?"
		}
		return nil, problem.New(problem.NotFound, "%s", text)
	}
	r := conn.Resources[resource]
	if r == nil || method == "get" && r.Get == nil || method == "list" && r.List == nil && r.Derived == "" || method != "get" && method != "list" {
		return nil, problem.New(problem.UnknownMethod, "the connector %s has no %s of %s", conn.Name, clip(method, 40), resource)
	}
	m := &Meta{Model: model, Resource: resource, Connector: conn.Name, Method: method}
	program := catalog.Program(conn.Name, acct)
	m.Query = queryOf(conn, r, program, method)
	m.Fields, m.Layers, m.Omitted = fieldsOf(catalog, conn, r, program)
	m.Schema = catalog.Model.Schema(resource)
	if program != nil {
		m.Mapping = MappingSource{File: program.Source().File, Source: program.Source().Text}
	}
	of := resource
	if r.Derived != "" {
		of = "usage"
	}
	m.Overrides = catalog.sources(conn.Name, acct, of, method)
	return m, nil
}

// queryOf are the parameters that mean something to a method, under their documented names.
func queryOf(conn *connector.Connector, r *connector.Resource, p *mapping.Program, method string) []string {
	query := []string{"integrated_account_id", "truto_ignore_remote_data", "truto_exclude_fields", "numbers", "strict", "remote_query"}
	if method == "get" {
		return query
	}
	query = append(query, "truto_response_format", "limit", "next_cursor", "truto_ignore_limit", "truto_key_by", "stream_meta")
	src := r
	if r.Derived != "" {
		src = conn.Resources["usage"]
	}
	if src.List != nil && src.List.Windowed() {
		query = append(query, dateParams...)
	}
	if src.Name == "usage" {
		query = append(query, filtersOf(src, p)...)
	}
	if r.Name == "usage" {
		query = append(query, "summary_by")
	}
	return query
}
