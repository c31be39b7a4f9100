package scaffold

import (
	"regexp"
	"slices"
	"strings"
)

// best is the leaf with the highest score; nil where none has any.
func best(all []leaf, score func(leaf) int) *leaf {
	var out *leaf
	most := 0
	for i := range all {
		if n := score(all[i]); n > most {
			most, out = n, &all[i]
		}
	}
	return out
}

// amountWords are names of what a row costs, the surest last.
var amountWords = []string{"fee", "spend", "charges", "charge", "total", "price", "cost", "amount"}

// notTotal are words of amounts that are not the row's total.
var notTotal = []string{"discount", "discounts", "original", "gross", "list", "unit", "per", "tax", "percent", "percentage", "limit", "budget", "rate", "quantity",
	"before", "count", "date", "day", "type", "currency", "code", "id", "refunded", "paid", "items", "usage", "included"}

func findAmount(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		own := l.words
		if has(own, "value", "amount") && len(l.path) > 1 {
			own = append(slices.Clone(own), words(l.path[len(l.path)-2])...)
		}
		if !l.numeric() && !(l.text() && l.schema.Format != "date" && l.schema.Format != "date-time" && looksNumeric(l)) || has(own, notTotal...) {
			return 0
		}
		n := 0
		for i, w := range amountWords {
			if has(own, w, w+"s") {
				n = max(n, 2*(i+1))
			}
		}
		if n > 0 && has(own, "net", "total", "billed", "accrued") {
			n += 3
		}
		if n > 0 && has(own, "cents", "usd", "dollars") {
			n++
		}
		return n
	})
}

var numeric = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// looksNumeric says that a text is a number by its example, or is named as one.
func looksNumeric(l leaf) bool {
	if l.schema.Example != nil {
		return numeric.MatchString(l.schema.Example.Value)
	}
	return l.schema.Format == "decimal" || has(l.words, "amount", "cost", "price")
}

func findListPrice(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		if (l.numeric() || looksNumeric(l)) && has(l.words, "original", "gross", "list", "undiscounted") && has(l.words, amountWords...) && !has(l.words, "unit", "per") {
			return 1
		}
		return 0
	})
}

func findDiscount(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		if (l.numeric() || looksNumeric(l)) && has(l.words, "discount", "discounts", "discounted") && !has(l.words, "percent", "percentage", "rate", "unit", "per", "type") {
			return 1
		}
		return 0
	})
}

func findUnitPrice(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		switch {
		case !l.numeric() && !looksNumeric(l):
			return 0
		case has(l.words, "price", "rate", "cost") && has(l.words, "unit", "per"):
			return 2
		case slices.Equal(l.words, []string{"price"}):
			return 1
		}
		return 0
	})
}

func findQuantity(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		switch {
		case !l.numeric() && !(l.text() && looksNumeric(l)), has(l.words, "unit", "units", "type", "id", "date", "price", "name", "limit", "percent", "percentage"):
			return 0
		case has(l.words, "quantity"):
			return 3
		case has(l.words, "consumed", "consumption", "usage", "units"):
			return 2
		}
		return 0
	})
}

func findUnit(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		switch {
		case !l.text() || has(l.words, "price", "cost", "name") && !has(l.words, "unit"):
			return 0
		case slices.Equal(l.words, []string{"unit"}), has(l.words, "uom"):
			return 3
		case has(l.words, "unit", "units"):
			return 2
		}
		return 0
	})
}

func findCurrency(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		if l.text() && has(l.words, "currency") {
			return 1
		}
		return 0
	})
}

// dated says that a leaf holds a date or an instant.
func dated(l leaf) bool {
	if l.schema.Format == "date" || l.schema.Format == "date-time" {
		return true
	}
	return (l.text() || l.schema.Type == "integer") && has(l.words, "date", "day", "time", "timestamp", "month", "period", "start", "end", "from") &&
		!has(l.words, "id", "type", "name", "zone", "unit", "of", "count", "hours", "minutes", "seconds")
}

func findStart(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		switch {
		case !dated(l) || has(l.words, "end", "to", "until", "created", "updated", "modified", "due", "expires", "billed", "invoice"):
			return 0
		case has(l.words, "start", "from", "begin", "since"):
			return 5
		case has(l.words, "usage", "charge"), slices.Equal(l.words, []string{"date"}), slices.Equal(l.words, []string{"day"}):
			return 4
		case has(l.words, "date", "day", "timestamp"):
			return 3
		}
		return 1
	})
}

func findEnd(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		if dated(l) && has(l.words, "end", "to", "until") && !has(l.words, "start") {
			return 1
		}
		return 0
	})
}

// named finds the leaf that names a thing: its id, or its name.
func named(all []leaf, what []string, part ...string) *leaf {
	return best(all, func(l leaf) int {
		if !l.text() && !l.numeric() || dated(l) || has(l.words, "price", "cost", "amount", "quantity", "unit", "count") {
			return 0
		}
		owner := l.words
		if len(l.path) > 1 && has(l.words, "id", "name", "slug", "email", "display") {
			owner = append(words(l.path[len(l.path)-2]), l.words...)
		}
		for i, w := range what {
			if !has(owner, w) {
				continue
			}
			rank := 4 * (len(what) - i)
			switch {
			case has(l.words, part...):
				return rank + 2
			case slices.Equal(l.words, []string{w}) && part[0] == "id":
				return rank + 1
			}
		}
		return 0
	})
}

func findProduct(all []leaf) *leaf {
	return named(all, []string{"product", "service", "sku", "dimension"}, "id", "code", "key")
}

// findID is the item's own id.
func findID(all []leaf) *leaf {
	return best(all, func(l leaf) int {
		switch {
		case len(l.path) > 1:
			return 0
		case slices.Equal(l.words, []string{"id"}), slices.Equal(l.words, []string{"uuid"}):
			return 2
		case has(l.words, "id") && has(l.words, "item", "record", "entry", "cost", "charge", "usage"):
			return 1
		}
		return 0
	})
}

// cents says that an amount is in hundredths.
func cents(l *leaf) bool {
	return has(l.words, "cents") || strings.Contains(strings.ToLower(l.schema.Description), "in cents")
}
