// Package accounttest is the contract of account.Store: one suite that every store has to pass.
//
// A store's own test calls Run with a function that fills a fresh store; the suite then reads it from several sides.
package accounttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// Accounts is what Run fills a store with, in this order.
func Accounts() []*account.Account {
	return []*account.Account{
		{ID: "b", Connector: "acme", TenantID: "t1", Context: map[string]any{"region": "eu", "base_url": "http://127.0.0.1:1", "list": []any{"x"}},
			Credentials: map[string]secret.Value{"key": secret.New("hidden-1")}, BaseURLSet: true},
		{ID: "a", Connector: "acme", TenantID: "t2", Credentials: map[string]secret.Value{"key": secret.New("hidden-2")}},
		{ID: "A", Connector: "other", TenantID: "t1"},
	}
}

// Run holds the store that open makes of a list of accounts to the contract.
func Run(t *testing.T, open func(t *testing.T, accounts []*account.Account) account.Store) {
	ctx := context.Background()
	t.Run("get finds each by its exact id", func(t *testing.T) {
		s := open(t, Accounts())
		for _, want := range Accounts() {
			got, err := s.Get(ctx, want.ID)
			if err != nil {
				t.Fatalf("Get(%q): %v", want.ID, err)
			}
			same(t, got, want)
		}
	})
	t.Run("an unknown id is ErrNotFound", func(t *testing.T) {
		s := open(t, Accounts())
		for _, id := range []string{"", "c", "a ", "B", "*", "a\x00", "tenant:t1"} {
			if a, err := s.Get(ctx, id); !errors.Is(err, account.ErrNotFound) || a != nil {
				t.Errorf("Get(%q) = %v, %v; want ErrNotFound", id, a, err)
			}
		}
	})
	t.Run("list keeps the order given", func(t *testing.T) {
		got, err := open(t, Accounts()).List(ctx)
		if err != nil || len(got) != len(Accounts()) {
			t.Fatalf("List = %d accounts, %v", len(got), err)
		}
		for i, want := range Accounts() {
			same(t, got[i], want)
		}
	})
	t.Run("an empty store lists nothing", func(t *testing.T) {
		got, err := open(t, nil).List(ctx)
		if err != nil || len(got) != 0 {
			t.Fatalf("List = %v, %v", got, err)
		}
	})
	t.Run("a caller's change does not reach the store", func(t *testing.T) {
		in := Accounts()
		s := open(t, in)
		in[0].Context["region"], in[0].Connector = "changed", "changed"
		delete(in[0].Credentials, "key")
		list, _ := s.List(ctx)
		list[1] = nil
		got, err := s.Get(ctx, "b")
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, Accounts()[0])
		if again, _ := s.List(ctx); again[1] == nil {
			t.Error("a change to the list reached the store")
		}
	})
	t.Run("a cancelled context is an error and not an absence", func(t *testing.T) {
		s := open(t, Accounts())
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.Get(gone, "a"); err == nil || errors.Is(err, account.ErrNotFound) {
			t.Errorf("Get = %v", err)
		}
		if _, err := s.List(gone); err == nil {
			t.Error("List gave no error")
		}
	})
	t.Run("many readers at once", func(t *testing.T) {
		s := open(t, Accounts())
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 100 {
					if _, err := s.Get(ctx, "a"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	})
	t.Run("credentials do not print", func(t *testing.T) {
		a, err := open(t, Accounts()).Get(ctx, "b")
		if err != nil {
			t.Fatal(err)
		}
		if a.Credentials["key"].Reveal() != "hidden-1" {
			t.Error("the credential is not the one given")
		}
		if s := fmt.Sprintf("%+v %#v", a, *a); strings.Contains(s, "hidden-1") {
			t.Errorf("a credential prints: %s", s)
		}
	})
}
