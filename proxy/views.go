package proxy

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// AccountView is an integrated account as the wire shows it: never a secret.
type AccountView struct {
	ID        string         `json:"id"`
	Connector string         `json:"connector"`
	TenantID  *string        `json:"tenant_id"`
	Status    account.Status `json:"status"`
	LastError *string        `json:"last_error"`
	Context   map[string]any `json:"context"`
}

// ListAccounts are the accounts that the caller may see.
func (p *Proxy) ListAccounts(ctx context.Context, who Principal) ([]AccountView, error) {
	all, err := p.Accounts.List(ctx)
	if err != nil {
		return nil, err
	}
	out := []AccountView{}
	for _, a := range all {
		if who.Sees(a) {
			out = append(out, p.view(a))
		}
	}
	return out, nil
}

// GetAccount is one of them.
func (p *Proxy) GetAccount(ctx context.Context, who Principal, id string) (AccountView, error) {
	a, err := p.account(ctx, who, id)
	if err != nil {
		return AccountView{}, err
	}
	return p.view(a), nil
}

func (p *Proxy) view(a *account.Account) AccountView {
	v := AccountView{ID: a.ID, Connector: a.Connector, Context: a.Context}
	if v.Context == nil {
		v.Context = map[string]any{}
	}
	if a.TenantID != "" {
		v.TenantID = &a.TenantID
	}
	st := p.States.Get(a.ID)
	if v.Status = st.Status; st.LastError != "" {
		v.LastError = &st.LastError
	}
	return v
}

// Capabilities says what an account can do.
type Capabilities struct {
	IntegratedAccountID string                        `json:"integrated_account_id"`
	Connector           string                        `json:"connector"`
	Title               string                        `json:"title"`
	Docs                string                        `json:"docs,omitempty"`
	Formats             []Format                      `json:"formats"`
	Accept              []string                      `json:"accept"`
	Limits              LimitsView                    `json:"limits"`
	Resources           map[string]ResourceCapability `json:"resources"`
	Proxy               []string                      `json:"proxy"`
	Inferred            []string                      `json:"inferred,omitempty"`
}

// LimitsView are the limits that a caller meets.
type LimitsView struct {
	DefaultLimit int    `json:"default_limit"`
	MaxLimit     int    `json:"max_limit"`
	Deadline     string `json:"deadline"`
	ProviderRate string `json:"provider_rate,omitempty"`
}

// ResourceCapability says what one resource of an account can do.
type ResourceCapability struct {
	Methods            []string          `json:"methods"`
	Derived            string            `json:"derived,omitempty"`
	Granularities      []string          `json:"granularities,omitempty"`
	DefaultGranularity string            `json:"default_granularity,omitempty"`
	Filters            []string          `json:"filters,omitempty"`
	ProviderFilters    []string          `json:"provider_filters,omitempty"`
	Fields             []string          `json:"fields"`
	Omitted            map[string]string `json:"omitted,omitempty"`
	Pagination         string            `json:"pagination"`
	RestatementDelay   string            `json:"restatement_delay,omitempty"`
	Scopes             []string          `json:"scopes,omitempty"`
	Gaps               []string          `json:"known_gaps,omitempty"`
}

// CapabilitiesOf says what the account can do.
func (p *Proxy) CapabilitiesOf(ctx context.Context, who Principal, id string) (*Capabilities, error) {
	a, err := p.account(ctx, who, id)
	if err != nil {
		return nil, err
	}
	catalog := p.Catalog()
	conn := catalog.Connectors.Get(a.Connector)
	if conn == nil {
		return nil, problem.New(problem.AccountMisconfig, "the account names the connector %q, which is not installed", a.Connector)
	}
	c := Describe(catalog, conn, a.Context)
	c.IntegratedAccountID = a.ID
	c.Limits.Deadline = p.Deadline.String()
	return c, nil
}

