package proxy

import (
	"bytes"
	"strconv"

	"github.com/tidwall/gjson"
)

// tables are the entities and the children of a page.
type tables struct {
	account, connector string
	usage              bool
	entities           []entity // that the resource has
	scalars, dates     []string // paths of the other columns
	order              []string // of the tables
	rows               map[string]*bytes.Buffer
	seen               map[string]map[string]int // table and id → content → variant
	size               int
}

func (q *request) newTables() *tables {
	t := &tables{
		account: q.acct.ID, connector: q.conn.Name, usage: q.resource.Name == "usage",
		rows: map[string]*bytes.Buffer{}, seen: map[string]map[string]int{},
	}
	t.scalars, t.dates = q.columns()
	for _, f := range q.catalog.Model.Fields(q.resource.Name) {
		for _, e := range entities {
			if e.field == f.Path {
				t.entities, t.order = append(t.entities, e), append(t.order, e.table)
			}
		}
	}
	if t.usage {
		t.order = append(t.order, "resources", "charges", "usage_resources", "usage_dimensions")
	}
	for _, name := range t.order {
		t.rows[name] = new(bytes.Buffer)
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

// entity puts an entity into its table if it is new there, and gives its variant. In place of its workspace stands what
// refer writes.
func (t *tables) entity(table string, e gjson.Result, refer func(*row)) int {
	var r row
	e.ForEach(func(k, v gjson.Result) bool {
		if refer == nil || k.Str != ofResource.field {
			r.raw(k.String(), v.Raw)
		}
		return true
	})
	if refer != nil {
		refer(&r)
	}
	id := e.Get("id")
	key := table + "\x00" + id.Raw
	if t.seen[key] == nil {
		t.seen[key] = map[string]int{}
	}
	n, ok := t.seen[key][string(r.b)]
	if !ok {
		if n = len(t.seen[key]); id.Type == gjson.Null {
			n++ // nothing else would say that it is there
		}
		t.seen[key][string(r.b)] = n
		t.size += len(r.b)
		r.variant("variant", n)
		t.add(table, r.done())
	}
	return n
}

func (t *tables) json() []byte {
	var r row
	for _, name := range t.order {
		r.raw(name, "["+t.rows[name].String()+"]")
	}
	return r.done()
}

// row is a flat JSON object under way, behind what stands in b up to from.
type row struct {
	b    []byte
	from int
}

func (r *row) raw(name, value string) {
	if len(r.b) == r.from {
		r.b = append(r.b, '{')
	} else {
		r.b = append(r.b, ',')
	}
	r.b = append(append(quote(r.b, name), ':'), value...)
}

func (r *row) text(name, value string) { r.raw(name, string(quote(nil, value))) }

func (r *row) int(name string, n int) { r.raw(name, strconv.Itoa(n)) }

func (r *row) val(name string, v gjson.Result) {
	if v.Exists() {
		r.raw(name, v.Raw)
	} else {
		r.raw(name, "null")
	}
}

// members copies a flat object.
func (r *row) members(v gjson.Result) {
	v.ForEach(func(k, e gjson.Result) bool {
		r.raw(k.String(), e.Raw)
		return true
	})
}

func (r *row) variant(name string, n int) {
	if n > 0 {
		r.int(name, n)
	}
}

func (r *row) done() []byte {
	if len(r.b) == r.from {
		r.b = append(r.b, '{')
	}
	return append(r.b, '}')
}
