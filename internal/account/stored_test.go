package account_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/account/accounttest"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// replica is a store in a database, as one gateway of several has it.
type replica struct {
	*account.Stored
	states *account.States
	db     *database.DB
	now    time.Time
}

func stored(t testing.TB, address string, keys *secret.Keyring) *replica {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{states: account.NewStates(nil), db: db, now: time.Now()}
	if r.Stored, err = account.NewStored(t.Context(), db, keys, r.states, func() time.Time { return r.now }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.states.Wait(); _ = db.Close() })
	return r
}

func (r *replica) add(t testing.TB, a *account.Account) {
	t.Helper()
	if err := r.Create(t.Context(), a, account.State{Status: account.Active}); err != nil {
		t.Fatal(err)
	}
}

func (r *replica) get(t testing.TB, id string) *account.Account {
	t.Helper()
	a, err := r.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func one() *account.Account {
	return &account.Account{ID: "one", Connector: "acme", TenantID: "t", Context: map[string]any{}, Credentials: map[string]secret.Value{"key": secret.New("canary-key"), "more": secret.New("canary-more")}}
}

func TestStoredKeepsTheContract(t *testing.T) {
	for name, address := range map[string]func(testing.TB) string{"sqlite": databasetest.SQLite, "postgres": databasetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			accounttest.Run(t, func(t *testing.T, accounts []*account.Account) account.Store {
				r := stored(t, address(t), secret.RandomKeyring())
				for _, a := range accounts {
					r.add(t, a)
				}
				return r
			})
			accounttest.RunWriter(t, func(t *testing.T) accounttest.Writer { return stored(t, address(t), secret.RandomKeyring()) })
		})
	}
}

