package audit

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/database/databasetest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

var at = time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC)

// trail is a trail, and beside it a table of things that can be changed.
func trail(t *testing.T, address string) (*Trail, *database.DB) {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a, err := Open(t.Context(), db)
	if err == nil {
		err = db.Migrate(t.Context(), "thing", `CREATE TABLE thing (id $text PRIMARY KEY)`)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a, db
}

func things(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	if err := db.One(t.Context(), `SELECT count(*) FROM thing`, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func targets(t *testing.T, a *Trail, f Filter) (out []string) {
	t.Helper()
	f.Limit = 10
	all, _, err := a.List(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		out = append(out, e.Target)
	}
	return out
}

// TestAChangeAndItsEntryStandTogether: a change without its entry is none, and an entry without a change neither.
func TestAChangeAndItsEntryStandTogether(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		name    string
		broken  bool // the trail can't be written
		do      func(context.Context, *database.DB) error
		fails   bool
		things  int
		entries int
	}{
		{name: "a statement", do: func(ctx context.Context, db *database.DB) error {
			_, err := db.Exec(ctx, `INSERT INTO thing (id) VALUES ('a')`)
			return err
		}, things: 1, entries: 1},
		{name: "a transaction", do: func(ctx context.Context, db *database.DB) error {
			return db.Transaction(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO thing (id) VALUES ('a')`)
				return err
			})
		}, things: 1, entries: 1},
		{name: "two changes", do: func(ctx context.Context, db *database.DB) error {
			_, err := db.Exec(ctx, `INSERT INTO thing (id) VALUES ('a')`)
			_, err2 := db.Exec(ctx, `INSERT INTO thing (id) VALUES ('b')`)
			return errors.Join(err, err2)
		}, things: 2, entries: 1},
		{name: "a change after one that failed", do: func(ctx context.Context, db *database.DB) error {
			_, err := db.Exec(ctx, `INSERT INTO nothing (id) VALUES ('a')`)
			if err == nil {
				return errors.New("the first did not fail")
			}
			_, err = db.Exec(ctx, `INSERT INTO thing (id) VALUES ('b')`)
			return err
		}, things: 1, entries: 1},
		{name: "a statement that changes nothing, and fails then", do: func(ctx context.Context, db *database.DB) error {
			n, err := db.Exec(ctx, `DELETE FROM thing WHERE id = 'a'`)
			if n == 0 && err == nil {
				err = refused
			}
			return err
		}, fails: true},
		{name: "no change", do: func(context.Context, *database.DB) error { return nil }, entries: 1},
		{name: "refused", do: func(context.Context, *database.DB) error { return refused }, fails: true},
		{name: "taken back", do: func(ctx context.Context, db *database.DB) error {
			return db.Transaction(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO thing (id) VALUES ('a')`)
				return errors.Join(err, refused)
			})
		}, fails: true},
		{name: "a statement that can't be audited", broken: true, do: func(ctx context.Context, db *database.DB) error {
			_, err := db.Exec(ctx, `INSERT INTO thing (id) VALUES ('a')`)
			return err
		}, fails: true},
		{name: "a transaction that can't be audited", broken: true, do: func(ctx context.Context, db *database.DB) error {
			return db.Transaction(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO thing (id) VALUES ('a')`)
				return err
			})
		}, fails: true},
		{name: "nothing that can't be audited", broken: true, do: func(context.Context, *database.DB) error { return nil }, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, address string) {
				a, db := trail(t, address)
				if c.broken {
					if _, err := db.Exec(t.Context(), `ALTER TABLE audit_log RENAME TO audit_gone`); err != nil {
						t.Fatal(err)
					}
				}
				err := a.Do(t.Context(), Entry{At: at, Target: "x"}, func(ctx context.Context) error { return c.do(ctx, db) })
				if (err != nil) != c.fails {
					t.Errorf("it gave %v", err)
				}
				if n := things(t, db); n != c.things {
					t.Errorf("%d things, want %d", n, c.things)
				}
				if c.broken {
					return
				}
				if n := len(targets(t, a, Filter{})); n != c.entries {
					t.Errorf("%d entries, want %d", n, c.entries)
				}
			})
		})
	}
}

func nothing(context.Context) error { return nil }

func TestEntriesComeBackAsTheyWere(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		a, _ := trail(t, address)
		want := Entry{At: at, Actor: "alice", Action: "updateAccount", Target: "/integrated-account/acme-1", Fields: []string{"context.site", "credentials.api_key"}, From: "127.0.0.1", RequestID: "r-1"}
		long := Entry{At: at, Actor: strings.Repeat("é", maxText), Target: "nul\x00", Fields: make([]string, maxFields+1)}
		for _, e := range []Entry{want, long} {
			if err := a.Do(t.Context(), e, nothing); err != nil {
				t.Fatal(err)
			}
		}
		got, next, err := a.List(t.Context(), Filter{Limit: 10})
		if err != nil || next != 0 || len(got) != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		if want.ID = got[1].ID; !reflect.DeepEqual(got[1], want) {
			t.Errorf("got\n%+v\nwant\n%+v", got[1], want)
		}
		if got[0].Actor != strings.Repeat("é", maxText/2) || got[0].Target != "nul" || len(got[0].Fields) != maxFields {
			t.Errorf("got %+v", got[0])
		}
	})
}

func TestEntriesAreFilteredAndPaged(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, address string) {
		a, _ := trail(t, address)
		for n := range 5 {
			e := Entry{At: at.Add(time.Duration(n) * time.Hour), Actor: []string{"alice", "bob"}[n%2], Action: []string{"a", "b", "c"}[n%3], Target: fmt.Sprint(n)}
			if err := a.Do(t.Context(), e, nothing); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			filter Filter
			want   string
		}{
			"all": {Filter{}, "[4 3 2 1 0]"}, "an actor": {Filter{Actor: "bob"}, "[3 1]"}, "an action": {Filter{Action: "a"}, "[3 0]"}, "a target": {Filter{Target: "2"}, "[2]"},
			"a range": {Filter{From: at.Add(time.Hour), To: at.Add(3 * time.Hour)}, "[2 1]"}, "none": {Filter{Actor: "' OR ''='"}, "[]"},
		} {
			if got := fmt.Sprint(targets(t, a, c.filter)); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
		var walked []string
		for f := (Filter{Limit: 2}); ; {
			page, next, err := a.List(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				walked = append(walked, e.Target)
			}
			if f.Before = next; next == 0 {
				break
			}
		}
		if fmt.Sprint(walked) != "[4 3 2 1 0]" {
			t.Errorf("page by page: %v", walked)
		}
	})
}
