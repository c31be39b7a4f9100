package requestlog

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Filter says which rows are asked for; what is zero filters nothing.
type Filter struct {
	AccountID, TenantID, TokenID, Connector, Code string

	Status   int       // 404; or 4 for all that are 4xx
	From, To time.Time // of the request's beginning; To is exclusive
	Before   int64     // rows older than the one of this id: the next page
	Limit    int
}

// List gives rows, the newest first. next is the Before of the next page, 0 where there is none.
func (l *Log) List(ctx context.Context, f Filter) (rows []Entry, next int64, err error) {
	var where []string
	var args []any
	only := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	for _, c := range []struct{ column, value string }{
		{"account_id", f.AccountID}, {"tenant_id", f.TenantID}, {"token_id", f.TokenID}, {"connector", f.Connector}, {"code", f.Code},
	} {
		if c.value != "" {
			only(c.column+` = $%d`, c.value)
		}
	}
	switch {
	case f.Status >= 100:
		only(`status = $%d`, f.Status)
	case f.Status > 0:
		only(`status >= $%d`, f.Status*100)
		only(`status < $%d`, f.Status*100+100)
	}
	if !f.From.IsZero() {
		only(`at >= $%d`, f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		only(`at < $%d`, f.To.UnixMilli())
	}
	if f.Before > 0 {
		only(`id < $%d`, f.Before)
	}
	query := `SELECT id, ` + columns + ` FROM request_log`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	args = append(args, f.Limit+1)
	query += fmt.Sprintf(` ORDER BY id DESC LIMIT $%d`, len(args))
	err = l.DB.Each(ctx, query, args, func(scan func(...any) error) error {
		var e Entry
		if err := e.scan(scan); err != nil {
			return err
		}
		rows = append(rows, e)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading the request log: %w", err)
	}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		next = rows[f.Limit-1].ID
	}
	return rows, next, nil
}
