package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
)

// callLine is a call in a line: what is asked, how the range is sliced, and how pages follow each other.
func callLine(c *connector.CallSpec) string {
	if c.Constant != nil {
		return "the account's context, without a call"
	}
	parts := []string{requestLine(c.Request)}
	if c.Parents != nil {
		parts = append(parts, "for each of "+requestLine(c.Parents.Request))
	}
	if c.Job != nil {
		parts = append(parts, "a report that is waited for")
	}
	if c.Format != "json" {
		parts = append(parts, strings.ToUpper(c.Format))
	}
	if w := c.Window; w != nil {
		switch {
		case !w.Max.IsZero():
			parts = append(parts, "slices of at most "+w.Max.String())
		case w.Align != "":
			parts = append(parts, "slices by "+w.Align)
		}
		if w.Resolution != "" {
			parts = append(parts, "in whole "+w.Resolution+"s")
		}
		if !w.Oldest.IsZero() {
			parts = append(parts, "kept for "+w.Oldest.String())
		}
	}
	if p := c.Page; p != nil {
		how := "pages by " + p.Style()
		if p.Style() == "link" {
			how = "pages by next link"
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
	if a.Digest != nil {
		parts = append(parts, "HTTP digest")
	}
	if o := a.OAuth2; o != nil {
		parts = append(parts, "OAuth 2 "+strings.ReplaceAll(o.Grant, "_", " "))
	}
	if a.JWT != nil {
		parts = append(parts, "a JWT of its own, "+a.JWT.Alg)
	}
	if a.SigV4 != nil {
		parts = append(parts, "AWS Signature Version 4")
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
	if len(a.Cookies) > 0 {
		parts = append(parts, "cookies "+names(a.Cookies))
	}
	if len(a.Any) > 0 {
		var kinds []string
		for _, one := range a.Any {
			kinds = append(kinds, authKind(connector.Auth{Signing: one}))
		}
		parts = append(parts, strings.Join(kinds, ", or "))
	}
	if len(parts) == 0 {
		return "none"
	}
	return join(parts...)
}

func (c credentialView) says() string {
	if c.Optional {
		return join(c.Title, "optional", c.Docs)
	}
	return join(c.Title, c.Docs)
}

func (c *connectorView) resourceNames() []string {
	var names []string
	for _, r := range c.Resources {
		names = append(names, r.Name)
	}
	return names
}

// resourcesSaid are the resources, and of each whose mapping is not compiled how it is run.
func (c *connectorView) resourcesSaid() []string {
	names := c.resourceNames()
	for i, r := range c.Resources {
		if r.Mapping != mapping.Compiled && r.Mapping != "" {
			names[i] += " (" + string(r.Mapping) + ")"
		}
	}
	return names
}

// saidOfMappings says of all connectors together how their mappings are run.
func saidOfMappings(views []*connectorView) string {
	for _, c := range views {
		if !slices.Equal(c.resourcesSaid(), c.resourceNames()) {
			return "Mappings are compiled but for those that say so, and meterbridge lint says why"
		}
	}
	return "All mappings are compiled"
}

func (c *connectorView) limits() string {
	if c.Limits == "" {
		return "none published; Retry-After and the rate-limit headers govern"
	}
	return c.Limits
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
