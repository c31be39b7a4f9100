// Package account holds integrated accounts: one customer's authorised connection to one provider.
//
// An Account never changes after it was handed out; a Store finds it. A Static one has those of the configuration, and a
// reload replaces the whole set at once, so that a request sees one set from its beginning to its end. A Stored one has them
// in a database, where they are created and changed while the gateway serves; their secrets lie there sealed, each account's
// under a key of its own. What changes at run time, whether the provider still accepts the credentials, is a State and lives
// in States, apart from the account.
package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/meterbridge/meterbridge/internal/secret"
)

var (
	// ErrNotFound is the answer for an id that no account has.
	ErrNotFound = errors.New("no such integrated account")
	// ErrExists says that an account has this id already.
	ErrExists = errors.New("an integrated account has this id already")
	// ErrPosition says that a list can't go on from a position.
	ErrPosition = errors.New("the list can't go on from there")
)

const (
	// MaxID bounds the id of an account that is kept in a database, in bytes.
	MaxID = 200
	// MaxListed is how many accounts a page of a list has at most.
	MaxListed = 1000
)

// Account is one integrated account. Its holders share it: nobody changes it, nor its maps.
type Account struct {
	ID          string
	Connector   string
	TenantID    string
	Context     map[string]any // as given; the connector's defaults are not in it
	Credentials map[string]secret.Value
	Overrides   *Overrides // nil: none
	BaseURLSet  bool       // base_url is set in the configuration: the operator chose where it points
	Unreadable  bool       // its secrets don't open: another key sealed them, or they were altered

	Created, Updated time.Time // zero for an account of the configuration
}

// Has says whether the account has a credential; an empty one counts as none.
func (a *Account) Has(name string) bool { return !a.Credentials[name].IsZero() }

// Store finds accounts.
type Store interface {
	// Get is the account of that id, or an error that is ErrNotFound.
	Get(ctx context.Context, id string) (*Account, error)
	// List is a page of the accounts in the order in which they were made, without their credentials, and where the next
	// page begins: "" at the end.
	List(ctx context.Context, q Query) (page []*Account, next string, err error)
}

// Query chooses accounts.
type Query struct {
	TenantID, Connector string              // "": any
	Match               func(*Account) bool // what else they have to be; nil: nothing
	After               string              // where a page before said that the next one begins
	Limit               int                 // at most MaxListed, which 0 is too
}

func (q *Query) takes(a *Account) bool {
	return (q.TenantID == "" || a.TenantID == q.TenantID) && (q.Connector == "" || a.Connector == q.Connector) && (q.Match == nil || q.Match(a))
}

// All calls each for every account that a query chooses, page by page, until it says that it has enough.
func All(ctx context.Context, s Store, q Query, each func(*Account) (more bool)) error {
	for {
		page, next, err := s.List(ctx, q)
		if err != nil {
			return err
		}
		for _, a := range page {
			if !each(a) {
				return nil
			}
		}
		if q.After = next; next == "" {
			return nil
		}
	}
}

// Static is a Store over a list that is replaced as a whole.
type Static struct{ set atomic.Pointer[set] }

type set struct {
	byID map[string]*Account
	list []*Account
}

// NewStatic is a store of these accounts. See Replace for its errors.
func NewStatic(accounts ...*Account) (*Static, error) {
	s := new(Static)
	if err := s.Replace(accounts); err != nil {
		return nil, err
	}
	return s, nil
}

// Replace takes the place of all accounts at once. A missing or repeated id is an error and leaves the set in place.
func (s *Static) Replace(accounts []*Account) error {
	next := &set{byID: make(map[string]*Account, len(accounts)), list: make([]*Account, 0, len(accounts))}
	for i, a := range accounts {
		switch {
		case a == nil || a.ID == "":
			return fmt.Errorf("replacing accounts: account %d has no id", i+1)
		case next.byID[a.ID] != nil:
			return fmt.Errorf("replacing accounts: id %q stands twice", a.ID)
		}
		b := *a
		b.Context, b.Credentials = maps.Clone(a.Context), maps.Clone(a.Credentials)
		next.byID[b.ID] = &b
		next.list = append(next.list, &b)
	}
	s.set.Store(next)
	return nil
}

// Get implements Store.
func (s *Static) Get(ctx context.Context, id string) (*Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if now := s.set.Load(); now != nil {
		if a := now.byID[id]; a != nil {
			return a, nil
		}
	}
	return nil, ErrNotFound
}

// List implements Store. A position is the id of the last account.
func (s *Static) List(ctx context.Context, q Query) (page []*Account, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	now := s.set.Load()
	if now == nil {
		return nil, "", nil
	}
	list := now.list
	if q.After != "" {
		i := slices.IndexFunc(list, func(a *Account) bool { return a.ID == q.After })
		if i < 0 {
			return nil, "", ErrPosition // a reload took it away
		}
		list = list[i+1:]
	}
	if q.Limit <= 0 || q.Limit > MaxListed {
		q.Limit = MaxListed
	}
	for _, a := range list {
		switch {
		case !q.takes(a):
		case len(page) == q.Limit:
			return page, page[len(page)-1].ID, nil
		default:
			b := *a
			b.Credentials = nil
			page = append(page, &b)
		}
	}
	return page, "", nil
}
