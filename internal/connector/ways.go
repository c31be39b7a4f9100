package connector

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// PageWays are the ways in which the lists of the resources and the lookups page, by the key that says so, each with the
// calls that do.
func (c *Connector) PageWays() map[string][]*CallSpec {
	out := map[string][]*CallSpec{}
	add := func(m *Method) {
		if m == nil {
			return
		}
		for _, call := range m.Calls {
			if call.Page == nil {
				continue
			}
			if styles := call.Page.styles(); len(styles) > 0 {
				out[styles[0].key] = append(out[styles[0].key], call)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Resources)) {
		add(c.Resources[name].List)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Lookups)) {
		add(c.Lookups[name].Method)
	}
	return out
}

// Path matches the paths that the request can have, behind whatever base_url begins them with.
func (r *Request) Path() *regexp.Regexp {
	var b strings.Builder
	for _, t := range []Template{r.GetPath, r.PostPath} {
		for _, p := range t.parts {
			if p.slot != nil {
				b.WriteString(".+")
			} else {
				b.WriteString(regexp.QuoteMeta(p.lit))
			}
		}
	}
	return regexp.MustCompile(b.String() + "$") // quoted text and .+ always compile
}
