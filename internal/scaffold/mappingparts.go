package scaffold

import (
	"slices"
	"strings"
)

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
