// Package account holds integrated accounts: one customer's authorised connection to one provider.
//
// An Account is configuration and never changes after it was handed out; a Store finds it, and a reload replaces the
// whole set at once, so that a request sees one set from its beginning to its end. What changes at run time, whether
// the provider still accepts the credentials, is a State and lives in States, apart from the configuration.
package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/meterbridge/meterbridge/internal/secret"
)

// ErrNotFound is the answer for an id that no account has.
var ErrNotFound = errors.New("no such integrated account")

// Account is one integrated account. Its holders share it: nobody changes it, nor its maps.
type Account struct {
	ID          string
	Connector   string
	TenantID    string
	Context     map[string]any // as given; the connector's defaults are not in it
	Credentials map[string]secret.Value
	Overrides   *Overrides // nil: none
	BaseURLSet  bool       // base_url is set in the configuration: the operator chose where it points
}

// Has says whether the account has a credential; an empty one counts as none.
func (a *Account) Has(name string) bool { return !a.Credentials[name].IsZero() }

// Store finds accounts.
type Store interface {
	// Get is the account of that id, or an error that is ErrNotFound.
	Get(ctx context.Context, id string) (*Account, error)
	// List is every account in the order of the configuration.
	List(ctx context.Context) ([]*Account, error)
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

// List implements Store.
func (s *Static) List(ctx context.Context) ([]*Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := s.set.Load()
	if now == nil {
		return nil, nil
	}
	return slices.Clone(now.list), nil
}
