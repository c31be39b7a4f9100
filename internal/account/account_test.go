package account_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/account/accounttest"
)

func TestStaticStore(t *testing.T) {
	accounttest.Run(t, func(t *testing.T, accounts []*account.Account) account.Store {
		s, err := account.NewStatic(accounts...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestReplaceIsAllOrNothing(t *testing.T) {
	ctx := context.Background()
	s, err := account.NewStatic(&account.Account{ID: "old"})
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]*account.Account{
		"repeated id": {{ID: "x"}, {ID: "x"}},
		"empty id":    {{ID: "y"}, {}},
		"nil":         {{ID: "z"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Replace(bad); err == nil {
				t.Fatal("no error")
			}
			if _, err := s.Get(ctx, "old"); err != nil {
				t.Fatalf("the running set is gone: %v", err)
			}
			if _, err := s.Get(ctx, bad[0].ID); !errors.Is(err, account.ErrNotFound) {
				t.Fatalf("a part of the refused set is served: %v", err)
			}
		})
	}
	if err := s.Replace([]*account.Account{{ID: "new"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(ctx, "old"); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("an account that was replaced is still served: %v", err)
	}
	if _, err := s.Get(ctx, "new"); err != nil {
		t.Error(err)
	}
}

func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := account.NewStates(nil)
		if got := s.Get("a"); got != (account.State{Status: account.Active}) {
			t.Fatalf("an account never heard of is %+v", got)
		}
		s.Set("a", account.NeedsReauth, "key revoked")
		since := time.Now()
		time.Sleep(time.Hour)
		s.Set("a", account.NeedsReauth, "key still revoked")
		if got := s.Get("a"); got.LastError != "key still revoked" || !got.Since.Equal(since) {
			t.Errorf("second refusal: %+v, want since %v", got, since)
		}
		if s.Get("b").Status != account.Active {
			t.Error("another account changed too")
		}
		s.Set("a", account.Active, "")
		if got := s.Get("a"); got.Status != account.Active || got.LastError != "" || !got.Since.Equal(time.Now()) {
			t.Errorf("after a success: %+v", got)
		}
	})
}
