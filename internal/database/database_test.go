package database_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

func open(t *testing.T, address string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

const things = `CREATE TABLE thing (n $serial, name $text NOT NULL UNIQUE, body $bytes NOT NULL)`

func TestStatementsMeanTheSameEverywhere(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		ctx, db := t.Context(), open(t, address)
		if err := db.Migrate(ctx, "things", things); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"b", "a", "B", "ä"} {
			if n, err := db.Exec(ctx, `INSERT INTO thing (name, body) VALUES ($1, $2)`, name, []byte("\x00\xff"+name)); err != nil || n != 1 {
				t.Fatalf("inserting %q: %d, %v", name, n, err)
			}
		}
		if _, err := db.Exec(ctx, `INSERT INTO thing (name, body) VALUES ($1, $2)`, "a", []byte{}); !errors.Is(err, database.ErrTaken) {
			t.Errorf("a name twice: %v", err)
		}
		var got []string
		err := db.Each(ctx, `SELECT n, name, body FROM thing ORDER BY name`, nil, func(scan func(...any) error) error {
			var n int64
			var name string
			var body []byte
			err := scan(&n, &name, &body)
			got = append(got, fmt.Sprintf("%d %s %x", n, name, body))
			return err
		})
		// In the order of bytes; the serial may have gaps.
		if want := "3 B 00ff42|2 a 00ff61|1 b 00ff62|4 ä 00ffc3a4"; err != nil || strings.Join(got, "|") != want {
			t.Errorf("got %s, %v; want %s", strings.Join(got, "|"), err, want)
		}
		var name string
		if err := db.One(ctx, `SELECT name FROM thing WHERE n = $1 AND body = $2`, []any{2, []byte("\x00\xffa")}, &name); err != nil || name != "a" {
			t.Errorf("one: %q, %v", name, err)
		}
		if err := db.One(ctx, `SELECT name FROM thing WHERE n = $1`, []any{99}, &name); !errors.Is(err, database.ErrNone) {
			t.Errorf("none: %v", err)
		}
	})
}

func TestATransactionStandsAsAWhole(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		ctx, db := t.Context(), open(t, address)
		if err := db.Migrate(ctx, "things", things); err != nil {
			t.Fatal(err)
		}
		put := func(name string, fail error) error {
			return db.Transaction(ctx, func(tx *database.Tx) error {
				if _, err := tx.Exec(ctx, `INSERT INTO thing (name, body) VALUES ($1, $2)`, name, []byte{}); err != nil {
					return err
				}
				var n int
				if err := tx.One(ctx, `SELECT count(*) FROM thing WHERE name = $1`, []any{name}, &n); err != nil || n != 1 {
					return fmt.Errorf("a transaction does not see what it wrote: %d, %w", n, err)
				}
				return fail
			})
		}
		wrong := errors.New("wrong")
		if err := put("a", wrong); !errors.Is(err, wrong) {
			t.Fatal(err)
		}
		if err := put("b", nil); err != nil {
			t.Fatal(err)
		}
		var names string
		if err := db.One(ctx, `SELECT name FROM thing`, nil, &names); err != nil || names != "b" {
			t.Errorf("there is %q, %v", names, err)
		}
	})
}

func TestTablesAreBroughtUpToDateOnce(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		ctx := t.Context()
		var replicas sync.WaitGroup
		for range 4 {
			db := open(t, address)
			replicas.Go(func() {
				if err := db.Migrate(ctx, "things", things); err != nil {
					t.Error(err)
				}
			})
		}
		replicas.Wait()
		db := open(t, address)
		if err := db.Migrate(ctx, "others", `CREATE TABLE other (n BIGINT); CREATE TABLE third (n BIGINT)`); err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(ctx, "things", things, `ALTER TABLE thing ADD COLUMN more BIGINT`, `this is no SQL`); err == nil || !strings.Contains(err.Error(), "of things up to date: step 3") {
			t.Errorf("a step that fails: %v", err)
		}
		if err := db.Migrate(ctx, "things", things, `ALTER TABLE thing ADD COLUMN more BIGINT`); err != nil {
			t.Errorf("what a failed step left behind: %v", err)
		}
		if err := db.Migrate(ctx, "things", things); err == nil || !strings.Contains(err.Error(), "of step 2, and this version knows 1") {
			t.Errorf("tables of a newer version: %v", err)
		}
	})
}

