package connector

import (
	"fmt"
	"slices"
	"strings"
)

// PageSize is the size of the provider's pages for this method, zero where it takes none.
func (m *Method) PageSize() PageSize {
	for _, c := range m.Calls {
		if c.Page != nil && c.Page.Size != nil {
			return *c.Page.Size
		}
	}
	return PageSize{}
}

// Lookups are the connector's lookups that the choice among the calls reads: a plan has to wait for them.
func (m *Method) Lookups(c *Connector) []string {
	return c.lookups(func(name string) bool {
		return slices.ContainsFunc(m.Calls, func(call *CallSpec) bool { return call.When.reads("lookups", name) })
	})
}

// Lookups are the connector's lookups that the call itself reads.
func (c *CallSpec) Lookups(of *Connector) []string {
	return of.lookups(func(name string) bool { return c.reads("lookups", name) })
}

func (c *Connector) lookups(read func(name string) bool) []string {
	var out []string
	for name := range c.Lookups {
		if read(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Leaves says whether the resource leaves a field of the model out; path is the model's: charges[].type.
func (r *Resource) Leaves(path string) bool {
	path = strings.ReplaceAll(path, "[]", "")
	for p := range r.Omits {
		if p = strings.ReplaceAll(p, "[]", ""); path == p || strings.HasPrefix(path, p+".") {
			return true
		}
	}
	return false
}

// String is the limit for people: "4 calls in 1s, 10 at a time".
func (l Limits) String() string {
	var parts []string
	if l.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%d calls in %s", l.Rate, l.Per))
	}
	if l.Concurrency > 0 {
		parts = append(parts, fmt.Sprintf("%d at a time", l.Concurrency))
	}
	return strings.Join(parts, ", ")
}

// Has says whether the status is one of them.
func (l Statuses) Has(status int) bool { return slices.Contains(l, status) }
