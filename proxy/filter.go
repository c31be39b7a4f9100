package proxy

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// filter is what the caller wants to see, applied to every record whatever the provider was asked for.
type filter map[string][]string

// filterPaths are the fields of the model that a filter looks at: AND between filters, OR within one and between its
// fields.
var filterPaths = map[string][]string{
	"product_id":      {"product.id"},
	"organization_id": {"organization.id"},
	"workspace_id":    {"workspace.id", "resources[].workspace.id"},
	"resource_id":     {"resources[].id"},
	"user_id":         {"user.id"},
	"metric_name":     {"metric_name"},
}

// inRecord are the same as names, one within the other. Lists on the way are looked into.
var inRecord = func() map[string][][]string {
	out := map[string][][]string{}
	for name, paths := range filterPaths {
		for _, p := range paths {
			out[name] = append(out[name], strings.Split(strings.ReplaceAll(p, "[]", ""), "."))
		}
	}
	return out
}()

// keep looks at a mapping's output.
func (f filter) keep(json []byte) bool {
	for name, want := range f {
		if !slices.ContainsFunc(inRecord[name], func(path []string) bool { return meets(json, path, want) }) {
			return false
		}
	}
	return true
}

// meets says whether one of the values at a path is a text that is wanted.
func meets(v []byte, path, want []string) bool {
	if len(v) > 0 && v[0] == '[' {
		for e := range record.Elements(v) {
			if meets(e, path, want) {
				return true
			}
		}
		return false
	}
	if len(path) == 0 {
		return len(v) > 0 && v[0] == '"' && slices.ContainsFunc(want, func(w string) bool { return isText(v, w) })
	}
	for key, value := range record.Members(v) {
		if string(key) == path[0] { // the model's names are written plainly
			return meets(value, path[1:], want)
		}
	}
	return false
}

// filtersOf are the filters that the resource can answer: those on a field that it fills, or an override does.
func filtersOf(r *connector.Resource, p *mapping.Program) []string {
	fills := func(field string) bool {
		return !r.Leaves(field) || p != nil && p.LayerOf(r.Name, field) != mapping.Base
	}
	return slices.DeleteFunc(slices.Clone(Filters), func(name string) bool { return !slices.ContainsFunc(filterPaths[name], fills) })
}

// checkFilters refuses a filter that would silently drop every record.
func checkFilters(f filter, r *connector.Resource, p *mapping.Program, connectorName string) error {
	if len(f) == 0 {
		return nil
	}
	var can []string // filters narrow usage, and what is derived from it
	if r.Name == "usage" {
		can = filtersOf(r, p)
	}
	for _, name := range Filters {
		if len(f[name]) > 0 && !slices.Contains(can, name) {
			return problem.Param(problem.UnsupportedFilter, name, "%s of %s has no field that %s could match; it can filter by %s", r.Name, connectorName, name, cmp.Or(strings.Join(can, ", "), "nothing"))
		}
	}
	return nil
}

// sent are the filters that the provider may be asked for: not those on a field that an override sets, for the provider
// knows nothing of its values.
func (q *request) sent() filter {
	if q.program == nil || len(q.filter) == 0 {
		return q.filter
	}
	out := filter{}
	for name, values := range q.filter {
		if !slices.ContainsFunc(filterPaths[name], func(path string) bool { return !q.program.Settles(q.mapped, path) }) {
			out[name] = values
		}
	}
	return out
}

// first is the name of one of the filters, the same one each time, for a problem that names a parameter.
func (f filter) first() string { return slices.Sorted(maps.Keys(f))[0] }
