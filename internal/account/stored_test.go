package account_test

import (
	"maps"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/account/accounttest"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/secret"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

// stored is a store in a database, as one replica has it.
func stored(t *testing.T, address string, keys *secret.Keyring) (*account.Stored, *account.States) {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	states := account.NewStates(nil)
	s, err := account.NewStored(t.Context(), db, keys, states, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { states.Wait(); _ = db.Close() })
	return s, states
}

func TestStoredKeepsTheContract(t *testing.T) {
	for name, address := range map[string]func(testing.TB) string{"sqlite": databasetest.SQLite, "postgres": databasetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			accounttest.Run(t, func(t *testing.T, accounts []*account.Account) account.Store {
				s, _ := stored(t, address(t), secret.RandomKeyring())
				for _, a := range accounts {
					if err := s.Create(t.Context(), a, account.State{Status: account.Active}); err != nil {
						t.Fatal(err)
					}
				}
				return s
			})
		})
	}
}

func TestStoredAccountsAreCounted(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		s, _ := stored(t, address, secret.RandomKeyring())
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
