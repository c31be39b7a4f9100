package scaffold

import (
	"slices"
	"strings"
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

// startLeaf and endLeaf are of the item alone.
func (p *proposal) startLeaf() *leaf {
	if p.startOuter {
		return nil
	}
	return p.start
}

func (p *proposal) endLeaf() *leaf {
	if p.startOuter {
		return nil
	}
	return p.end
}

func (p *proposal) root() string {
	if p.startOuter {
		return "$parent"
	}
	return ""
}

// instant is a leaf as an instant of the house.
func instant(l *leaf, root string) string {
	at := l.jq(root)
	switch formOf(l) {
	case "unix":
		return at + " | from_unix"
	case "unix_ms":
		return at + " | from_unix_ms"
	case "yyyymmdd":
		return at + " | yyyymmdd"
	}
	return at
}

func (p *proposal) startExpr() string {
	if p.start == nil {
		return "$call.window.start"
	}
	return "(" + instant(p.start, p.root()) + " | " + p.window.granularity + "_start)"
}

func (p *proposal) endExpr() string {
	if p.end != nil && formOf(p.end) == formOf(p.start) && formOf(p.end) != "month" {
		return "(" + instant(p.end, p.root()) + " | rfc3339)"
	}
	if p.window.granularity == "month" {
		return "($start | add_months(1))"
	}
	return "($start | add_days(1))"
}

// idExpr is the provider's own id, or one of all that tells items apart.
func (p *proposal) idExpr() (expr, note string) {
	if id := findID(p.item); id != nil {
		return id.jq(""), "where it outlives a restatement; else ([$start, …all dimensions…] | stable_id)"
	}
	parts := []string{"$start"}
	for _, l := range p.item {
		if l.text() && !dated(l) && len(l.path) <= 2 && !looksNumeric(l) && !has(l.words, "currency", "name", "email", "description", "unit", "url", "kind", "version", "object") && len(parts) < 12 {
			parts = append(parts, l.jq(""))
		}
	}
	if len(parts) == 1 {
		return `(["` + p.Name + `", $start] | stable_id)`, "add all that tells two items of a period apart"
	}
	return "([" + strings.Join(parts, ", ") + "] | stable_id)", "all that tells two items of a period apart, and no amounts or names"
}

// decimal is a leaf as an exact number.
func decimal(l *leaf, root string) string {
	if l.text() {
		return "(" + l.jq(root) + " | dec)"
	}
	return l.jq(root)
}

// money are the charges.
func (p *proposal) money(add func(key, value, note string, leaves ...*leaf)) {
	amount := findAmount(p.item)
	if amount == nil {
		add("charges", "[]", "the cost of an item is unknown, which is not 0")
		return
	}
	code, note := `"USD"`, "USD is assumed: say so in facts.inferred"
	currency := findCurrency(p.item)
	switch {
	case currency != nil:
		code, note = "("+currency.jq("")+` // "USD" | ascii_upcase)`, ""
	case has(amount.words, "credits"):
		code, note = `"CREDITS", virtual: true`, "the provider's own unit"
	}
	charge := func(l *leaf, kind string, negate bool) string {
		value := l.jq("")
		switch {
		case cents(l):
			value = "(" + value + " | dshift(-2)" + map[bool]string{true: " | dneg"}[negate] + ")"
		case negate:
			value = "(" + value + " | dneg)"
		default:
			value = decimal(l, "")
		}
		return "{amount: " + value + ", currency: " + code + `, type: "` + kind + `"}`
	}
	charges := []string{charge(amount, "total", false)}
	list, discount := findListPrice(p.item), findDiscount(p.item)
	if list != nil && list != amount {
		charges = append(charges, charge(list, "list", false))
	} else {
		list = nil
	}
	if discount != nil {
		charges = append(charges, charge(discount, "discount", true))
	}
	add("charges", "["+strings.Join(charges, ",\n                ")+"]", note, amount, currency, list, discount)
}

// rest are the texts that nothing else was made of, as an object.
func (p *proposal) rest(used []*leaf) string {
	var own []string
	for i := range p.item {
		l := &p.item[i]
		at := func(u *leaf) bool { return u != nil && l.dotted() == u.dotted() }
		if !l.text() || len(l.path) > 1 || dated(*l) || slices.ContainsFunc(used, at) || has(l.words, "kind", "object", "self", "url", "version", "currency", "id") && !has(l.words, "type") {
			continue
		}
		if identifier(l.path[0]) && !keyword(l.path[0]) {
			own = append(own, l.path[0])
		}
	}
	if len(own) == 0 {
		return ""
	}
	return "{" + strings.Join(own[:min(len(own), 12)], ", ") + "}"
}

// keyword says that jq knows a name otherwise.
func keyword(name string) bool {
	return slices.Contains(strings.Fields("and as catch def elif else end foreach if import include label module or reduce then try"), name)
}
