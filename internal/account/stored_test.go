package account_test

import (
	"errors"
	"fmt"
	"maps"
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
