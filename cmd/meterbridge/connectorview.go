package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/proxy"
)

// connectorView is a connector as the command line shows it.
type connectorView struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Docs        string           `json:"docs,omitempty"`
	Auth        string           `json:"auth"`
	Credentials []credentialView `json:"credentials"`
	Context     []contextView    `json:"context"`
	Check       string           `json:"check,omitempty"`
	Limits      string           `json:"limits,omitempty"`
	Formats     []proxy.Format   `json:"formats"`
	Accept      []string         `json:"accept"`
	Resources   []resourceView   `json:"resources"`
	Proxy       []resourceView   `json:"proxy"`
	Inferred    []string         `json:"inferred,omitempty"`
}

type credentialView struct {
	Name   string `json:"name"`
	Title  string `json:"title,omitempty"`
	Secret bool   `json:"secret"`
	Docs   string `json:"docs,omitempty"`
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
	Methods            []methodView `json:"methods"`
	Granularities      []string     `json:"granularities,omitempty"`
	DefaultGranularity string       `json:"default_granularity,omitempty"`
	Restates           string       `json:"restatement_delay,omitempty"`
	Scopes             []string     `json:"scopes,omitempty"`
	Filters            []string     `json:"filters,omitempty"`
	ProviderFilters    []string     `json:"provider_filters,omitempty"`
	Fields             []string     `json:"fields,omitempty"`
	Omitted            []omission   `json:"omitted,omitempty"`
	Gaps               []string     `json:"known_gaps,omitempty"`
}

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
		Name: c.Name, Title: c.Title, Docs: c.Docs, Auth: authKind(c.Auth), Limits: c.Limits.String(), Formats: caps.Formats,
		Accept: caps.Accept, Inferred: c.Stated.Inferred, Credentials: []credentialView{}, Context: []contextView{}, Proxy: []resourceView{},
	}
	for _, cr := range c.Credentials {
		v.Credentials = append(v.Credentials, credentialView{cr.Name, cr.Title, cr.Secret, cr.Docs})
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
			v.Resources = append(v.Resources, describeResource(caps.Resources[name], r))
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

func describeResource(caps proxy.ResourceCapability, r *connector.Resource) resourceView {
	v := resourceView{
		Name: r.Name, Derived: r.Derived, Methods: methods(r), Granularities: caps.Granularities, DefaultGranularity: caps.DefaultGranularity,
		Scopes: r.Scopes, Filters: caps.Filters, ProviderFilters: caps.ProviderFilters, Fields: caps.Fields, Gaps: r.Gaps,
	}
	if r.Restates > 0 {
		v.Restates = r.Restates.String()
	}
	if r.Derived != "" {
		v.Fields = nil // they are what usage says of it
	}
	for _, field := range slices.Sorted(maps.Keys(r.Omits)) {
		v.Omitted = append(v.Omitted, omission{field, r.Omits[field]})
	}
	return v
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

// callLine is a call in a line: what is asked, how the range is sliced, and how pages follow each other.
func callLine(c *connector.CallSpec) string {
	parts := []string{requestLine(c.Request)}
	if c.Job != nil {
		parts = append(parts, "a report that is waited for")
	}
	if c.Format == "csv" {
		parts = append(parts, "CSV")
	}
	if w := c.Window; w != nil {
		switch {
		case !w.Max.IsZero():
			parts = append(parts, "slices of at most "+w.Max.String())
		case w.Align != "":
			parts = append(parts, "slices by "+w.Align)
		}
		if !w.Oldest.IsZero() {
			parts = append(parts, "kept for "+w.Oldest.String())
		}
	}
	if p := c.Page; p != nil {
		how := "pages by next link"
		if len(p.NextURL) == 0 {
			how = "pages by token"
		}
		if s := p.Size; s != nil {
			how += fmt.Sprintf(" of %d", s.Default)
			if s.Max > 0 {
				how += fmt.Sprintf(" (at most %d)", s.Max)
			}
		}
		parts = append(parts, how)
	}
	if c.Fallback {
		parts = append(parts, "where the one before had nothing")
	}
	return join(parts...)
}

func requestLine(r connector.Request) string {
	if p := r.PostPath.String(); p != "" {
		return "POST " + p
	}
	return "GET " + r.GetPath.String()
}

// authKind says how calls are signed.
func authKind(a connector.Auth) string {
	var parts []string
	if a.Basic != nil {
		parts = append(parts, "HTTP basic")
	}
	if o := a.OAuth2; o != nil {
		parts = append(parts, "OAuth 2 "+strings.ReplaceAll(o.Grant, "_", " "))
	}
	names := func(fields []connector.SecretField) string {
		var keys []string
		for _, f := range fields {
			keys = append(keys, f.Key)
		}
		return strings.Join(keys, ", ")
	}
	if len(a.Headers) > 0 {
		parts = append(parts, "headers "+names(a.Headers))
	}
	if len(a.Query) > 0 {
		parts = append(parts, "query "+names(a.Query))
	}
	if len(parts) == 0 {
		return "none"
	}
	return join(parts...)
}

func (c *connectorView) resourceNames() []string {
	var names []string
	for _, r := range c.Resources {
		names = append(names, r.Name)
	}
	return names
}

// periods are those of usage, the default first.
func (c *connectorView) periods() string {
	for _, r := range c.Resources {
		if r.Name == "usage" {
			return r.periods()
		}
	}
	return ""
}

func (r resourceView) periods() string {
	var out []string
	for _, g := range r.Granularities {
		if g == r.DefaultGranularity && len(r.Granularities) > 1 {
			g += " (default)"
		}
		out = append(out, g)
	}
	return strings.Join(out, ", ")
}

func (r resourceView) filters() string {
	if len(r.Filters) == 0 {
		return ""
	}
	s := strings.Join(r.Filters, ", ")
	if len(r.ProviderFilters) > 0 {
		s += " (the provider itself: " + strings.Join(r.ProviderFilters, ", ") + ")"
	}
	return s
}

// restates says for how long figures change, in days where it is days.
func (r resourceView) restates() string {
	d, err := time.ParseDuration(r.Restates)
	if err != nil {
		return ""
	}
	if days := int(d.Hours() / 24); d == time.Duration(days)*24*time.Hour && days > 0 {
		return "figures may change for " + count(days, "day")
	}
	return "figures may change for " + count(int(d.Hours()), "hour")
}

func (m methodView) says() string { return strings.Join(m.Calls, "; or ") }

func (v contextView) says() string {
	s := v.Title
	if len(v.Enum) > 0 {
		s += ": " + strings.Join(v.Enum, " | ")
	}
	text, isText := v.Default.(string)
	if b, err := json.Marshal(v.Default); !isText && v.Default != nil && err == nil {
		text = string(b)
	}
	switch {
	case text != "":
		s += " [default: " + text + "]"
	case v.Required:
		s += " [required]"
	}
	return s
}
