package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// TestADatabaseThatCanNot: accounts that were read lately are served on, and a change is refused whole.
func TestADatabaseThatCanNot(t *testing.T) {
	ctx := context.Background()
	t.Run("full", func(t *testing.T) {
		r := stored(t, databasetest.SQLite(t), secret.RandomKeyring())
		r.add(t, one())
		if _, err := r.db.Exec(ctx, `PRAGMA max_page_count = 1`); err != nil { // SQLite makes as many of it as there are
			t.Fatal(err)
		}
		large := one()
		large.ID, large.Context = "large", map[string]any{"x": strings.Repeat("x", 1<<20)}
		if err := r.Create(ctx, large, account.State{}); !errors.Is(err, database.ErrUnavailable) {
			t.Errorf("Create = %v", err)
		}
		if _, err := r.Get(ctx, "large"); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("a part of it is there: %v", err)
		}
		r.now = r.now.Add(account.CacheTTL)
		r.get(t, "one")
	})
	t.Run("gone", func(t *testing.T) {
		r := stored(t, databasetest.Postgres(t), secret.RandomKeyring())
		r.add(t, one())
		two := one()
		two.ID = "two"
		r.add(t, two)
		known := r.get(t, "one")
		s := databasetest.Start(t)
		s.Stop()
		defer func() {
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			r.now = r.now.Add(account.CacheTTL)
			r.get(t, "one") // it answers again, and takes what it could not
			r.states.Wait()
			var status string
			if err := r.db.One(ctx, `SELECT status FROM account WHERE id = 'one'`, nil, &status); err != nil || status != "needs_reauth" {
				t.Errorf("when it is back: %s, %v", status, err)
			}
		}()
		r.states.Set("one", account.NeedsReauth, "told while it is gone")
		for range 3 {
			r.now = r.now.Add(account.CacheTTL)
			if r.get(t, "one") != known {
				t.Error("another account")
			}
		}
		if _, err := r.Get(ctx, "two"); !errors.Is(err, database.ErrUnavailable) {
			t.Errorf("one that is not known: %v", err)
		}
		if _, err := r.Update(ctx, "one", func(*account.Account) error { return nil }); !errors.Is(err, database.ErrUnavailable) {
			t.Errorf("Update = %v", err)
		}
		if r.get(t, "one") != known {
			t.Error("a change that failed took the account away")
		}
	})
}
