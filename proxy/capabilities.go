package proxy

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
)

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
	Derived            string            `json:"derived,omitempty"`      // the field of usage that it is distinct over
	Asynchronous       bool              `json:"asynchronous,omitempty"` // the provider prepares a report first, which takes a while
	Granularities      []string          `json:"granularities,omitempty"`
	DefaultGranularity string            `json:"default_granularity,omitempty"`
	Filters            []string          `json:"filters,omitempty"`
	ProviderFilters    []string          `json:"provider_filters,omitempty"`
	Fields             []string          `json:"fields"`
	Layers             FieldLayers       `json:"field_layers,omitempty"`
	Omitted            map[string]string `json:"omitted,omitempty"`
	Approximated       map[string]string `json:"approximated,omitempty"`
	Pagination         Pagination        `json:"pagination"`
	RestatementDelay   string            `json:"restatement_delay,omitempty"`
	Scopes             []string          `json:"scopes,omitempty"`
	Gaps               []string          `json:"known_gaps,omitempty"`
}

// FieldLayers says of each filled field whose it is: the base mapping's, or the environment's or the account's override,
// the topmost that sets it. Without overrides there are none, and all is the base mapping's.
type FieldLayers map[string]mapping.Layer

// Pagination says how a list comes in pages: the gateway's always by its cursor, the provider's in its own way.
type Pagination struct {
	Type        string `json:"type"`                    // cursor
	Provider    string `json:"provider"`                // link, token, number, offset, index or none
	PageSize    int    `json:"page_size,omitempty"`     // asked of the provider
	MaxPageSize int    `json:"max_page_size,omitempty"` // that it takes
}

// CapabilitiesOf says what the account can do.
func (p *Proxy) CapabilitiesOf(ctx context.Context, who *principal.Principal, id string) (*Capabilities, error) {
	catalog := p.Catalog()
	a, err := p.account(ctx, catalog, who, id)
	if err != nil {
		return nil, err
	}
	conn := catalog.Connectors.Get(a.Connector)
	if conn == nil {
		return nil, problem.New(problem.AccountMisconfig, "the account names the connector %q, which is not installed", a.Connector)
	}
	c := describe(catalog, conn, a.Context, a)
	c.IntegratedAccountID = a.ID
	c.Limits.Deadline = p.Deadline.String()
	return c, nil
}

// Describe says what a connector can do with a context.
func Describe(catalog *Catalog, conn *connector.Connector, given map[string]any) *Capabilities {
	return describe(catalog, conn, given, nil)
}

func describe(catalog *Catalog, conn *connector.Connector, given map[string]any, acct *account.Account) *Capabilities {
	c := &Capabilities{
		Connector: conn.Name, Title: conn.Title, Docs: conn.Docs, Formats: formats,
		Accept:    []string{"application/json", "application/x-ndjson", "text/event-stream", "text/csv"},
		Limits:    LimitsView{DefaultLimit: DefaultLimit, MaxLimit: MaxLimit, Deadline: Deadline.String()},
		Resources: map[string]ResourceCapability{}, Proxy: append([]string{}, slices.Sorted(maps.Keys(conn.Proxy))...), Inferred: conn.Stated.Inferred,
	}
	if conn.Limits.Rate > 0 {
		c.Limits.ProviderRate = conn.Limits.String()
	}
	resolved, _ := conn.ResolveContext(given) // a context that is incomplete still has resources
	program := catalog.Program(conn.Name, acct)
	for name, r := range conn.Resources {
		c.Resources[name] = describeResource(catalog, conn, r, program, resolved)
	}
	return c
}

func describeResource(catalog *Catalog, conn *connector.Connector, r *connector.Resource, p *mapping.Program, context map[string]any) ResourceCapability {
	src := r
	if r.Derived != "" {
		src = conn.Resources["usage"]
	}
	v := ResourceCapability{Derived: r.Derived, Scopes: src.Scopes, Gaps: r.Gaps, Approximated: r.Approximates, Pagination: Pagination{Type: "cursor", Provider: "none"}}
	v.Fields, v.Layers, v.Omitted = fieldsOf(catalog, conn, r, p)
	if r.Get != nil {
		v.Methods = append(v.Methods, "get")
	}
	if src.List == nil {
		return v
	}
	v.Methods = append([]string{"list"}, v.Methods...)
	v.Asynchronous = slices.ContainsFunc(src.List.Calls, func(c *connector.CallSpec) bool { return c.Job != nil })
	v.Pagination = paginationOf(src.List)
	if src.List.Windowed() {
		v.Granularities = src.Granularities
		v.DefaultGranularity, _ = src.DefaultGranularity(context)
		v.RestatementDelay = hours(src.Restates)
	}
	if src.Name == "usage" {
		v.Filters, v.ProviderFilters = filtersOf(src, p), src.Filters
	}
	return v
}

func paginationOf(m *connector.Method) Pagination {
	p := Pagination{Type: "cursor", Provider: "none"}
	for _, c := range m.Calls {
		if style := c.Page.Style(); style != "none" {
			p.Provider = style
		}
	}
	size := m.PageSize()
	p.PageSize, p.MaxPageSize = size.Default, size.Max
	return p
}

// hours writes a delay without what it does not have: 72h.
func hours(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}

// fieldsOf are the fields of the model that the connector's resource fills with its overrides, in the model's order and
// with their layers, and why it leaves the others out: an object that is left out stands for its members.
func fieldsOf(catalog *Catalog, conn *connector.Connector, r *connector.Resource, p *mapping.Program) (filled []string, layers FieldLayers, omitted map[string]string) {
	reasons := map[string]string{}
	for path, why := range r.Omits {
		reasons[strings.ReplaceAll(path, "[]", "")] = why
	}
	layers, omitted = FieldLayers{}, map[string]string{}
	over := false
	field, derived := strings.CutPrefix(r.Derived, "usage.")
	for _, f := range catalog.Model.Fields(r.Name) {
		layer := mapping.Base
		switch {
		case p == nil:
		case derived:
			layer = p.LayerOf("usage", field+"."+f.Path)
		default:
			layer = p.LayerOf(r.Name, f.Path)
		}
		switch plain := strings.ReplaceAll(f.Path, "[]", ""); {
		case layer != mapping.Base && (!derived || inUsage(catalog, field+"."+f.Path)):
			filled, layers[f.Path], over = append(filled, f.Path), layer, true
		case reasons[plain] != "":
			omitted[f.Path] = reasons[plain]
		case r.Leaves(f.Path):
		case derived && (!inUsage(catalog, field+"."+f.Path) || conn.Resources["usage"].Leaves(field+"."+f.Path)):
			omitted[f.Path] = "the list is derived from usage, which does not state it"
		default:
			filled, layers[f.Path] = append(filled, f.Path), mapping.Base
		}
	}
	if !over {
		layers = nil
	}
	return filled, layers, omitted
}

// inUsage says whether a record of usage has the field at all.
func inUsage(catalog *Catalog, path string) bool {
	return slices.ContainsFunc(catalog.Model.Fields("usage"), func(f mapping.FieldInfo) bool { return f.Path == path })
}
