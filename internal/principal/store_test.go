package principal_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/principal/principaltest"
)

func TestMemory(t *testing.T) {
	principaltest.Run(t, func(*testing.T) principal.Store { return new(principaltest.Memory) })
}

func TestMain(m *testing.M) { databasetest.Main(m) }

func stored(t *testing.T, address string) *principal.Stored {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s, err := principal.NewStored(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStored(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		principaltest.Run(t, func(t *testing.T) principal.Store { return stored(t, databasetest.SQLite(t)) })
	})
	t.Run("postgres", func(t *testing.T) {
		principaltest.Run(t, func(t *testing.T) principal.Store { return stored(t, databasetest.Postgres(t)) })
	})
}

// A database that somebody copies has no token in it: not the text of one, and nothing that one could be made of.
func TestADumpHoldsNoToken(t *testing.T) {
	address := databasetest.SQLite(t)
	s := stored(t, address)
	token := principal.NewToken()
	r := principal.Record{Principal: principal.Principal{ID: "id", Name: "name", Sum: principal.SumOf(token)}}
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(strings.TrimPrefix(address, "sqlite:") + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	named := false
	for _, file := range files {
		dump, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		named = named || bytes.Contains(dump, r.Sum[:])
		for i := len(principal.Prefix); i+12 <= len(token); i++ {
			if bytes.Contains(dump, []byte(token[i:i+12])) {
				t.Fatalf("%s holds a part of the token", file)
			}
		}
	}
	if !named {
		t.Error("the dump does not hold the hash either: it is not what was written")
	}
}

func TestReplaceIsAllOrNothing(t *testing.T) {
	ctx := context.Background()
	one, two := &principal.Principal{Name: "one", Sum: principal.SumOf("one")}, &principal.Principal{Name: "two", Sum: principal.SumOf("one")}
	s, err := principal.NewStatic(one)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Replace([]*principal.Principal{two, {Name: "twin", Sum: two.Sum}}); err == nil {
		t.Fatal("the same token twice is taken")
	}
	if p, err := s.Find(ctx, one.Sum); p != one || err != nil {
		t.Errorf("the running set is gone: %v, %v", p, err)
	}
	for i := range one.Sum {
		sum := one.Sum
		sum[i] ^= 1
		if _, err := s.Find(ctx, sum); !errors.Is(err, principal.ErrUnknown) {
			t.Errorf("a hash that differs in byte %d: %v", i, err)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Find(gone, one.Sum); err == nil || errors.Is(err, principal.ErrUnknown) {
		t.Errorf("a caller that left: %v", err)
	}
}
