// Package principaltest is the contract of principal.Store: one suite that every store has to pass.
package principaltest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/principal"
)

// created is a moment that every database keeps exactly.
var created = time.Date(2026, 9, 20, 12, 0, 0, 123456000, time.UTC)

// Records are what Run fills a store with, in this order. The tokens are "token-" and the name.
func Records() []principal.Record {
	of := func(name string, p principal.Principal) principal.Record {
		p.ID, p.Name, p.Sum = "id-"+name, name, principal.SumOf("token-"+name)
		return principal.Record{Principal: p, Created: created}
	}
	return []principal.Record{
		of("wide", principal.Principal{Grants: principal.Grants{Accounts: []string{"*"}, Write: true}}),
		of("narrow", principal.Principal{
			Grants: principal.Grants{Accounts: []string{"a", "tenant:t 'ü%", `"\`}, Resources: []string{"usage-metering/usage", "proxy/*"}, Formats: []string{"csv", "raw"}},
			Limit:  kv.Rate{Requests: 7, Per: time.Minute},
		}),
		of("brief", principal.Principal{Grants: principal.Grants{Accounts: []string{"b"}}, Expires: created.Add(time.Hour)}),
		of("blind", principal.Principal{}),
	}
}

// Run holds the empty store that open makes to the contract.
func Run(t *testing.T, open func(t *testing.T) principal.Store) {
	ctx := context.Background()
	filled := func(t *testing.T) principal.Store {
		s := open(t)
		for _, r := range Records() {
			if err := s.Create(ctx, r); err != nil {
				t.Fatalf("creating %s: %v", r.Name, err)
			}
		}
		return s
	}
	t.Run("find gives back what was created", func(t *testing.T) {
		s := filled(t)
		for _, want := range Records() {
			got, err := s.Find(ctx, want.Sum)
			if err != nil {
				t.Fatalf("%s: %v", want.Name, err)
			}
			same(t, got, &want.Principal)
		}
	})
	t.Run("list has all in the order of their creation", func(t *testing.T) {
		got, err := filled(t).List(ctx)
		if err != nil || len(got) != len(Records()) {
			t.Fatalf("%d records, %v", len(got), err)
		}
		for i, want := range Records() {
			same(t, &got[i].Principal, &want.Principal)
			if !got[i].Created.Equal(want.Created) {
				t.Errorf("%s was created at %v, want %v", want.Name, got[i].Created, want.Created)
			}
		}
	})
	t.Run("an empty store knows nobody", func(t *testing.T) {
		s := open(t)
		if got, err := s.List(ctx); err != nil || len(got) != 0 {
			t.Errorf("List = %v, %v", got, err)
		}
		if p, err := s.Find(ctx, principal.Sum{}); !errors.Is(err, principal.ErrUnknown) || p != nil {
			t.Errorf("Find = %v, %v", p, err)
		}
	})
	t.Run("a hash that differs anywhere is unknown", func(t *testing.T) {
		s := filled(t)
		for i := range len(principal.Sum{}) {
			sum := Records()[0].Sum
			sum[i] ^= 1
			if p, err := s.Find(ctx, sum); !errors.Is(err, principal.ErrUnknown) || p != nil {
				t.Errorf("byte %d: %v, %v", i, p, err)
			}
		}
	})
	t.Run("revoked is unknown at once, and the others stay", func(t *testing.T) {
		s := filled(t)
		gone := Records()[1]
		if err := s.Revoke(ctx, gone.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Find(ctx, gone.Sum); !errors.Is(err, principal.ErrUnknown) {
			t.Errorf("Find = %v", err)
		}
		if err := s.Revoke(ctx, gone.ID); !errors.Is(err, principal.ErrUnknown) {
			t.Errorf("revoked twice: %v", err)
		}
		if got, _ := s.List(ctx); len(got) != len(Records())-1 {
			t.Errorf("%d are left", len(got))
		}
		if _, err := s.Find(ctx, Records()[0].Sum); err != nil {
			t.Errorf("another one: %v", err)
		}
		if err := s.Create(ctx, gone); err != nil {
			t.Errorf("its name is free again: %v", err)
		}
	})
	t.Run("id, name and hash are taken once", func(t *testing.T) {
		s := filled(t)
		for what, change := range map[string]func(*principal.Record){
			"id":   func(r *principal.Record) { r.Name, r.Sum = "x", principal.SumOf("x") },
			"name": func(r *principal.Record) { r.ID, r.Sum = "x", principal.SumOf("x") },
			"hash": func(r *principal.Record) { r.ID, r.Name = "x", "x" },
		} {
			r := Records()[0]
			change(&r)
			if err := s.Create(ctx, r); !errors.Is(err, principal.ErrTaken) {
				t.Errorf("the same %s: %v", what, err)
			}
		}
	})
	t.Run("a cancelled context is an error and not an absence", func(t *testing.T) {
		s := filled(t)
		gone, cancel := context.WithCancel(ctx)
		cancel()
		_, find := s.Find(gone, Records()[0].Sum)
		_, list := s.List(gone)
		for what, err := range map[string]error{"Find": find, "List": list, "Revoke": s.Revoke(gone, "id-wide"), "Create": s.Create(gone, principal.Record{})} {
			if err == nil || errors.Is(err, principal.ErrUnknown) || errors.Is(err, principal.ErrTaken) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	t.Run("a caller's change does not reach the store", func(t *testing.T) {
		s := filled(t)
		p, err := s.Find(ctx, Records()[1].Sum)
		if err != nil {
			t.Fatal(err)
		}
		p.Accounts[0], p.Write = "*", true
		again, _ := s.Find(ctx, Records()[1].Sum)
		same(t, again, &Records()[1].Principal)
	})
	t.Run("of many creations of one name one succeeds", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		errs := make(chan error, 8)
		for i := range cap(errs) {
			wg.Go(func() {
				r := Records()[0]
				r.ID, r.Sum = fmt.Sprint("id", i), principal.SumOf(fmt.Sprint(i))
				errs <- s.Create(ctx, r)
			})
		}
		wg.Wait()
		good := 0
		for range cap(errs) {
			switch err := <-errs; {
			case err == nil:
				good++
			case !errors.Is(err, principal.ErrTaken):
				t.Error(err)
			}
		}
		if good != 1 {
			t.Errorf("%d succeeded", good)
		}
	})
}

func same(t *testing.T, got, want *principal.Principal) {
	t.Helper()
	if !got.Expires.Equal(want.Expires) {
		t.Errorf("%s expires %v, want %v", want.Name, got.Expires, want.Expires)
	}
	a, b := *got, *want
	a.Expires, b.Expires = time.Time{}, time.Time{}
	if len(a.Accounts)+len(b.Accounts) == 0 {
		a.Accounts, b.Accounts = nil, nil
	}
	if !reflect.DeepEqual(a, b) { // nil is all, and an empty list would be nothing
		t.Errorf("got %+v\nwant %+v", a, b)
	}
}
