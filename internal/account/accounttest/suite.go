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
	t.Run("list keeps the order given, and no credentials", func(t *testing.T) {
		got, next, err := open(t, Accounts()).List(ctx, account.Query{})
		if err != nil || len(got) != len(Accounts()) || next != "" {
			t.Fatalf("List = %d accounts, %q, %v", len(got), next, err)
		}
		for i, want := range Accounts() {
			want.Credentials = nil
			same(t, got[i], want)
		}
	})
	t.Run("list chooses, page by page", func(t *testing.T) {
		s := open(t, Accounts())
		for name, c := range map[string]struct {
			q    account.Query
			want string
		}{
			"a tenant":               {account.Query{TenantID: "t1"}, "b A"},
			"a connector":            {account.Query{Connector: "acme"}, "b a"},
			"both":                   {account.Query{Connector: "acme", TenantID: "t2"}, "a"},
			"none":                   {account.Query{TenantID: "T1"}, ""},
			"one a page":             {account.Query{Limit: 1}, "b a A"},
			"two a page":             {account.Query{Limit: 2}, "b a A"},
			"three a page":           {account.Query{Limit: 3}, "b a A"},
			"a tenant's, one a page": {account.Query{TenantID: "t1", Limit: 1}, "b A"},
		} {
			var got []string
			pages := 0
			for q := c.q; ; {
				page, next, err := s.List(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				if pages++; next != "" && len(page) == 0 || q.Limit > 0 && len(page) > q.Limit {
					t.Errorf("%s: page %d has %d accounts, and another follows", name, pages, len(page))
				}
				for _, a := range page {
					got = append(got, a.ID)
				}
				if q.After = next; next == "" {
					break
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s: %v, want %s", name, got, c.want)
			}
		}
		if _, _, err := s.List(ctx, account.Query{After: "nonsense"}); !errors.Is(err, account.ErrPosition) {
			t.Errorf("a position of nonsense: %v", err)
		}
	})
	t.Run("an empty store lists nothing", func(t *testing.T) {
		got, next, err := open(t, nil).List(ctx, account.Query{})
		if err != nil || len(got) != 0 || next != "" {
			t.Fatalf("List = %v, %q, %v", got, next, err)
		}
	})
	t.Run("a caller's change does not reach the store", func(t *testing.T) {
		in := Accounts()
		s := open(t, in)
		in[0].Context["region"], in[0].Connector = "changed", "changed"
		delete(in[0].Credentials, "key")
		list, _, _ := s.List(ctx, account.Query{})
		list[1] = nil
		got, err := s.Get(ctx, "b")
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, Accounts()[0])
		if again, _, _ := s.List(ctx, account.Query{}); again[1] == nil {
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
		if _, _, err := s.List(gone, account.Query{}); err == nil {
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
