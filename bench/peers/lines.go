package main

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// lines maps cost lines from maps to maps, which is what a gateway's modifier written in Go does.
type lines struct {
	lookups struct {
		Organization []struct {
			ID   string `json:"id"`
			Name string `json:"display_name"`
		} `json:"organization"`
		Environments map[string]struct {
			Name string `json:"display_name"`
		} `json:"environments"`
	}
}

type object = map[string]any

func (m *lines) page(page object) object {
	data, _ := page["data"].([]any)
	result := make([]any, 0, len(data))
	for _, v := range data {
		if l, ok := v.(object); ok {
			result = append(result, m.line(l))
		}
	}
	metadata, _ := page["metadata"].(object)
	return object{"result": result, "next_cursor": metadata["next"], "result_count": len(result)}
}

func (m *lines) line(l object) object {
	resource, _ := l["resource"].(object)
	environment, _ := resource["environment"].(object)
	organization := m.lookups.Organization[0]
	out := object{
		"id": l["id"], "product": object{"id": l["product"], "name": nil}, "metric_name": l["line_type"], "resources": []any{},
		"organization": object{"id": organization.ID, "name": organization.Name}, "charges": charges(l), "usage": nil,
		"start_date": day(l["start_date"]), "end_date": day(l["end_date"]), "created_at": nil, "updated_at": nil,
		"charge_category": category(l), "finality": "final", "remote_data": l,
	}
	if id, _ := l["id"].(string); id == "" {
		out["id"] = madeID(l, resource, environment)
	}
	if l["product"] == nil {
		out["product"] = object{"id": l["line_type"], "name": nil}
	}
	if resource["id"] != nil {
		out["resources"] = []any{object{"id": resource["id"], "name": resource["display_name"], "workspace": m.place(environment["id"])}}
	}
	if l["quantity"] != nil {
		out["usage"] = object{"quantity": l["quantity"], "unit": l["unit"], "unit_price": l["price"]}
	}
	dimensions := object{}
	if tiers, ok := l["tier_dimensions"].(object); ok {
		for k, v := range tiers {
			dimensions[k] = v
		}
	}
	for _, k := range []string{"network_access_type", "description"} {
		if l[k] != nil {
			dimensions[k] = l[k]
		}
	}
	if len(dimensions) > 0 {
		out["dimensions"] = dimensions
	}
	return out
}

func (m *lines) place(id any) any {
	text, ok := id.(string)
	if !ok {
		return nil
	}
	if e, known := m.lookups.Environments[text]; known {
		return object{"id": text, "name": e.Name}
	}
	return object{"id": text, "name": nil}
}

func charges(l object) []any {
	out := []any{}
	add := func(amount any, kind string) {
		out = append(out, object{"amount": amount, "currency": "USD", "type": kind})
	}
	list, discount := l["original_amount"], l["discount_amount"]
	switch {
	case l["amount"] != nil:
		add(l["amount"], "total")
	case list != nil:
		add(float(list)-float(discount), "total")
	}
	if list != nil {
		add(list, "list")
	}
	if discount != nil {
		add(-float(discount), "discount")
	}
	return out
}

func category(l object) string {
	product, _ := l["product"].(string)
	switch {
	case l["line_type"] == "PROMO_CREDIT":
		return "credit"
	case l["line_type"] == "SUPPORT" || strings.HasPrefix(product, "SUPPORT_"):
		return "fee"
	}
	return "usage"
}

func float(v any) float64 {
	n, ok := v.(json.Number)
	if !ok {
		return 0
	}
	f, _ := n.Float64()
	return f
}

func day(v any) any {
	s, ok := v.(string)
	if !ok || len(s) < 10 {
		return nil
	}
	return s[:10] + "T00:00:00Z"
}

func madeID(l, resource, environment object) string {
	date, _ := l["start_date"].(string)
	parts := []string{"D", date[:min(10, len(date))]}
	for _, v := range []any{resource["id"], environment["id"], l["product"], l["line_type"], l["network_access_type"], l["unit"], l["description"]} {
		parts = append(parts, part(v))
	}
	tiers, _ := l["tier_dimensions"].(object)
	var names []string
	for k := range tiers {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		parts = append(parts, part(k), part(tiers[k]))
	}
	return strings.Join(parts, ":")
}

func part(v any) string {
	var s string
	switch v := v.(type) {
	case nil:
		return "~"
	case string:
		s = v
	case json.Number:
		s = v.String()
	default:
		s = strconv.Quote("")
	}
	return strings.NewReplacer("+", "~20", "%", "~").Replace(url.QueryEscape(s))
}
