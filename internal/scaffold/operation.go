package scaffold

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/openapi"
)

// candidate is an operation with what speaks for it.
type candidate struct {
	*openapi.Operation
	score int
	items *list
}

// title names an operation as --operation takes it.
func (c *candidate) title() string { return c.Method + " " + c.Path }

// What an operation's words say about it.
var (
	wanted = map[string]int{"cost": 6, "costs": 6, "usage": 4, "usages": 4, "billing": 3, "billed": 3, "invoice": 3, "invoices": 3, "charge": 4,
		"charges": 4, "consumption": 4, "spend": 4, "spending": 4}
	unwanted = map[string]int{"forecast": 5, "estimate": 3, "estimated": 3, "budget": 5, "budgets": 5, "payment": 4, "payments": 4, "settings": 1,
		"status": 4, "summary": 2, "alert": 4, "alerts": 4, "history": 1, "export": 2, "csv": 3, "pending": 3, "create": 4, "limits": 3}
)

// rank sorts the operations that may list usage, best first.
func rank(doc *openapi.Document) []*candidate {
	var out []*candidate
	for _, op := range doc.Operations() {
		if op.Answer == nil {
			continue
		}
		c := &candidate{Operation: op, items: findList(op)}
		seen, speaks := map[string]bool{}, false
		for _, w := range slices.Concat(words(op.Path), words(op.ID), words(op.Summary)) {
			if !seen[w] {
				seen[w] = true
				c.score += wanted[w] - unwanted[w]
				speaks = speaks || wanted[w] > 0
			}
		}
		if !speaks {
			continue
		}
		from, to, whole := dates(op)
		if from != nil && to != nil || whole != nil {
			c.score += 4
		}
		c.score += c.items.score
		if c.items.whole {
			c.score -= 3
		}
		if c.startsJob() {
			c.score -= 4
		}
		if strings.HasSuffix(op.Path, "}") {
			c.score -= 3
		}
		if op.Deprecated {
			c.score -= 5
		}
		if op.Method == "POST" && from == nil {
			c.score -= 4 // it rather changes something
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b *candidate) int { return cmp.Compare(b.score, a.score) })
	return out
}

// startsJob says that the answer rather names a report that is being made.
func (c *candidate) startsJob() bool {
	return c.Method == "POST" && c.items.whole && slices.ContainsFunc(leaves(c.Answer), func(l leaf) bool {
		return has(l.words, "job", "token", "handle", "report", "query", "execution", "task") && l.text()
	})
}

// choose is the operation that is asked for, or the best one, and the others that come into question.
func choose(doc *openapi.Document, name string) (*candidate, []*candidate, error) {
	all := rank(doc)
	if name == "" {
		if len(all) == 0 {
			return nil, nil, fmt.Errorf("no operation of the description speaks of usage, cost or billing; name one with --operation \"GET /path\"")
		}
		return all[0], all[1:], nil
	}
	var known []string
	for _, op := range doc.Operations() {
		c := &candidate{Operation: op}
		if op.Answer == nil {
			continue
		}
		if c.title() == name || op.ID == name {
			c.items = findList(op)
			return c, slices.DeleteFunc(all, func(o *candidate) bool { return o.title() == c.title() }), nil
		}
		known = append(known, c.title())
	}
	if len(known) == 0 {
		return nil, nil, errNoOperation
	}
	return nil, nil, fmt.Errorf("the description has no operation %q with a JSON answer; did you mean %s?", name, near.Any(name, known))
}

// list is where an answer has its items.
type list struct {
	path  string // dotted; "" for the body itself
	whole bool   // the body is the one item
	each  string // of lists in the items
	outer *openapi.Schema
	item  *openapi.Schema
	score int
}

var itemsNames = []string{"data", "items", "results", "result", "costs", "usage", "records", "rows", "values", "lines", "line_items", "lineItems", "invoices"}

// findList finds the list whose elements look most like usage.
func findList(op *openapi.Operation) *list {
	best := &list{whole: true, item: op.Answer, outer: op.Answer}
	consider := func(l *list) {
		if l.score = worth(l.item); slices.Contains(itemsNames, l.path) {
			l.score++
		}
		if l.each != "" { // what is counted stands there and nowhere above
			l.score += worth(l.outer)
		}
		if best.whole || l.score > best.score {
			best = l
		}
	}
	var walk func(s *openapi.Schema, path []string)
	walk = func(s *openapi.Schema, path []string) {
		switch {
		case s.Type == "array" && s.Items != nil && s.Items.Type == "object":
			l := &list{path: strings.Join(path, "."), item: s.Items, outer: s.Items}
			consider(l)
			for _, p := range s.Items.Props {
				if p.Schema.Items != nil && p.Schema.Items.Type == "object" && plainName(p.Name) && counted(p.Schema.Items) && !counted(s.Items) {
					consider(&list{path: l.path, each: p.Name, item: p.Schema.Items, outer: s.Items})
				}
			}
		case s.Type == "object" && len(path) < maxLeafDepth:
			for _, p := range s.Props {
				if plainName(p.Name) {
					walk(p.Schema, append(slices.Clone(path), p.Name))
				}
			}
		}
	}
	walk(op.Answer, nil)
	if best.whole {
		best.score = worth(best.item)
	}
	return best
}

// counted says that an item has a cost or a quantity.
func counted(item *openapi.Schema) bool {
	all := leaves(item)
	return findAmount(all) != nil || findQuantity(all) != nil
}

// worth says how much an item looks like usage.
func worth(item *openapi.Schema) (n int) {
	all := leaves(item)
	for _, find := range []func([]leaf) *leaf{findAmount, findQuantity, findStart, findProduct} {
		if find(all) != nil {
			n += 2
		}
	}
	return n
}
