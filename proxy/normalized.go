package proxy

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/record"
)

// normalized answers with flat rows and, beside them, each entity once and the children of each row. Joining the tables
// gives the unified records back exactly:
//
//	row.product_id, product_variant → included.products (id, variant); null: the record has no product
//	row.id → included.charges, usage_resources, usage_dimensions (usage_id), in the order of position
//	usage_resources.resource_id, variant → included.resources → its workspace_id, workspace_variant
//
// A variant is there only where an entity was met with differing content; the first has none.
func (q *request) normalized(ctx context.Context, w http.ResponseWriter) error {
	s := q.open(ctx)
	defer s.Close()
	t := newTables()
	shape := q.shaper()
	shape.noRemote = true
	var rows bytes.Buffer
	out := q.fill(ctx, s, q.params.limit, func(rec record.Rec) error {
		if rows.Len() > 0 {
			rows.WriteByte(',')
		}
		row := gjson.ParseBytes(shape.append(nil, rec))
		if q.resource.Name == "usage" {
			rows.Write(t.usage(q.head(), row))
		} else {
			rows.Write(flatten(q.head(), row))
		}
		return held(rows.Len() + t.size)
	})
	c := newCommit(w, contentJSON)
	c.Write([]byte(`{"result":[`))
	c.Write(rows.Bytes())
	return q.finish(ctx, c, out, `],"included":`+t.json(q.resource.Name == "usage"))
}

// head starts a row with what tells accounts apart in one table.
func (q *request) head() *row {
	r := new(row)
	r.text("integrated_account_id", q.acct.ID)
	r.text("connector", q.conn.Name)
	return r
}

// row is a flat JSON object under way.
type row struct{ b []byte }

func (r *row) raw(name, value string) {
	if len(r.b) == 0 {
		r.b = append(r.b, '{')
	} else {
		r.b = append(r.b, ',')
	}
	r.b = append(append(quote(r.b, name), ':'), value...)
}

func (r *row) text(name, value string) { r.raw(name, string(quote(nil, value))) }

func (r *row) val(name string, v gjson.Result) {
	if v.Exists() {
		r.raw(name, v.Raw)
	} else {
		r.raw(name, "null")
	}
}

func (r *row) variant(name string, n int) {
	if n > 0 {
		r.raw(name, strconv.Itoa(n))
	}
}

func (r *row) done() []byte { return append(r.b, '}') }

// tables are the entities and children of a page.
type tables struct {
	rows map[string]*bytes.Buffer
	seen map[string]map[string]int // table + id → content → variant
	size int
}

// tableNames in the order of the answer.
var tableNames = []string{"products", "organizations", "workspaces", "resources", "users", "models", "charges", "usage_resources", "usage_dimensions"}

func newTables() *tables {
	t := &tables{rows: map[string]*bytes.Buffer{}, seen: map[string]map[string]int{}}
	for _, n := range tableNames {
		t.rows[n] = new(bytes.Buffer)
	}
	return t
}

func (t *tables) add(table string, row []byte) {
	b := t.rows[table]
	if b.Len() > 0 {
		b.WriteByte(',')
	}
	b.Write(row)
	t.size += len(row) + 1
}

// entity puts an entity into its table if it is new there, and gives its variant.
func (t *tables) entity(table string, e gjson.Result, extra func(*row)) int {
	r := new(row)
	e.ForEach(func(k, v gjson.Result) bool {
		if k.String() != "workspace" || extra == nil {
			r.raw(k.String(), v.Raw)
		}
		return true
	})
	if extra != nil {
		extra(r)
	}
	key := table + "\x00" + e.Get("id").Raw
	if t.seen[key] == nil {
		t.seen[key] = map[string]int{}
	}
	n, ok := t.seen[key][string(r.b)]
	if !ok {
		n = len(t.seen[key])
		t.seen[key][string(r.b)] = n
		r.variant("variant", n)
		t.add(table, r.done())
	}
	return n
}

// usageEntities are the members of a usage record that are entities, with the columns that a row repeats.
var usageEntities = []struct {
	field, table string
	columns      []string
}{
	{"product", "products", []string{"id", "name"}},
	{"organization", "organizations", []string{"id", "name"}},
	{"workspace", "workspaces", []string{"id", "name"}},
	{"user", "users", []string{"id", "email", "name"}},
	{"model", "models", []string{"id", "provider"}},
}

// usage makes the flat row of a usage record and puts what hangs on it into the tables.
func (t *tables) usage(r *row, rec gjson.Result) []byte {
	id := rec.Get("id")
	r.val("id", id)
	for _, e := range usageEntities {
		v := rec.Get(e.field)
		for _, c := range e.columns {
			r.val(e.field+"_"+c, v.Get(c))
		}
		if v.IsObject() {
			r.variant(e.field+"_variant", t.entity(e.table, v, nil))
		}
	}
	for _, f := range []string{"metric_name", "surface", "charge_category", "finality"} {
		r.val(f, rec.Get(f))
	}
	for _, f := range []string{"quantity", "unit", "unit_price", "aggregation"} {
		r.val("usage_"+f, rec.Get("usage."+f))
	}
	total := rec.Get(`charges.#(type=="total")`)
	r.val("total_amount", total.Get("amount"))
	r.val("total_currency", total.Get("currency"))
	for _, f := range []string{"start_date", "end_date", "created_at", "updated_at"} {
		r.val(f, rec.Get(f))
	}
	t.children(id, rec)
	return r.done()
}

func (t *tables) children(id, rec gjson.Result) {
	child := func(table string, position int, fill func(*row)) {
		c := new(row)
		c.val("usage_id", id)
		c.raw("position", strconv.Itoa(position))
		fill(c)
		t.add(table, c.done())
	}
	for i, charge := range rec.Get("charges").Array() {
		child("charges", i, func(c *row) {
			charge.ForEach(func(k, v gjson.Result) bool { c.raw(k.String(), v.Raw); return true })
		})
	}
	for i, res := range rec.Get("resources").Array() {
		ws := res.Get("workspace")
		n := t.entity("resources", res, func(r *row) {
			r.val("workspace_id", ws.Get("id"))
			if ws.IsObject() {
				r.variant("workspace_variant", t.entity("workspaces", ws, nil))
			}
		})
		child("usage_resources", i, func(c *row) {
			c.val("resource_id", res.Get("id"))
			c.variant("variant", n)
		})
	}
	i := 0
	rec.Get("dimensions").ForEach(func(k, v gjson.Result) bool {
		child("usage_dimensions", i, func(c *row) {
			c.text("name", k.String())
			c.raw("value", v.Raw)
		})
		i++
		return true
	})
}

func (t *tables) json(usage bool) string {
	r := new(row)
	if !usage {
		return "{}"
	}
	for _, n := range tableNames {
		r.raw(n, "["+t.rows[n].String()+"]")
	}
	return string(r.done())
}

// flatten is the row of a resource without children: nested members by their joined names.
func flatten(r *row, rec gjson.Result) []byte {
	flattenInto(r, "", rec)
	return r.done()
}

func flattenInto(r *row, prefix string, v gjson.Result) {
	v.ForEach(func(k, e gjson.Result) bool {
		if e.IsObject() {
			flattenInto(r, prefix+k.String()+"_", e)
		} else {
			r.raw(prefix+k.String(), e.Raw)
		}
		return true
	})
}
