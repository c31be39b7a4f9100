package proxy

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/money"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// chargeTypes have a column each in CSV; a charge of another type is added to the column other types share.
var chargeTypes = []string{"total", "on_demand", "committed", "discount", "included", "list", "billed", "net", "usage_based", "tax", "credit", "platform_fee"}

// usageColumns are the fixed columns of usage as CSV, up to those of the charges.
var usageColumns = []string{
	"integrated_account_id", "connector", "id", "start_date", "end_date", "finality", "charge_category",
	"product_id", "product_name", "organization_id", "organization_name", "workspace_id", "workspace_name",
	"user_id", "user_email", "user_name", "resource_ids", "metric_name", "quantity", "unit", "currency",
}

// CSVColumns are the columns of usage as CSV, in their order.
func CSVColumns() []string {
	cols := append([]string{}, usageColumns...)
	for _, t := range chargeTypes {
		cols = append(cols, "amount_"+t)
	}
	return append(cols, "amount_other", "dimensions")
}

// csv answers with all pages as a table: one row a record and currency. What breaks it under way aborts the connection,
// since a table has no place for an error.
func (q *request) csv(ctx context.Context, w http.ResponseWriter) error {
	s := q.open(ctx)
	defer s.Close()
	c := newCommit(w, "text/csv; charset=utf-8; header=present")
	table := csv.NewWriter(c)
	w.Header().Set(HeaderRange, string(q.rangeJSON()))
	usage := q.resource.Name == "usage"
	columns := CSVColumns()
	if !usage {
		columns = q.entityColumns()
	}
	table.Write(columns)
	if walk, ok := s.(*walk); ok {
		walk.keepPg = q.params.limitGiven
		walk.before = func() {
			if table.Flush(); c.started {
				c.flush()
			}
		}
	}
	var last *record.Position
	n := 0
	for ; ; n++ {
		rec, err := s.Next()
		if err == io.EOF {
			last = nil
			break
		}
		if err != nil {
			return q.csvBroken(ctx, c, s, err, last)
		}
		if q.params.limitGiven && n == q.params.limit {
			s.remember()
			break
		}
		v := gjson.ParseBytes(rec.JSON)
		if usage {
			err = q.usageRows(table, v)
		} else {
			err = table.Write(q.entityRow(columns, v))
		}
		if err == nil {
			err = c.err
		}
		if err != nil {
			return q.csvBroken(ctx, c, s, err, last)
		}
		at := rec.After
		last = &at
	}
	table.Flush()
	status := statusComplete
	if last != nil {
		token, err := q.mint(ctx, last)
		if err != nil {
			return q.csvBroken(ctx, c, s, err, nil)
		}
		c.set(HeaderNextCursor, token)
		status = statusLimited
	}
	c.set(HeaderStatus, status)
	setWarnings(c.w.Header(), q.allWarnings())
	q.Observer.Records(q.conn.Name, q.mapped, string(CSV), n)
	return c.end()
}

func (q *request) csvBroken(ctx context.Context, c *commit, s source, err error, last *record.Position) error {
	if last == nil {
		if at, ok := s.giveUp(); ok {
			last = &at
		}
	}
	if c.started {
		q.Log.WarnContext(ctx, "a table under way was aborted", "error", err.Error())
		c.abort()
	}
	// Rows that were held back are dropped with the error, so the walk begins where this request did.
	if q.resumes {
		last = &q.at
	} else {
		last = nil
	}
	return q.fail(ctx, err, last)
}

// usageRows writes a record: a row a currency, or one without any.
func (q *request) usageRows(table *csv.Writer, v gjson.Result) error {
	var currencies []string
	sums := map[string]map[string]money.Dec{}
	for _, ch := range v.Get("charges").Array() {
		cur, typ := ch.Get("currency").Str, ch.Get("type").Str
		if sums[cur] == nil {
			sums[cur] = map[string]money.Dec{}
			currencies = append(currencies, cur)
		}
		amount, err := money.Parse(ch.Get("amount").Raw)
		if err != nil {
			return problem.Wrap(problem.MappingFailed, err, "the record %q has a charge without an amount", v.Get("id").Str)
		}
		if !knownCharge(typ) {
			typ = "other"
		}
		if was, ok := sums[cur][typ]; ok {
			amount = was.Add(amount)
		}
		sums[cur][typ] = amount
	}
	if len(currencies) == 0 {
		currencies = []string{""}
	}
	for i, cur := range currencies {
		row := []string{
			q.acct.ID, q.conn.Name, cell(v, "id"), cell(v, "start_date"), cell(v, "end_date"), cell(v, "finality"), cell(v, "charge_category"),
			cell(v, "product.id"), cell(v, "product.name"), cell(v, "organization.id"), cell(v, "organization.name"), cell(v, "workspace.id"), cell(v, "workspace.name"),
			cell(v, "user.id"), cell(v, "user.email"), cell(v, "user.name"), joined(v.Get("resources.#.id")), cell(v, "metric_name"), "", "", cur,
		}
		if i == 0 {
			row[18], row[19] = cell(v, "usage.quantity"), cell(v, "usage.unit")
		}
		for _, t := range append(chargeTypes, "other") {
			if amount, ok := sums[cur][t]; ok {
				row = append(row, amount.String())
			} else {
				row = append(row, "")
			}
		}
		if err := table.Write(append(row, v.Get("dimensions").Raw)); err != nil {
			return err
		}
	}
	return nil
}

func knownCharge(typ string) bool {
	for _, t := range chargeTypes {
		if t == typ {
			return true
		}
	}
	return false
}

// cell is a scalar as it stands, numbers with their digits; null and absent are empty.
func cell(v gjson.Result, path string) string {
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
func (q *request) entityColumns() []string {
	columns := []string{"integrated_account_id", "connector"}
	for _, f := range q.catalog.Model.Fields(q.resource.Name) {
		if f.Type != mapping.Object {
			columns = append(columns, f.Path)
		}
	}
	return columns
}

func (q *request) entityRow(columns []string, v gjson.Result) []string {
	row := []string{q.acct.ID, q.conn.Name}
	for _, c := range columns[2:] {
		row = append(row, cell(v, c))
	}
	return row
}
