package account_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/secret"
)

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