// TestReplicasAgreeWithinSeconds: a change shows at once where it was made, and elsewhere when CacheTTL has passed.
func TestReplicasAgreeWithinSeconds(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		keys := secret.RandomKeyring()
		a, b := stored(t, address, keys), stored(t, address, keys)
		a.add(t, one())
		first := b.get(t, "one")
		b.now = b.now.Add(account.CacheTTL)
		if again := b.get(t, "one"); again != first {
			t.Error("what did not change is not the same value: all that was made of it is made anew")
		}
		if _, err := a.Update(t.Context(), "one", func(a *account.Account) error { a.TenantID = "t2"; return nil }); err != nil {
			t.Fatal(err)
		}
		if got := a.get(t, "one").TenantID; got != "t2" {
			t.Errorf("the replica that changed it has %s", got)
		}
		b.now = b.now.Add(account.CacheTTL - 1)
		if got := b.get(t, "one"); got != first {
			t.Error("the database is asked for an account that is fresh")
		}
		b.now = b.now.Add(1)
		if got := b.get(t, "one").TenantID; got != "t2" {
			t.Errorf("after CacheTTL the other one has %s", got)
		}
		if err := a.Delete(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		b.now = b.now.Add(account.CacheTTL)
		if _, err := b.Get(t.Context(), "one"); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("after CacheTTL a removed one is still there: %v", err)
		}
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	r := stored(t, databasetest.SQLite(t), secret.RandomKeyring())
	err := r.db.Transaction(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO account (id, connector, tenant_id, context, overrides, status, last_error, since, data_key, revision, created_at, updated_at)
			WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT 'a' || i, 'acme', '', '{}', '', 'active', '', 0, x'00', 1, 0, 0 FROM n`, account.MaxCached)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	first := r.get(t, "a0")
	for i := 1; i < account.MaxCached; i++ {
		r.get(t, fmt.Sprint("a", i))
	}
	if r.get(t, "a0") != first {
		t.Fatal("as many accounts as fit do not")
	}
	second := r.get(t, "a1")
	r.get(t, "a1") // a0 and a1 were used last
	r.get(t, fmt.Sprint("a", account.MaxCached))
	if r.get(t, "a1") != second || r.get(t, "a0") != first {
		t.Error("one that was just used had to go")
	}
}

// TestSecretsAreBoundToTheirPlace: rows that were swapped, copied or altered do not open.
func TestSecretsAreBoundToTheirPlace(t *testing.T) {
	for name, statement := range map[string]string{
		"another account's secret": `UPDATE account_secret SET sealed = (SELECT sealed FROM account_secret WHERE account_id = 'two' AND name = 'credentials.key') WHERE account_id = 'one' AND name = 'credentials.key'`,
		"another field's":          `UPDATE account_secret SET sealed = (SELECT sealed FROM account_secret WHERE account_id = 'one' AND name = 'credentials.more') WHERE account_id = 'one' AND name = 'credentials.key'`,
		"another account's key":    `UPDATE account SET data_key = (SELECT data_key FROM account WHERE id = 'two') WHERE id = 'one'`,
		"cut":                      `UPDATE account_secret SET sealed = substr(sealed, 1, 20) WHERE account_id = 'one'`,
	} {
		t.Run(name, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, address string) {
				r := stored(t, address, secret.RandomKeyring())
				r.add(t, one())
				two := one()
				two.ID = "two"
				r.add(t, two)
				if _, err := r.db.Exec(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
				if a := r.get(t, "one"); !a.Unreadable || len(a.Credentials) > 0 {
					t.Errorf("it opens: %d credentials", len(a.Credentials))
				}
				if a := r.get(t, "two"); a.Unreadable || a.Credentials["key"].Reveal() != "canary-key" {
					t.Error("the other account's do not")
				}
				// Credentials that are set anew make it whole again.
				a, err := r.Update(t.Context(), "one", func(a *account.Account) error {
					a.Credentials, a.Unreadable = map[string]secret.Value{"key": secret.New("new")}, false
					return nil
				})
				if err != nil || a.Credentials["key"].Reveal() != "new" {
					t.Fatal(err)
				}
				if got := r.get(t, "one"); got.Unreadable || got.Credentials["key"].Reveal() != "new" {
					t.Error("new credentials do not open")
				}
			})
		})
	}
}

// TestNothingLiesInClear: neither in the rows nor in the file.
func TestNothingLiesInClear(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		r := stored(t, address, secret.RandomKeyring())
		r.add(t, one())
		if err := r.KeepRefreshToken(t.Context(), "one", "canary-grant", "canary-refresh"); err != nil {
			t.Fatal(err)
		}
		rows := 0
		for _, query := range []string{`SELECT data_key FROM account`, `SELECT sealed FROM account_secret`, `SELECT CAST(name AS $bytes) FROM account_secret`} {
			if strings.Contains(query, "CAST") && strings.HasPrefix(address, "postgres") {
				query = `SELECT convert_to(name, 'UTF8') FROM account_secret`
			}
			err := r.db.Each(t.Context(), query, nil, func(scan func(...any) error) error {
				var b []byte
				err := scan(&b)
				if rows++; bytes.Contains(b, []byte("canary")) {
					t.Errorf("%s has %q", query, b)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if rows != 7 {
			t.Errorf("%d values were looked at", rows)
		}
	})
}

func ring(t testing.TB, keys ...byte) *secret.Keyring {
	t.Helper()
	var all [][]byte
	for _, k := range keys {
		all = append(all, bytes.Repeat([]byte{k}, secret.KeySize))
	}
	r, err := secret.NewKeyring(all...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAKeyIsReplacedWhileReplicasServe: the old one opens until all is sealed anew, and is not needed afterwards.
func TestAKeyIsReplacedWhileReplicasServe(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		ctx := t.Context()
		old := stored(t, address, ring(t, 1))
		for i := range 1201 { // two batches and one more
			a := one()
			a.ID = fmt.Sprint("a", i)
			old.add(t, a)
		}
		if err := old.KeepRefreshToken(ctx, "a0", "grant", "refreshed"); err != nil {
			t.Fatal(err)
		}
		both := stored(t, address, ring(t, 2, 1))
		served := make(chan error)
		go func() {
			var err error
			for i := 0; i < 200 && err == nil; i++ {
				var a *account.Account
				if a, err = both.Get(ctx, fmt.Sprint("a", i)); err == nil && a.Unreadable {
					err = fmt.Errorf("a%d does not open", i)
				}
			}
			served <- err
		}()
		n, unreadable, err := both.Reseal(ctx)
		if n != 1201 || len(unreadable) > 0 || err != nil {
			t.Fatalf("Reseal = %d, %v, %v", n, unreadable, err)
		}
		if err := <-served; err != nil {
			t.Errorf("while it is sealed anew: %v", err)
		}
		by, err := both.SealedBy(ctx)
		if ids := ring(t, 2, 1).IDs(); err != nil || by[ids[0]] != 1201 || by[ids[1]] != 0 {
			t.Errorf("SealedBy = %v, %v", by, err)
		}
		fresh := stored(t, address, ring(t, 2))
		if a := fresh.get(t, "a1200"); a.Unreadable || a.Credentials["key"].Reveal() != "canary-key" {
			t.Error("without the old key it does not open")
		}
		if text, ok, err := fresh.RefreshToken(ctx, "a0", "grant"); text != "refreshed" || !ok || err != nil {
			t.Errorf("the refresh token: %q, %v, %v", text, ok, err)
		}
		if n, unreadable, err := stored(t, address, ring(t, 3)).Reseal(ctx); n != 0 || len(unreadable) != 1201 || err != nil {
			t.Errorf("with a key that opens nothing: %d, %d, %v", n, len(unreadable), err)
		}
	})
}

// TestStatesAreKept: what a provider said outlives the process and reaches other replicas, and a block is the operator's.
func TestStatesAreKept(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		ctx, keys := t.Context(), secret.RandomKeyring()
		a, b := stored(t, address, keys), stored(t, address, keys)
		a.add(t, one())
		a.get(t, "one")
		statusOf := func(r *replica) account.Status {
			t.Helper()
			r.now = r.now.Add(account.CacheTTL)
			r.get(t, "one")
			return r.states.Get("one").Status
		}
		a.states.Set("one", account.NeedsReauth, "revoked\x00 by its owner")
		a.states.Wait()
		if got := statusOf(b); got != account.NeedsReauth {
			t.Errorf("another replica has %s", got)
		}
		if got := b.states.Get("one").LastError; got != "revoked by its owner" {
			t.Errorf("with %q", got)
		}
		if err := b.SetState(ctx, "one", account.Blocked, ""); err != nil {
			t.Fatal(err)
		}
		a.states.Set("one", account.Active, "") // a success of a request that was under way
		a.states.Wait()
		if got := statusOf(a); got != account.Blocked {
			t.Errorf("a block was lifted by a provider: %s", got)
		}
		if err := a.SetState(ctx, "one", account.Active, ""); err != nil {
			t.Fatal(err)
		}
		if got := statusOf(b); got != account.Active {
			t.Errorf("after the block: %s", got)
		}
		if err := a.SetState(ctx, "nobody", account.Blocked, ""); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("nobody's state: %v", err)
		}
		if _, _, err := stored(t, address, keys).List(ctx, account.Query{}); err != nil {
			t.Error(err)
		}
	})
}

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

func TestStoredAccountsAreCounted(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		s := stored(t, address, secret.RandomKeyring())
		for id, kind := range map[string]struct {
			connector string
			status    account.Status
		}{"a": {"acme", account.Active}, "b": {"acme", account.Active}, "c": {"acme", account.Blocked}, "d": {"other", account.Active}} {
			if err := s.Create(t.Context(), &account.Account{ID: id, Connector: kind.connector}, account.State{Status: kind.status}); err != nil {
				t.Fatal(err)
			}
		}
		got := map[string]int{}
		if err := s.Count(t.Context(), func(connector string, status account.Status, n int) { got[connector+" "+string(status)] = n }); err != nil {
			t.Fatal(err)
		}
		if want := map[string]int{"acme active": 2, "acme blocked": 1, "other active": 1}; !maps.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
}