// Describe says what a connector can do with a context.
func Describe(catalog *Catalog, conn *connector.Connector, given map[string]any) *Capabilities {
	c := &Capabilities{
		Connector: conn.Name, Title: conn.Title, Docs: conn.Docs, Formats: formats,
		Accept:    []string{"application/json", "application/x-ndjson", "text/event-stream", "text/csv"},
		Limits:    LimitsView{DefaultLimit: DefaultLimit, MaxLimit: MaxLimit, Deadline: Deadline.String()},
		Resources: map[string]ResourceCapability{}, Proxy: slices.Sorted(maps.Keys(conn.Proxy)), Inferred: conn.Stated.Inferred,
	}
	if conn.Limits.Rate > 0 {
		c.Limits.ProviderRate = conn.Limits.String()
	}
	resolved, _ := conn.ResolveContext(given) // a context that is incomplete still has resources
	for name, r := range conn.Resources {
		c.Resources[name] = describeResource(catalog, conn, r, resolved)
	}
	return c
}

func describeResource(catalog *Catalog, conn *connector.Connector, r *connector.Resource, context map[string]any) ResourceCapability {
	v := ResourceCapability{Derived: r.Derived, Scopes: r.Scopes, Gaps: r.Gaps, Omitted: r.Omits, Fields: Filled(catalog, r)}
	src := r
	if r.Derived != "" {
		src = conn.Resources["usage"]
	}
	v.Pagination = "cursor"
	if r.List != nil || r.Derived != "" {
		v.Methods = append(v.Methods, "list")
	}
	if r.Get != nil {
		v.Methods = append(v.Methods, "get")
	}
	if src.List != nil && src.List.Windowed() {
		v.Granularities = src.Granularities
		v.DefaultGranularity, _ = src.DefaultGranularity(context)
	}
	if r.Name == "usage" {
		v.Filters, v.ProviderFilters = filtersOf(r), r.Filters
		if d := r.Restates; d > 0 {
			v.RestatementDelay = d.String()
		}
	}
	return v
}

// Filled are the fields of the model that the connector's resource fills, in the model's order.
func Filled(catalog *Catalog, r *connector.Resource) []string {
	var out []string
	for _, f := range catalog.Model.Fields(r.Name) {
		if !r.Leaves(f.Path) {
			out = append(out, f.Path)
		}
	}
	return out
}

// Meta describes one method of a resource for a connector.
type Meta struct {
	Model     string            `json:"model"`
	Resource  string            `json:"resource"`
	Connector string            `json:"connector"`
	Method    string            `json:"method"`
	Schema    json.RawMessage   `json:"schema"`
	Fields    []string          `json:"fields"`
	Omitted   map[string]string `json:"omitted,omitempty"`
	Query     []string          `json:"query"`
	Mapping   MappingSource     `json:"mapping"`
}

// MappingSource is the jq that reads the provider's items.
type MappingSource struct {
	File   string `json:"file"`
	Source string `json:"source"`
}

// MetaOf describes a method of a resource: for a connector by name, or for an account's.
func (p *Proxy) MetaOf(ctx context.Context, who Principal, model, resource, connectorName, accountID, method string) (*Meta, error) {
	if model != ModelName {
		return nil, notFoundModel(model)
	}
	catalog := p.Catalog()
	if !slices.Contains(catalog.Model.Names(), resource) {
		return nil, unknownResource(resource, catalog.Model.Names())
	}
	if connectorName == "" {
		a, err := p.account(ctx, who, accountID)
		if err != nil {
			return nil, err
		}
		connectorName = a.Connector
	}
	conn := catalog.Connectors.Get(connectorName)
	if conn == nil {
		text := "there is no connector " + clip(connectorName, 80)
		if near := nearest(connectorName, catalog.Connectors.Names()); near != "" {
			text += "; did you mean " + near + "?"
		}
		return nil, problem.New(problem.NotFound, "%s", text)
	}
	r := conn.Resources[resource]
	if r == nil || method == "get" && r.Get == nil || method != "get" && method != "list" {
		return nil, problem.New(problem.UnknownMethod, "the connector %s has no %s of %s", conn.Name, clip(method, 40), resource)
	}
	m := &Meta{Model: model, Resource: resource, Connector: conn.Name, Method: method, Fields: Filled(catalog, r), Omitted: r.Omits, Query: ParameterNames()}
	m.Schema = catalog.Model.Schema(resource)
	if program := catalog.Mappings[conn.Name]; program != nil {
		m.Mapping = MappingSource{File: program.Source().File, Source: program.Source().Text}
	}
	return m, nil
}
