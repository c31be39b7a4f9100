package scaffold

import (
	"slices"
)

func (p *proposal) mapping() string {
	s := &sheet{}
	s.line("# "+p.title+": one item is … (what, of whom, for which period).", "")
	s.line("#", "")
	if p.Source != "" {
		s.line("# Which property means what was guessed from the names in "+p.Source+": read every line.", "")
	} else {
		s.line("# The input is one item of the provider's; $query, $call, $account, $lookups and $parent stand beside it. Money goes", "")
		s.line("# through dec, dsum, dmul, dneg and dshift, which keep every digit. `meterbridge mappings jq` makes jq run this.", "")
	}
	s.line("", "")
	s.line("def usage:", "")
	s.line("  "+p.startExpr()+" as $start", "dates are UTC; also from_unix, from_unix_ms, yyyymmdd, mdy")
	s.line("  | {", "")
	type member struct{ key, value, note string }
	id, note := p.idExpr()
	members := []member{{"id", id, note}}
	used := []*leaf{p.startLeaf(), p.endLeaf(), findID(p.item)}
	add := func(key, value, note string, leaves ...*leaf) {
		members = append(members, member{key, value, note})
		used = append(used, leaves...)
	}
	object := func(what []string) (value string, id, name *leaf) {
		id, name = named(p.item, what, "id", "code", "key"), named(p.item, what, "name", "display", "title")
		if id == nil {
			id = name
		}
		if id == nil || slices.ContainsFunc(used, func(u *leaf) bool { return u == id }) {
			return "", nil, nil
		}
		value = "id: " + id.jq("")
		if name != nil && name != id {
			value += ", name: " + name.jq("")
		}
		return value, id, name
	}
	thing := func(key string, what []string, optional bool) {
		value, id, name := object(what)
		switch {
		case value == "":
		case optional:
			add(key, "(if "+id.jq("")+" == null then null else {"+value+"} end)", "", id, name)
		default:
			add(key, "{"+value+"}", "", id, name)
		}
	}
	workspaces := []string{"workspace", "project", "environment", "team", "account", "subscription", "group"}
	thing("product", []string{"product", "service", "sku", "dimension"}, false)
	metric := best(p.item, func(l leaf) int {
		if l.text() && has(l.words, "metric", "meter", "line", "sku", "item", "usage") && has(l.words, "metric", "meter", "type", "name", "sku", "item") && !has(l.words, "unit", "id") {
			return 1
		}
		return 0
	})
	if metric != nil {
		add("metric_name", metric.jq(""), "", metric)
	}
	if value, id, name := object([]string{"resource", "cluster", "instance", "repository", "database"}); value != "" {
		if place, at, its := object(workspaces); place != "" && at != id { // a resource carries its workspace
			value += ", workspace: {" + place + "}"
			used = append(used, at, its)
		}
		add("resources", "[{"+value+"}]", "", id, name)
	}
	thing("organization", []string{"organization", "org", "tenant", "customer"}, true)
	p.money(add)
	if q, u, price := findQuantity(p.item), findUnit(p.item), findUnitPrice(p.item); q != nil {
		parts := "quantity: " + decimal(q, "")
		if u != nil {
			parts += ", unit: " + u.jq("")
		}
		if price != nil {
			parts += ", unit_price: " + decimal(price, "")
		}
		add("usage", "{"+parts+"}", "", q, u, price)
	}
	add("start_date", "$start", "")
	add("end_date", p.endExpr(), "exclusive")
	thing("workspace", workspaces, true)
	if email := best(p.item, func(l leaf) int {
		if has(l.words, "email") {
			return 1
		}
		return 0
	}); email != nil {
		add("user", "{id: "+email.jq("")+", email: "+email.jq("")+"}", "", email)
	}
	add("charge_category", `"usage"`, "or fee, commitment, credit, tax, adjustment")
	add("finality", `(if $query.preliminary_from != null and $start >= $query.preliminary_from then "preliminary" else "final" end)`, "")
	if rest := p.rest(used); rest != "" {
		add("dimensions", rest, "what is left, under the provider's names")
	}
	for i, m := range members {
		comma := ","
		if i == len(members)-1 {
			comma = ""
		}
		s.line("      "+m.key+": "+m.value+comma, m.note)
	}
	s.line("    };", "")
	return s.String()
}
