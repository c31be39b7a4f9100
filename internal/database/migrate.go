package database

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Migrate brings a part's tables to the newest of its steps, each a statement or several that follow each other. What ran
// is remembered by number, so a step that was released is never changed: a later one alters what it made. Replicas that
// start together do it once.
func (db *DB) Migrate(ctx context.Context, part string, steps ...string) error {
	err := db.Transaction(ctx, func(tx *Tx) error {
		if tx.lock != "" {
			if _, err := tx.Exec(ctx, tx.lock); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS migration (part $text NOT NULL, step BIGINT NOT NULL, ran_at BIGINT NOT NULL, PRIMARY KEY (part, step))`); err != nil {
			return err
		}
		ran := 0
		if err := tx.One(ctx, `SELECT coalesce(max(step), 0) FROM migration WHERE part = $1`, []any{part}, &ran); err != nil {
			return err
		}
		if ran > len(steps) {
			return fmt.Errorf("they are of step %d, and this version knows %d: %w", ran, len(steps), errNewer)
		}
		for i, step := range steps[ran:] {
			if _, err := tx.Exec(ctx, step); err != nil {
				return fmt.Errorf("step %d: %w", ran+i+1, err)
			}
			if _, err := tx.Exec(ctx, `INSERT INTO migration (part, step, ran_at) VALUES ($1, $2, $3)`, part, ran+i+1, time.Now().UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("bringing the tables of %s up to date: %w", part, err)
	}
	return nil
}

var errNewer = errors.New("a newer meterbridge made them; run that one")
