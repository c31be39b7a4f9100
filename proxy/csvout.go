package proxy

import (
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/problem"
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
	{"resource_ids", ""}, {"metric_name", "metric_name"}, {"quantity", ""}, {"unit", ""}, {"currency", ""},
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
	c.trailers = true
	c.head = q.headersBeside
	table := csv.NewWriter(c)
	columns, rows := CSVColumns(), q.usageRows
	if q.resource.Name != "usage" {
		var paths []string
		paths, columns = q.entityColumns()
		rows = func(v gjson.Result) ([][]string, error) { return [][]string{q.entityRow(paths, v)}, nil }
	}
	table.Write(columns)
	limit, keep := q.streamLimit()
	s.tune(func() { table.Flush(); c.flush() }, keep)
	shape := q.shaper()
	shape.noRemote, shape.strings = true, false // a cell has no type
	var buf []byte
	out := q.fill(ctx, s, limit, false, func(rec record.Rec) error {
		buf = shape.append(buf[:0], rec)
		lines, err := rows(gjson.ParseBytes(buf))
		if err != nil {
			return err
		}
		for _, line := range lines {
			table.Write(line)
		}
		return c.err
	})
	q.observe(out.n)
	table.Flush()
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

// usageRows are the rows of a record: one a currency, or one without any.
func (q *request) usageRows(v gjson.Result) ([][]string, error) {
	currencies, amounts, err := amountsOf(v)
	if err != nil {
		return nil, err
	}
	var lines [][]string
	for i, currency := range currencies {
		line := make([]string, 0, len(usageColumns)+len(chargeTypes)+1)
		for _, col := range usageColumns {
			cell := cellOf(v, col.path)
			switch {
			case col.name == "integrated_account_id":
				cell = q.acct.ID
			case col.name == "connector":
				cell = q.conn.Name
			case col.name == "resource_ids":
				cell = joined(v.Get("resources.#.id"))
			case col.name == "currency":
				cell = currency
			case i > 0:
			case col.name == "quantity" || col.name == "unit": // once, so that a column's sum is right
				cell = cellOf(v, "usage."+col.name)
			}
			line = append(line, cell)
		}
		for _, typ := range chargeTypes {
			line = append(line, amounts[currency][typ])
		}
		lines = append(lines, append(line, v.Get("dimensions").Raw))
	}
	return lines, nil
}

// amountsOf are a record's currencies and, by currency and type, its amounts: as they stand, or summed where a type has
// several. A record without charges has one currency, which has no name.
func amountsOf(v gjson.Result) (currencies []string, amounts map[string]map[string]string, err error) {
	amounts = map[string]map[string]string{}
	for _, charge := range v.Get("charges").Array() {
		currency, typ, amount := charge.Get("currency").Str, charge.Get("type").Str, charge.Get("amount").Raw
		if amounts[currency] == nil {
			amounts[currency] = map[string]string{}
			currencies = append(currencies, currency)
		}
		if !slices.Contains(chargeTypes, typ) {
			typ = "other"
		}
		if was := amounts[currency][typ]; was != "" && amount != "" {
			a, errA := money.Parse(was)
			b, errB := money.Parse(amount)
			if errA != nil || errB != nil {
				return nil, nil, problem.New(problem.MappingFailed, "the record %q has charges that can't be added: %s and %s", v.Get("id").Str, clip(was, 40), clip(amount, 40))
			}
			amount = a.Add(b).String()
		}
		if amount != "" {
			amounts[currency][typ] = amount
		}
	}
	if len(currencies) == 0 {
		currencies = []string{""}
	}
	return currencies, amounts, nil
}

// cellOf is a scalar as it stands, numbers with their digits; null and absent are empty.
func cellOf(v gjson.Result, path string) string {
	if path == "" {
		return ""
	}
	e := v.Get(path)
	switch e.Type {
	case gjson.Null:
		return ""
	case gjson.String:
		return e.Str
	}
	return e.Raw
}

func joined(list gjson.Result) string {
	var ids []string
	for _, e := range list.Array() {
		if e.Type != gjson.Null {
			ids = append(ids, e.String())
		}
	}
	return strings.Join(ids, " ")
}

// entityColumns are the columns of a resource that is no usage: account, connector, and the scalars of the model.
func (q *request) entityColumns() (paths, columns []string) {
	columns = []string{"integrated_account_id", "connector"}
	for _, f := range q.catalog.Model.Fields(q.resource.Name) {
		if f.Type != mapping.Object {
			paths = append(paths, f.Path)
		}
	}
	return paths, append(columns, paths...)
}

func (q *request) entityRow(paths []string, v gjson.Result) []string {
	row := []string{q.acct.ID, q.conn.Name}
	for _, path := range paths {
		row = append(row, cellOf(v, path))
	}
	return row
}
