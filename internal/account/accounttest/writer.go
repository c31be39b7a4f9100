package accounttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// Writer is a Store whose accounts can be changed, and which keeps what providers gave in place of credentials.
type Writer interface {
	account.Store
	Create(ctx context.Context, a *account.Account, st account.State) error
	Update(ctx context.Context, id string, change func(*account.Account) error) (*account.Account, error)
	Delete(ctx context.Context, id string) error
	RefreshToken(ctx context.Context, account, grant string) (text string, ok bool, err error)
	KeepRefreshToken(ctx context.Context, account, grant, text string) error
}

// RunWriter holds a store that open makes, empty, to the contract of one that can be changed.
func RunWriter(t *testing.T, open func(t *testing.T) Writer) {
	ctx := context.Background()
	fill := func(t *testing.T) Writer {
		t.Helper()
		w := open(t)
		for _, a := range Accounts() {
			if err := w.Create(ctx, a, account.State{Status: account.Active}); err != nil {
				t.Fatal(err)
			}
		}
		return w
	}
	get := func(t *testing.T, w Writer, id string) *account.Account {
		t.Helper()
		a, err := w.Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	t.Run("an id is taken once", func(t *testing.T) {
		w := fill(t)
		if err := w.Create(ctx, &account.Account{ID: "a", Connector: "changed"}, account.State{}); !errors.Is(err, account.ErrExists) {
			t.Errorf("Create = %v", err)
		}
		same(t, get(t, w, "a"), Accounts()[1])
	})
	t.Run("a change is whole, and shows at once", func(t *testing.T) {
		w := fill(t)
		before := get(t, w, "b")
		changed, err := w.Update(ctx, "b", func(a *account.Account) error {
			a.ID, a.TenantID = "an id does not change", "t9"
			a.Context = map[string]any{"region": "us", "seats": 3, "deep": map[string]any{"n": 1}}
			a.Credentials = maps.Clone(a.Credentials)
			a.Credentials["more"] = secret.New("hidden-9")
			delete(a.Credentials, "key")
			a.Overrides = &account.Overrides{Mappings: map[string]jq.Source{"usage": {Text: "{}"}}}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := &account.Account{ID: "b", Connector: "acme", TenantID: "t9", Context: map[string]any{"region": "us", "seats": 3, "deep": map[string]any{"n": 1}},
			Credentials: map[string]secret.Value{"more": secret.New("hidden-9")}}
		same(t, changed, want)
		same(t, get(t, w, "b"), want)
		if o := get(t, w, "b").Overrides; o == nil || o.Mappings["usage"].Text != "{}" {
			t.Errorf("overrides are %+v", o)
		}
		same(t, before, Accounts()[0]) // who holds the old one keeps it
		same(t, get(t, w, "a"), Accounts()[1])
	})
	t.Run("a change that fails changes nothing", func(t *testing.T) {
		w := fill(t)
		no := errors.New("no")
		if _, err := w.Update(ctx, "b", func(a *account.Account) error { a.TenantID = "t9"; return no }); !errors.Is(err, no) {
			t.Errorf("Update = %v", err)
		}
		same(t, get(t, w, "b"), Accounts()[0])
		if _, err := w.Update(ctx, "nobody", func(*account.Account) error { return nil }); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("of an account that is not there: %v", err)
		}
	})
	t.Run("changes at the same time are all made", func(t *testing.T) {
		w := fill(t)
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				if _, err := w.Update(ctx, "a", func(a *account.Account) error {
					a.Context = maps.Clone(a.Context)
					a.Context[fmt.Sprint("key", i)] = i
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := get(t, w, "a").Context; len(got) != 4 {
			t.Errorf("the context is %v", got)
		}
	})
	t.Run("what was removed is gone", func(t *testing.T) {
		w := fill(t)
		if err := w.KeepRefreshToken(ctx, "b", "grant", "hidden-r"); err != nil {
			t.Fatal(err)
		}
		if err := w.Delete(ctx, "b"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Get(ctx, "b"); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("Get = %v", err)
		}
		if err := w.Delete(ctx, "b"); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("Delete again = %v", err)
		}
		if err := w.Create(ctx, &account.Account{ID: "b", Connector: "acme"}, account.State{Status: account.Active}); err != nil {
			t.Fatal(err)
		}
		if a := get(t, w, "b"); len(a.Credentials) > 0 {
			t.Error("a new account of an old id has its credentials")
		}
		if _, ok, err := w.RefreshToken(ctx, "b", "grant"); ok || err != nil {
			t.Errorf("RefreshToken = %v, %v", ok, err)
		}
	})
	t.Run("a refresh token stands for its grant until the credentials change", func(t *testing.T) {
		w := fill(t)
		for _, text := range []string{"hidden-r1", "hidden-r2"} {
			if err := w.KeepRefreshToken(ctx, "a", "grant", text); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Update(ctx, "a", func(a *account.Account) error { a.TenantID = "t8"; return nil }); err != nil {
			t.Fatal(err)
		}
		if text, ok, err := w.RefreshToken(ctx, "a", "grant"); text != "hidden-r2" || !ok || err != nil {
			t.Errorf("RefreshToken = %q, %v, %v", text, ok, err)
		}
		if _, ok, err := w.RefreshToken(ctx, "a", "another grant"); ok || err != nil {
			t.Errorf("of another grant: %v, %v", ok, err)
		}
		if a := get(t, w, "a"); len(a.Credentials) != 1 {
			t.Error("it shows among the credentials")
		}
		if _, err := w.Update(ctx, "a", func(a *account.Account) error {
			a.Credentials = map[string]secret.Value{"key": secret.New("hidden-new")}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := w.RefreshToken(ctx, "a", "grant"); ok || err != nil {
			t.Errorf("after the credentials changed: %v, %v", ok, err)
		}
		if err := w.KeepRefreshToken(ctx, "nobody", "grant", "x"); err == nil {
			t.Error("nobody's is kept")
		}
	})
}
