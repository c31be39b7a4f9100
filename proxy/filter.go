package proxy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// filter is what the caller wants to see, applied to every record whatever the provider was asked for.
type filter map[string][]string

// filterPaths are the places that a filter looks at: AND between filters, OR within one and between its places.
var filterPaths = map[string][]string{
	"product_id":      {"product.id"},
	"organization_id": {"organization.id"},
	"workspace_id":    {"workspace.id", "resources.#.workspace.id"},
	"resource_id":     {"resources.#.id"},
	"user_id":         {"user.id"},
	"metric_name":     {"metric_name"},
}

// filterFields are the unified fields of which one must be filled for the filter to make sense.
var filterFields = map[string][]string{
	"product_id": {"product"}, "organization_id": {"organization"}, "workspace_id": {"workspace", "resources"},
	"resource_id": {"resources"}, "user_id": {"user"}, "metric_name": {"metric_name"},
}

func (f filter) keep(json []byte) bool {
	for name, want := range f {
		if !slices.ContainsFunc(filterPaths[name], func(path string) bool { return matches(gjson.GetBytes(json, path), want) }) {
			return false
		}
	}
	return true
}

func matches(v gjson.Result, want []string) bool {
	if v.IsArray() {
		return slices.ContainsFunc(v.Array(), func(e gjson.Result) bool { return matches(e, want) })
	}
	return v.Type == gjson.String && slices.Contains(want, v.Str)
}

// filtersOf are the filters that the resource can answer: those on a field that it fills.
func filtersOf(r *connector.Resource) []string {
	var can []string
	for _, name := range Filters {
		if slices.ContainsFunc(filterFields[name], func(field string) bool { _, omitted := r.Omits[field]; return !omitted }) {
			can = append(can, name)
		}
	}
	return can
}

func checkFilters(f filter, r *connector.Resource, connectorName string) error {
	var can []string // filters narrow usage, and what is derived from it
	if r.Name == "usage" {
		can = filtersOf(r)
	}
	for name := range f {
		if !slices.Contains(can, name) {
			return problem.Param(problem.UnsupportedFilter, name, "%s of %s have no field that %s could match; it can filter by %s", r.Name, connectorName, name, cmp.Or(strings.Join(can, ", "), "nothing"))
		}
	}
	return nil
}