func TestWhatCanNotBeOpened(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ address, want string }{
		"a folder that is not there": {"sqlite:" + dir + "/none/x.db", "no such file"},
		"a folder":                   {"sqlite:" + dir, "is a directory"},
		"no database":                {"sqlite:" + text(t, dir+"/text", strings.Repeat("this is a text and no database\n", 200)), "not a database"},
		"another address":            {"mysql://canary@host", "sqlite: or postgres://"},
		"a port of nonsense":         {"postgres://u:canary@127.0.0.1:x/db", "malformed"},
		"nobody there":               {"postgres://u:canary@127.0.0.1:1/db?sslmode=disable", "not available"},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := database.Open(t.Context(), c.address)
			if db != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v; want %s", err, c.want)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error quotes the password: %v", err)
			}
		})
	}
}

func text(t *testing.T, file, body string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAFileIsItsOwnersAlone(t *testing.T) {
	address := databasetest.SQLite(t)
	db := open(t, address)
	if err := db.Migrate(t.Context(), "things", things); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(strings.TrimPrefix(address, "sqlite:") + file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

// TestADatabaseThatCanNot: what is full, locked or gone is ErrUnavailable, and nothing else is.
func TestADatabaseThatCanNot(t *testing.T) {
	insert := `INSERT INTO thing (name, body) VALUES ($1, $2)`
	t.Run("full", func(t *testing.T) {
		ctx, db := t.Context(), open(t, databasetest.SQLite(t))
		if err := db.Migrate(ctx, "things", things); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, `PRAGMA max_page_count = 8`); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, insert, "large", make([]byte, 1<<20)); !errors.Is(err, database.ErrUnavailable) {
			t.Errorf("writing: %v", err)
		}
		if err := db.One(ctx, `SELECT count(*) FROM thing`, nil, new(int)); err != nil {
			t.Errorf("reading: %v", err)
		}
	})
	t.Run("locked", func(t *testing.T) {
		ctx, address := t.Context(), databasetest.SQLite(t)
		db, other := open(t, address), open(t, address)
		if err := db.Migrate(ctx, "things", things); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, `PRAGMA busy_timeout = 1`); err != nil {
			t.Fatal(err)
		}
		err := other.Transaction(ctx, func(*database.Tx) error {
			if _, err := db.Exec(ctx, insert, "a", []byte{}); !errors.Is(err, database.ErrUnavailable) {
				t.Errorf("writing: %v", err)
			}
			return db.One(ctx, `SELECT count(*) FROM thing`, nil, new(int))
		})
		if err != nil {
			t.Errorf("reading: %v", err)
		}
	})
	t.Run("gone", func(t *testing.T) {
		ctx, db := t.Context(), open(t, databasetest.Postgres(t))
		if err := db.Migrate(ctx, "things", things); err != nil {
			t.Fatal(err)
		}
		s := databasetest.Start(t)
		s.Stop()
		for i := range 4 { // the first ones meet connections that were open
			err := db.Transaction(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(ctx, insert, "a", []byte{})
				return err
			})
			if !errors.Is(err, database.ErrUnavailable) {
				t.Errorf("writing in a transaction, %d: %#v %v", i, err, err)
			}
			if _, err := db.Exec(ctx, insert, "a", []byte{}); !errors.Is(err, database.ErrUnavailable) {
				t.Errorf("writing, %d: %v", i, err)
			}
			if err := db.One(ctx, `SELECT count(*) FROM thing`, nil, new(int)); !errors.Is(err, database.ErrUnavailable) {
				t.Errorf("reading, %d: %v", i, err)
			}
		}
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, insert, "a", []byte{}); err != nil {
			t.Errorf("writing when it is back: %v", err)
		}
	})
	t.Run("a caller that left", func(t *testing.T) {
		db := open(t, databasetest.SQLite(t))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := db.Exec(gone, insert, "a", []byte{}); !errors.Is(err, context.Canceled) || errors.Is(err, database.ErrUnavailable) {
			t.Error(err)
		}
	})
	t.Run("a mistake", func(t *testing.T) {
		databasetest.Each(t, func(t *testing.T, address string) {
			if _, err := open(t, address).Exec(t.Context(), `INSERT INTO nowhere VALUES (1)`); err == nil || errors.Is(err, database.ErrUnavailable) {
				t.Error(err)
			}
		})
	})
}
