package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/proxy"
)

// Accounts administers integrated accounts.
type Accounts struct {
	Proxy *proxy.Proxy
	Store *account.Stored // nil: the configuration lists them, and nothing here changes it
	// Defects says what is wrong with an account, by what is installed.
	Defects func(*account.Account) []Defect
}

// Defect is one thing that is wrong with an account.
type Defect struct {
	Field   string `json:"field"` // connector, context.site, credentials.api_key, overrides.mappings.usage
	Message string `json:"message"`
}

// Account is an account as its operator sees it: the names of its credentials, and never one of them.
type Account struct {
	proxy.AccountView
	Credentials []string `json:"credentials"`
}

// operator may see every account.
var operator = &principal.Principal{Name: "operator", Grants: principal.Grants{Accounts: []string{principal.Everything}}}

func (x *Accounts) list(r *http.Request) (any, error) {
	given, err := Query(r, accountParameters)
	if err != nil {
		return nil, err
	}
	return x.Proxy.ListAccounts(r.Context(), operator, given)
}

func (x *Accounts) get(r *http.Request) (any, error) {
	a, err := x.find(r)
	if err != nil {
		return nil, err
	}
	return x.view(a), nil
}

func (x *Accounts) find(r *http.Request) (*account.Account, error) {
	if _, err := Query(r, nil); err != nil {
		return nil, err
	}
	a, err := x.Proxy.Accounts.Get(r.Context(), r.PathValue("id"))
	return a, x.problem(err, r.PathValue("id"))
}

func (x *Accounts) create(r *http.Request) (any, error) {
	var d AccountDraft
	if err := x.read(r, &d); err != nil {
		return nil, err
	}
	a, err := d.account()
	if err != nil {
		return nil, err
	}
	if a.ID == "" {
		a.ID = rand.Text()
	}
	if err := x.sound(a); err != nil {
		return nil, err
	}
	if err := x.Store.Create(r.Context(), a, account.State{Status: account.Connecting}); err != nil {
		return nil, x.problem(err, a.ID)
	}
	made, err := x.Store.Get(r.Context(), a.ID)
	if err != nil {
		return nil, x.problem(err, a.ID)
	}
	return x.proven(r.Context(), made)
}

func (x *Accounts) patch(r *http.Request) (any, error) {
	var c AccountChange
	if err := x.read(r, &c); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	id, asks := r.PathValue("id"), false
	a, err := x.Store.Update(r.Context(), id, func(a *account.Account) error {
		given, had := a.Context, a.Credentials
		if err := c.apply(a); err != nil {
			return err
		}
		asks = !reflect.DeepEqual(given, a.Context) || !maps.Equal(had, a.Credentials)
		return x.sound(a)
	})
	if err != nil {
		return nil, x.problem(err, id)
	}
	if c.Status != nil {
		if err := x.Store.SetState(r.Context(), id, account.Status(*c.Status), ""); err != nil {
			return nil, x.problem(err, id)
		}
	}
	if asks {
		return x.proven(r.Context(), a)
	}
	return x.view(a), nil
}

func (x *Accounts) remove(r *http.Request) (any, error) {
	if _, err := Query(r, nil); err != nil {
		return nil, err
	}
	if x.Store == nil {
		return nil, readOnly()
	}
	id := r.PathValue("id")
	return nil, x.problem(x.Store.Delete(r.Context(), id), id)
}

func (x *Accounts) check(r *http.Request) (any, error) {
	a, err := x.find(r)
	if err != nil {
		return nil, err
	}
	return x.proven(r.Context(), a)
}

// read reads the body of a change.
func (x *Accounts) read(r *http.Request, into any) error {
	if _, err := Query(r, nil); err != nil {
		return err
	}
	if x.Store == nil {
		return readOnly()
	}
	return Read(r, into)
}

// sound holds an account to what is installed: all that is wrong with it is said at once.
func (x *Accounts) sound(a *account.Account) error {
	all := x.Defects(a)
	if len(all) == 0 {
		return nil
	}
	p := problem.Param(problem.InvalidBody, all[0].Field, "%s: %s", all[0].Field, all[0].Message)
	if len(all) > 1 {
		p.Message += fmt.Sprintf("; and %d more, see details.errors", len(all)-1)
		p.With("errors", all)
	}
	return p
}

// proven asks the provider about an account, keeps what it says and shows the account with it. A block is not a provider's
// to lift.
func (x *Accounts) proven(ctx context.Context, a *account.Account) (any, error) {
	if x.Proxy.States.Get(a.ID).Status == account.Blocked {
		return x.view(a), nil
	}
	status, lastError, err := x.prove(ctx, a)
	if err != nil {
		return nil, err
	}
	if x.Store != nil {
		err = x.Store.SetState(ctx, a.ID, status, lastError)
	} else {
		x.Proxy.States.Set(a.ID, status, lastError)
	}
	if err != nil {
		return nil, x.problem(err, a.ID)
	}
	return x.view(a), nil
}

// prove is the status that the provider's answer to the check call means.
func (x *Accounts) prove(ctx context.Context, a *account.Account) (account.Status, string, error) {
	ctx, cancel := context.WithTimeout(ctx, proxy.Deadline)
	defer cancel()
	err := x.Proxy.CheckAccount(ctx, a)
	if err == nil {
		return account.Active, "", nil
	}
	p := problem.From(err)
	switch {
	case p.Code == problem.ClientGone, p.Code == problem.Internal, p.Code == problem.SecretUnreadable:
		return "", "", err
	case p.Status >= http.StatusInternalServerError, p.Status == http.StatusTooManyRequests: // it could not be asked
		return account.Connecting, p.Message, nil
	}
	return account.ValidationError, p.Message, nil
}

func (x *Accounts) view(a *account.Account) Account {
	return Account{x.Proxy.View(a), append([]string{}, slices.Sorted(maps.Keys(a.Credentials))...)}
}

func readOnly() error {
	return problem.New(problem.AccountReadOnly, "the accounts of this gateway are listed in its configuration; change them there, or have accounts.store name a database")
}

// problem is what the store says, as an answer.
func (x *Accounts) problem(err error, id string) error {
	switch {
	case errors.Is(err, account.ErrNotFound):
		return problem.New(problem.AccountNotFound, "there is no integrated account %q", id)
	case errors.Is(err, account.ErrExists):
		return problem.Param(problem.AccountExists, "id", "there is an integrated account %q already; PATCH /integrated-account/%s changes it", id, id)
	case errors.Is(err, database.ErrUnavailable):
		return problem.Wrap(problem.StoreUnavailable, err, "the database of accounts does not answer, or takes nothing; nothing was changed")
	}
	return err
}

// reveal makes secrets of texts.
func reveal(texts map[string]*string) map[string]secret.Value {
	out := map[string]secret.Value{}
	for name, text := range texts {
		if text != nil {
			out[name] = secret.New(*text)
		}
	}
	return out
}
