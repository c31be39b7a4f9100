package database

import (
	"context"
	"database/sql"
	"errors"
)

// runner runs statements, on a database or in a transaction.
type runner struct {
	dialect
	read, write queryer
}

// queryer is what sql.DB and sql.Tx have in common.
type queryer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Exec runs a statement and says how many rows it changed.
func (r runner) Exec(ctx context.Context, statement string, args ...any) (changed int64, err error) {
	bounded, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	result, err := r.write.ExecContext(bounded, r.say(statement), args...)
	if err != nil {
		return 0, r.fault(ctx, err)
	}
	return result.RowsAffected()
}

// One reads the first row of a query into dest, or gives ErrNone.
func (r runner) One(ctx context.Context, query string, args []any, dest ...any) error {
	found := errors.New("found")
	err := r.Each(ctx, query, args, func(scan func(...any) error) error {
		if err := scan(dest...); err != nil {
			return err
		}
		return found
	})
	switch {
	case err == nil:
		return ErrNone
	case errors.Is(err, found):
		return nil
	}
	return err
}

// Each calls f for every row of a query, with what reads the row's columns. An error of f ends it. The rows hold a
// connection until it ends: f asks the database for nothing else.
func (r runner) Each(ctx context.Context, query string, args []any, f func(scan func(dest ...any) error) error) error {
	bounded, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	rows, err := r.read.QueryContext(bounded, r.say(query), args...)
	if err != nil {
		return r.fault(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return r.fault(ctx, rows.Err())
}
