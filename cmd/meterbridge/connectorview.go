package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/proxy"
)

// connectorView is a connector as the command line shows it.
type connectorView struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	About       string           `json:"about,omitempty"`
	Docs        string           `json:"docs,omitempty"`
	Setup       []string         `json:"setup,omitempty"`
	Auth        string           `json:"auth"`
	Credentials []credentialView `json:"credentials"`
	Context     []contextView    `json:"context"`
	Check       string           `json:"check,omitempty"`
	Limits      string           `json:"limits,omitempty"`
	Formats     []proxy.Format   `json:"formats"`
	Accept      []string         `json:"accept"`
	Resources   []resourceView   `json:"resources"`
	Proxy       []resourceView   `json:"proxy"`
	Errors      []string         `json:"errors,omitempty"`
	Inferred    []string         `json:"inferred,omitempty"`
}

type credentialView struct {
	Name     string `json:"name"`
	Title    string `json:"title,omitempty"`
	Secret   bool   `json:"secret"`
	Optional bool   `json:"optional,omitempty"` // declared so, or one alternative's
	Docs     string `json:"docs,omitempty"`
	first    bool   // needed for a first call
}

type contextView struct {
	Name     string   `json:"name"`
	Title    string   `json:"title,omitempty"`
	Type     string   `json:"type"`
	Default  any      `json:"default,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Required bool     `json:"required"`
}

type resourceView struct {
	Name               string       `json:"name"`
	Derived            string       `json:"derived,omitempty"`
	Mapping            mapping.Runs `json:"mapping,omitempty"` // how it is run
	Methods            []methodView `json:"methods"`
	Granularities      []string     `json:"granularities,omitempty"`
	DefaultGranularity string       `json:"default_granularity,omitempty"`
	Restates           string       `json:"restatement_delay,omitempty"`
	Scopes             []string     `json:"scopes,omitempty"`
	Filters            []string     `json:"filters,omitempty"`
	ProviderFilters    []string     `json:"provider_filters,omitempty"`
	Fields             []string     `json:"fields,omitempty"`
	Approximated       []omission   `json:"approximated,omitempty"`
	Omitted            []omission   `json:"omitted,omitempty"`
	Gaps               []string     `json:"known_gaps,omitempty"`
}

// omission is a field that is not filled, or not quite, and what the connector says about it.
type omission struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

type methodView struct {
	Name  string   `json:"name"`
	Calls []string `json:"calls"`
}

// describeAll reads what is installed.
func describeAll(f folders) ([]*connectorView, error) {
	catalog, err := f.files().Catalog()
	if err != nil {
		return nil, err
	}
	var out []*connectorView
	for _, name := range catalog.Connectors.Names() {
		out = append(out, describe(catalog, catalog.Connectors.Get(name)))
	}
	return out, nil
}

func describe(catalog *proxy.Catalog, c *connector.Connector) *connectorView {
	caps := proxy.Describe(catalog, c, nil)
	v := &connectorView{
		Name: c.Name, Title: c.Title, About: c.About, Docs: c.Docs, Setup: c.Setup, Errors: errorRules(c.Errors), Auth: authKind(c.Auth), Limits: c.Limits.String(), Formats: caps.Formats,
		Accept: caps.Accept, Inferred: c.Stated.Inferred, Credentials: []credentialView{}, Context: []contextView{}, Proxy: []resourceView{},
	}
	demanded, first := map[string]bool{}, map[string]bool{}
	for _, lack := range c.MissingCredentials(func(string) bool { return false }) {
		for _, name := range lack[0] {
			demanded[name], first[name] = len(lack) == 1, true
		}
	}
	for _, cr := range c.Credentials {
		v.Credentials = append(v.Credentials, credentialView{cr.Name, cr.Title, cr.Secret, !demanded[cr.Name], cr.Docs, first[cr.Name]})
	}
	defaults, _ := c.ResolveContext(placeholders(c, "")) // where not even these do, there is nothing to show
	for _, x := range c.Context {
		v.Context = append(v.Context, contextView{x.Name, x.Title, x.Type, defaultOf(x, defaults), x.Enum, required(c, x)})
	}
	if c.Check != nil {
		v.Check = requestLine(c.Check.Request)
	}
	for _, name := range catalog.Model.Names() {
		if r := c.Resources[name]; r != nil {
			v.Resources = append(v.Resources, describeResource(caps.Resources[name], r, catalog.Mappings[c.Name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Proxy)) {
		v.Proxy = append(v.Proxy, resourceView{Name: name, Methods: methods(c.Proxy[name])})
	}
	return v
}

// placeholders stand for variables that have no default, so that the defaults that follow from them can be shown.
func placeholders(c *connector.Connector, but string) map[string]any {
	given := map[string]any{}
	for _, x := range c.Context {
		switch {
		case x.Name == but, x.Default != nil, x.Type != "string":
		case len(x.Enum) > 0:
			given[x.Name] = x.Enum[0]
		case strings.HasSuffix(x.Name, "_url"):
			given[x.Name] = "https://" + x.Name
		default:
			given[x.Name] = strings.ToUpper(x.Name)
		}
	}
	return given
}

// required says whether nothing works without the variable: it is declared so, or an address follows from it.
func required(c *connector.Connector, x connector.ContextVar) bool {
	_, err := c.ResolveContext(placeholders(c, x.Name))
	return x.Default == nil && err != nil
}

func defaultOf(x connector.ContextVar, resolved map[string]any) any {
	if x.Default == nil {
		return nil
	}
	return resolved[x.Name]
}

func describeResource(caps proxy.ResourceCapability, r *connector.Resource, p *mapping.Program) resourceView {
	v := resourceView{
		Name: r.Name, Derived: r.Derived, Mapping: p.Runs(r.Name), Methods: methods(r), Granularities: caps.Granularities, DefaultGranularity: caps.DefaultGranularity,
		Scopes: r.Scopes, Filters: caps.Filters, ProviderFilters: caps.ProviderFilters, Fields: caps.Fields, Gaps: r.Gaps,
	}
	if r.Restates > 0 {
		v.Restates = r.Restates.String()
	}
	if r.Derived != "" {
		v.Fields = nil // they are what usage says of it
	}
	v.Omitted, v.Approximated = omissions(r.Omits), omissions(r.Approximates)
	return v
}

func omissions(said map[string]string) []omission {
	var out []omission
	for _, field := range slices.Sorted(maps.Keys(said)) {
		out = append(out, omission{field, said[field]})
	}
	return out
}

func methods(r *connector.Resource) []methodView {
	out := []methodView{}
	for _, m := range []struct {
		name   string
		method *connector.Method
	}{{"list", r.List}, {"get", r.Get}} {
		if m.method == nil {
			continue
		}
		v := methodView{Name: m.name}
		for _, c := range m.method.Calls {
			line := callLine(c)
			if c.Name != "" && len(m.method.Calls) > 1 {
				line = c.Name + ": " + line
			}
			v.Calls = append(v.Calls, line)
		}
		out = append(out, v)
	}
	return out
}
