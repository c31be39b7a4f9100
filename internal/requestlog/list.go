package requestlog

import (
	"context"
	"fmt"
	"time"

	"github.com/meterbridge/meterbridge/internal/database"
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
	q := database.Where()
	q.Is("account_id", f.AccountID)
	q.Is("tenant_id", f.TenantID)
	q.Is("token_id", f.TokenID)
	q.Is("connector", f.Connector)
	q.Is("code", f.Code)
	switch {
	case f.Status >= 100:
		q.Between("status", f.Status, f.Status+1)
	case f.Status > 0:
		q.Between("status", f.Status*100, f.Status*100+100)
	}
	q.From("at", f.From)
	q.To("at", f.To)
	q.Below("id", f.Before)
	query, args := q.Newest(`SELECT id, `+columns+` FROM request_log`, f.Limit+1)
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
