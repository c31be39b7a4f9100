package mappingtest

import (
	"github.com/meterbridge/meterbridge/internal/mapping"
)

// What providers and callers have beside an item, for programs whose records have no roots of their own.
var rootTexts = map[string]string{
	"$query":   `{"start_date":"2026-09-01","end_date":"2026-09-30","preliminary_from":"2026-09-20T00:00:00Z","granularity":"day"}`,
	"$account": `{"id":"acc-1","context":{"currency":"usd","price":0.15,"prices":{"a":"1.5","QUEUE":2}}}`,
	"$call":    `{"name":"daily","query":{"view":"summary","start_date":"2026-09-01"},"window":{"start":"2026-09-01T00:00:00Z","end":"2026-10-01T00:00:00Z"},"body":{"GroupBy":[{"Key":"SERVICE"},{"Key":"REGION"}]}}`,
	"$page":    `{"total":2,"next":"abc","currency":"EUR","names":[{"id":"a","name":"A"},{"id":"total","name":"T"}]}`,
	"$lookups": `{"places":{"a":{"label":"place a"},"QUEUE":{"label":"q","n":1.10},"res-1":{"label":null}},"list":[{"id":"a","name":"n"}]}`,
	"$parent":  `{"day":"2026-09-03","from":1790000000,"until":1790086400,"estimated":true,"id":"p"}`,
	"$carry":   `{"cycle":7,"currency":"CREDITS"}`,
}

// program is a mapping that was made.
type program struct {
	tree     *node
	resource string
}

// made is the text of a program.
func made(tree *node) string { return "# Made at random.\n" + tree.String() }

// maxNodes bounds a program.
const maxNodes = 160

// program makes a mapping for records of a shape.
func (d *Dice) program(model *mapping.Model, in *shape, roots []field) *program {
	g := &generator{Dice: d, left: 20 + d.below(maxNodes), rare: d.once(6)}
	s := scope{in: in, vars: roots}
	bound := ""
	if d.once(2) {
		bound = ". as $item\n  | "
		s.vars = nil
		for range 3 { // more often read than all roots together
			s = s.with("$item", in)
		}
		s.vars = append(s.vars, roots...)
	}
	if d.once(2) {
		r := model.Resources[0]
		if d.once(5) {
			r = pick(d, model.Resources)
		}
		return &program{join("def "+r.Name+":\n  "+bound, g.records(s, r), ";\n"), r.Name}
	}
	s.many = true
	body, _ := g.grown(s, anything, 3+d.below(4))
	show := pick(d, []string{"{id: \"x\", remote_data: [.]}", "{id: \"x\", remote_data: {v: .}, dimensions: {v: .}}", "{id: \"x\", metric_name: tojson}", "{id: \"x\", dimensions: {a: ., b: [., .]}}", ". as $o | {id: ([$o | tojson] | stable_id), remote_data: {o: $o}}"})
	return &program{join("def usage:\n  "+bound, body, "\n  | "+show+";\n"), "usage"}
}

// records makes what a mapping mostly is: what is in common is bound, then an object of the model's fields is built.
func (g *generator) records(s scope, r *mapping.Resource) *node {
	parts := []any{}
	for range g.below(3) {
		name := g.fresh("$v")
		v, shape := g.expr(s, pick(g.Dice, []kind{date, text, number, array, object, anything}), 3)
		parts = append(parts, v, " as "+name+"\n  | ")
		s = s.with(name, shape)
	}
	if g.once(2) { // several records of an item
		n, shape := g.expr(s, array, 2)
		switch g.below(3) {
		case 0:
			parts = append(parts, n, "[]\n  | ")
			s = s.on(shape.inner())
		case 1:
			name := g.fresh("$v")
			parts = append(parts, n, "[] as "+name+"\n  | ")
			s = s.with(name, shape.inner())
		default:
			key, _ := g.expr(s.on(shape.inner()), text, 2)
			parts = append(parts, n, " | group_by(", key, ")[]\n  | ")
			s = s.on(shape)
		}
	}
	rec := g.fields(s, r.Fields, 2)
	switch g.below(8) {
	case 0:
		more, _ := g.grown(s, anything, 3)
		return join(append(parts, "({remote_data: [", more, "]} + ", rec, ")")...)
	case 1:
		more, _ := g.grown(s, anything, 3)
		return join(append(parts, rec, " + {remote_data: [", more, "]}")...)
	case 2:
		return join(append(parts, rec, " | with_entries(select(.value != null))")...)
	}
	return join(append(parts, rec)...)
}

// fields makes an object of the model's fields.
func (g *generator) fields(s scope, fields []*mapping.Field, depth int) *node {
	parts := []any{"{"}
	for _, f := range fields {
		if !f.Required && g.once(3) {
			continue
		}
		if len(parts) > 1 {
			parts = append(parts, ", ")
		}
		parts = append(parts, f.Name+": ", g.field(s, f, depth))
	}
	return join(append(parts, "}")...)
}

func (g *generator) field(s scope, f *mapping.Field, depth int) *node {
	switch f.Type {
	case mapping.ID:
		n, _ := g.expr(s, pick(g.Dice, []kind{text, text, number}), depth)
		m, _ := g.expr(s, text, depth)
		if f.Required {
			return join("([", n, ", ", m, "] | map(tostring) | stable_id)")
		}
		return join("(", m, ")")
	case mapping.Number:
		n, _ := g.expr(s, number, depth)
		return join("(", n, ")")
	case mapping.Boolean:
		n, _ := g.expr(s, boolean, depth)
		return join("(", n, ")")
	case mapping.Date:
		n, _ := g.expr(s, date, depth)
		return join("(", n, " | rfc3339)")
	case mapping.Currency:
		return join(pick(g.Dice, []string{`"USD"`, `"CREDITS"`, `("usd" | ascii_upcase)`, `($account.context.currency | ascii_upcase)`}))
	case mapping.Object:
		n := g.fields(s, f.Fields, depth)
		if g.once(3) {
			cond, _ := g.expr(s, boolean, depth)
			return join("(if ", cond, " then null else ", n, " end)")
		}
		return n
	case mapping.List:
		return g.list(s, f, depth)
	case mapping.Map:
		n, _ := g.expr(s, object, depth+1)
		return join("(", n, ")")
	}
	n, _ := g.expr(s, text, depth)
	return join("(", n, ")")
}

func (g *generator) list(s scope, f *mapping.Field, depth int) *node {
	if g.once(2) {
		n, shape := g.expr(s, array, depth)
		inner := g.fields(s.on(shape.inner()), f.Fields, depth)
		return join("(", n, " | map(", inner, "))")
	}
	return join("[", g.fields(s, f.Fields, depth), ", ", g.fields(s, f.Fields, depth-1), "]")
}
