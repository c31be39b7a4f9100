package connector

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// sent are the keys of a page that say how a page is asked for, and not how one leads to the next.
var sent = []string{"size", "token_param", "token_key", "token_header", "more", "then"}

// Way is how a page leads to the next: the keys that are set and say so, such as next_url.
func (p *Page) Way() string {
	var way []string
	v := reflect.ValueOf(p).Elem()
	for _, f := range specOf(v.Type()).fields {
		if !slices.Contains(sent, f.key) && !v.FieldByIndex(f.index).IsZero() {
			way = append(way, f.key)
		}
	}
	return strings.Join(way, " and ")
}

// PageWays are the ways in which the lists of the resources and the lookups page, each with the calls that do.
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
			if way := call.Page.Way(); way != "" {
				out[way] = append(out[way], call)
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
