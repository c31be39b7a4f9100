package account

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/singleflight"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// refreshPatience is how long a request waits for a slow database where it has the account as it was a moment ago.
const refreshPatience = 500 * time.Millisecond

// Stored is a Store over a database that replicas share. Accounts are read through a small cache; one that is in it is
// served on while the database is gone, since then nobody can change it either.
type Stored struct {
	db     *database.DB
	keys   *secret.Keyring
	states *States
	now    func() time.Time
	cache  *cache
	flight singleflight.Group
}

// NewStored is the store in a database, whose tables it makes. It tells states what it reads of them, and keeps what they
// are told.
func NewStored(ctx context.Context, db *database.DB, keys *secret.Keyring, states *States, now func() time.Time) (*Stored, error) {
	if now == nil {
		now = time.Now
	}
	s := &Stored{db: db, keys: keys, states: states, now: now, cache: newCache(now)}
	if err := db.Migrate(ctx, "accounts", steps...); err != nil {
		return nil, err
	}
	states.keepIn(s)
	return s, nil
}

// Get implements Store.
func (s *Stored) Get(ctx context.Context, id string) (*Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if ValidID(id) != nil {
		return nil, ErrNotFound // which PostgreSQL would call malformed
	}
	known, fresh := s.cache.get(id)
	if fresh {
		return known.acct, nil
	}
	asked := s.flight.DoChan(id, func() (any, error) {
		return s.refresh(context.WithoutCancel(ctx), id, known)
	})
	var late <-chan time.Time
	if known.acct != nil {
		timer := time.NewTimer(refreshPatience)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case got := <-asked:
		if got.Err != nil {
			return nil, got.Err
		}
		return got.Val.(*Account), nil
	case <-late:
		return known.acct, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// refresh asks the database for an account. One that has not changed stays the same value, so that what was made of it
// can be kept.
func (s *Stored) refresh(ctx context.Context, id string, known cached) (*Account, error) {
	asked := s.now()
	got, err := s.load(ctx, s.db, id, known.revision)
	switch {
	case errors.Is(err, database.ErrUnavailable) && known.acct != nil:
		s.cache.put(known.acct, known.revision, asked)
		return known.acct, nil
	case errors.Is(err, ErrNotFound):
		s.cache.drop(id)
		return nil, err
	case err != nil:
		return nil, err
	}
	s.states.learn(id, got.row.state())
	if got.acct == nil {
		got.acct = known.acct
	}
	s.cache.put(got.acct, got.row.revision, asked)
	return got.acct, nil
}

// reader is a database or a transaction.
type reader interface {
	Each(ctx context.Context, query string, args []any, f func(scan func(dest ...any) error) error) error
}

// loaded is an account as it is stored. acct is nil where its revision is the one that is known.
type loaded struct {
	row  row
	acct *Account
	env  *envelope // nil where the account's key does not open
}

func (s *Stored) load(ctx context.Context, from reader, id string, known int64) (*loaded, error) {
	var got loaded
	sealed := map[string][]byte{}
	err := from.Each(ctx, `SELECT `+columns+`, coalesce(s.name, ''), s.sealed FROM account LEFT JOIN account_secret s ON s.account_id = id AND s.name LIKE 'credentials.%' WHERE id = $1`,
		[]any{id}, func(scan func(...any) error) error {
			var name string
			var box []byte
			err := scan(append(got.row.into(), &name, &box)...)
			if name != "" {
				sealed[strings.TrimPrefix(name, credentialPrefix)] = box
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("reading account %q: %w", id, err)
	}
	if got.row.id == "" {
		return nil, ErrNotFound
	}
	if got.row.revision == known {
		return &got, nil
	}
	if got.acct, err = got.row.account(); err != nil {
		return nil, err
	}
	got.acct.Credentials = map[string]secret.Value{}
	if got.env, err = openEnvelope(s.keys, id, got.row.dataKey); err != nil {
		got.acct.Unreadable = true // whoever may see the account is told
		return &got, nil
	}
	for name, box := range sealed {
		text, err := got.env.open(credentialPrefix+name, box)
		if err != nil {
			got.acct.Unreadable, got.acct.Credentials = true, nil
			return &got, nil
		}
		got.acct.Credentials[name] = secret.New(text)
	}
	return &got, nil
}

// List implements Store.
func (s *Stored) List(ctx context.Context, q Query) (page []*Account, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	var after int64
	if q.After != "" {
		if after, err = strconv.ParseInt(q.After, 10, 64); err != nil {
			return nil, "", ErrPosition
		}
	}
	if q.Limit <= 0 || q.Limit > MaxListed {
		q.Limit = MaxListed
	}
	most := q.Limit + 1 // one more than the page holds says that there is another page
	if q.Match != nil {
		most = math.MaxInt32
	}
	full := errors.New("the page is full")
	err = s.db.Each(ctx, `SELECT `+columns+` FROM account WHERE seq > $1 AND ($2 = '' OR tenant_id = $2) AND ($3 = '' OR connector = $3) ORDER BY seq LIMIT $4`,
		[]any{after, q.TenantID, q.Connector, most}, func(scan func(...any) error) error {
			var r row
			if err := scan(r.into()...); err != nil {
				return err
			}
			a, err := r.account()
			if err != nil {
				return err
			}
			s.states.learn(r.id, r.state())
			switch {
			case !q.takes(a):
			case len(page) == q.Limit:
				next = strconv.FormatInt(after, 10)
				return full
			default:
				page, after = append(page, a), r.seq
			}
			return nil
		})
	if err != nil && !errors.Is(err, full) {
		return nil, "", fmt.Errorf("listing accounts: %w", err)
	}
	return page, next, nil
}

// Count says how many accounts each connector has of each status.
func (s *Stored) Count(ctx context.Context, f func(connector string, status Status, n int)) error {
	err := s.db.Each(ctx, `SELECT connector, status, count(*) FROM account GROUP BY connector, status`, nil, func(scan func(...any) error) error {
		var connector, status string
		var n int
		if err := scan(&connector, &status, &n); err != nil {
			return err
		}
		f(connector, Status(status), n)
		return nil
	})
	if err != nil {
		return fmt.Errorf("counting accounts: %w", err)
	}
	return nil
}

// ValidID says what is wrong with an id, for which a store has no other place than this to refuse it.
func ValidID(id string) error {
	switch {
	case id == "":
		return errors.New("is empty")
	case len(id) > MaxID:
		return fmt.Errorf("is longer than %d bytes", MaxID)
	case id == "*" || strings.HasPrefix(id, "tenant:") || strings.IndexFunc(id, unicode.IsControl) >= 0 || !utf8.ValidString(id):
		return errors.New("must not be *, start with tenant: or hold control characters")
	}
	return nil
}
