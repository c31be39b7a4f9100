package proxy

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
)

// normalized answers with flat rows and, beside them, each entity once and the children of each row. Joining the tables
// gives the unified records back exactly:
//
//	row.product_id, product_variant → included.products (id, variant); so organization, workspace, user and model
//	row.id → included.charges, usage_resources, usage_dimensions (usage_id), in the order of position
//	usage_resources.resource_id, variant → included.resources → its workspace_id, workspace_variant
//
// An entity is there where its id or its variant is. A variant stands where an entity was met with differing content, but
// for the first of them, and wherever an entity has no id. Where the tables have nothing, a record has null or [] if it
// has the field always, else nothing.
func (q *request) normalized(ctx context.Context, w http.ResponseWriter) error {
	s := q.open(ctx)
	defer s.Close()
	s.tune(nil, cursor.MaxPage)
	t := q.newTables()
	shape := q.shaper()
	shape.noRemote = true
	var buf []byte
	r := q.results(func(dst []byte, rec record.Rec) []byte {
		buf = shape.append(buf[:0], rec)
		return t.row(dst, gjson.ParseBytes(buf))
	})
	r.extra = func() int { return t.size }
	out := q.fillPage(ctx, s, r)
	token, p := q.ended(ctx, out)
	if p != nil {
		return p
	}
	c := newCommit(w, contentJSON)
	c.head = q.stateLimits
	c.Write(r.end(r.held.Bytes()))
	c.Write([]byte(`,"included":`))
	c.Write(t.json())
	c.Write(q.envelope(nil, out.n, token))
	return c.end()
}

// entity is a member of records that is one of its own table's, with the columns that a row repeats of it.
type entity struct {
	field, table string
	columns      []string
}

var entities = []entity{
	{"product", "products", []string{"id", "name"}},
	{"organization", "organizations", []string{"id", "name"}},
	{"workspace", "workspaces", []string{"id", "name"}},
	{"user", "users", []string{"id", "email", "name"}},
	{"model", "models", []string{"id", "provider"}},
}

// columns are the paths of a resource's scalars that are no entity's: dates stand last.
func (q *request) columns() (scalars, dates []string) {
	var nested []string
	for _, f := range q.catalog.Model.Fields(q.resource.Name) {
		top, _, deep := strings.Cut(f.Path, ".")
		isEntity := slices.ContainsFunc(entities, func(e entity) bool { return e.field == top })
		switch {
		case isEntity, f.Path == "id", f.Type == mapping.Object, f.Type == mapping.List, f.Type == mapping.Map, strings.Contains(top, "[]"):
		case deep:
			nested = append(nested, f.Path)
		case f.Type == mapping.Date:
			dates = append(dates, f.Path)
		default:
			scalars = append(scalars, f.Path)
		}
	}
	return append(scalars, nested...), dates
}

// row makes the flat row of a record and puts what hangs on it into the tables.
func (t *tables) row(dst []byte, rec gjson.Result) []byte {
	r := row{b: dst, from: len(dst)}
	r.text("integrated_account_id", t.account)
	r.text("connector", t.connector)
	id := rec.Get("id")
	r.val("id", id)
	for _, e := range t.entities {
		t.reference(&r, e, rec.Get(e.field))
	}
	column := func(path string) { r.val(strings.ReplaceAll(path, ".", "_"), rec.Get(path)) }
	for _, path := range t.scalars {
		column(path)
	}
	if t.usage {
		total := rec.Get(`charges.#(type=="total")`)
		r.val("total_amount", total.Get("amount"))
		r.val("total_currency", total.Get("currency"))
		t.children(id, rec)
	}
	for _, path := range t.dates {
		column(path)
	}
	return r.done()
}

// reference writes the columns of an entity that a row refers to, and puts it into its table.
func (t *tables) reference(r *row, e entity, v gjson.Result) {
	for _, c := range e.columns {
		r.val(e.field+"_"+c, v.Get(c))
	}
	if v.IsObject() {
		r.variant(e.field+"_variant", t.entity(e.table, v, nil))
	}
}

// ofResource is how a resource refers to its workspace, whose name stands in the table of workspaces alone.
var ofResource = entity{"workspace", "workspaces", []string{"id"}}

// children are the rows of a usage record's lists and of its dimensions.
func (t *tables) children(id, rec gjson.Result) {
	child := func(table string, position int) row {
		var c row
		c.val("usage_id", id)
		c.int("position", position)
		return c
	}
	for i, charge := range rec.Get("charges").Array() {
		c := child("charges", i)
		c.members(charge)
		t.add("charges", c.done())
	}
	for i, res := range rec.Get("resources").Array() {
		n := t.entity("resources", res, func(r *row) { t.reference(r, ofResource, res.Get(ofResource.field)) })
		c := child("usage_resources", i)
		c.val("resource_id", res.Get("id"))
		c.variant("variant", n)
		t.add("usage_resources", c.done())
	}
	i := 0
	rec.Get("dimensions").ForEach(func(k, v gjson.Result) bool {
		c := child("usage_dimensions", i)
		c.text("name", k.String())
		c.raw("value", v.Raw)
		t.add("usage_dimensions", c.done())
		i++
		return true
	})
}
