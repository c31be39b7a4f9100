package proxy

import (
	"context"
	"net/http"
	"strings"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
)

// chargeTypes have a column each in CSV; charges of other types share one.
var chargeTypes = []string{"total", "on_demand", "committed", "discount", "included", "list", "billed", "net", "usage_based", "tax", "credit", "platform_fee", "other"}

// usageColumns are the fixed columns of usage as CSV, up to those of the charges, each with its place in the record.
var usageColumns = []struct{ name, path string }{
	{"integrated_account_id", ""}, {"connector", ""}, {"id", "id"}, {"start_date", "start_date"}, {"end_date", "end_date"},
	{"finality", "finality"}, {"charge_category", "charge_category"},
	{"product_id", "product.id"}, {"product_name", "product.name"}, {"organization_id", "organization.id"}, {"organization_name", "organization.name"},
	{"workspace_id", "workspace.id"}, {"workspace_name", "workspace.name"}, {"user_id", "user.id"}, {"user_email", "user.email"}, {"user_name", "user.name"},
	{"resource_ids", ""}, {"metric_name", "metric_name"}, {"quantity", "usage.quantity"}, {"unit", "usage.unit"}, {"currency", ""},
}

// CSVColumns are the columns of usage as CSV, in their order.
func CSVColumns() []string {
	var cols []string
	for _, c := range usageColumns {
		cols = append(cols, c.name)
	}
	for _, t := range chargeTypes {
		cols = append(cols, "amount_"+t)
	}
	return append(cols, "dimensions")
}

// csv answers with all pages as a table: one row a record and currency. What breaks it under way aborts the connection,
// since a table has no place for an error.
func (q *request) csv(ctx context.Context, w http.ResponseWriter, s source) error {
	defer s.Close()
	c := newCommit(w, "text/csv; charset=utf-8; header=present")
	c.trailers, c.beside = true, true
	defer c.wait()
	c.head = q.headersBeside
	columns, rows := q.csvTable()
	c.Write([]byte(strings.Join(columns, ",") + "\n"))
	limit, keep := q.streamLimit()
	s.tune(c.flush, keep)
	shape := q.shaper()
	shape.noRemote, shape.strings = true, false // a cell has no type
	var buf []byte
	out := q.fill(ctx, s, limit, false, func(rec record.Rec) error {
		buf = shape.append(buf[:0], rec)
		if err := rows.take(buf); err != nil {
			return err
		}
		return c.wrote(rows.append(c.room(len(buf) + aroundRecord)))
	})
	q.observe(out.n)
	token, p := q.ended(ctx, out)
	if p != nil {
		if c.started {
			q.logBroken(ctx, p)
			c.abort()
		}
		return p
	}
	c.set(HeaderStatus, statusComplete)
	if token != "" {
		c.set(HeaderStatus, statusLimited)
		c.set(HeaderNextCursor, token)
	}
	setWarnings(c.w.Header(), q.warnings)
	return c.end()
}

// csvTable has the columns of the resource: those of usage, or account, connector and the scalars of the model.
func (q *request) csvTable() (columns []string, rows interface {
	take(rec []byte) error
	append(b []byte) []byte
}) {
	fixed := []string{q.acct.ID, q.conn.Name}
	if q.resource.Name == "usage" {
		return CSVColumns(), newUsageRows(fixed)
	}
	paths := make([]string, len(fixed))
	for _, f := range q.catalog.Model.Fields(q.resource.Name) {
		if f.Type != mapping.Object {
			paths = append(paths, f.Path)
		}
	}
	return append([]string{usageColumns[0].name, usageColumns[1].name}, paths[len(fixed):]...), newCSVRows(paths, fixed...)
}

// append appends the record that was taken as one row.
func (t *csvRows) append(b []byte) []byte {
	for i, cell := range t.cells {
		end := byte(',')
		if i == len(t.cells)-1 {
			end = '\n'
		}
		b = appendCell(b, cell, end)
	}
	return b
}

// usageRows are those of usage: one a currency, or one without any.
type usageRows struct {
	*csvRows
	ids, quantity, unit, currency int // their columns
}

func newUsageRows(fixed []string) *usageRows {
	var paths []string
	column := map[string]int{}
	for i, c := range usageColumns {
		column[c.name], paths = i, append(paths, c.path)
	}
	paths = append(append(paths, make([]string, len(chargeTypes))...), "dimensions")
	return &usageRows{newCSVRows(paths, fixed...), column["resource_ids"], column["quantity"], column["unit"], column["currency"]}
}

func (u *usageRows) append(b []byte) []byte {
	u.cells[u.ids] = u.csvRows.ids
	if len(u.money) == 0 {
		return u.csvRows.append(b)
	}
	for i, a := range u.money {
		if i > 0 { // once, so that a column's sum is right
			u.cells[u.quantity], u.cells[u.unit] = nil, nil
		}
		u.cells[u.currency] = a.currency
		copy(u.cells[u.currency+1:], a.of)
		b = u.csvRows.append(b)
	}
	return b
}
