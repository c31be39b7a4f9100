package proxy

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/bracket"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// AccountView is an integrated account as the wire shows it: never a secret.
type AccountView struct {
	ID        string         `json:"id"`
	Connector string         `json:"connector"`
	TenantID  *string        `json:"tenant_id"`
	Status    account.Status `json:"status"`
	LastError *string        `json:"last_error"`
	Context   map[string]any `json:"context"`
	CreatedAt *string        `json:"created_at,omitempty"` // of an account in a database
	UpdatedAt *string        `json:"updated_at,omitempty"`
}

// AccountList is a page of accounts in the list envelope, in the contract's order.
type AccountList struct {
	Result []AccountView `json:"result"`
	Next   *string       `json:"next_cursor"`
	Prev   *string       `json:"prev_cursor"`
	Count  int           `json:"result_count"`
}

// AccountParameters are what a list of accounts takes.
var AccountParameters = []string{"tenant_id", "status", "connector", "limit", "next_cursor"}

// ListAccounts is a page of the accounts that the caller may see. given are AccountParameters by name; an empty one is
// absent.
func (p *Proxy) ListAccounts(ctx context.Context, who *principal.Principal, given map[string]string) (*AccountList, error) {
	limit := DefaultLimit
	if text := given["limit"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MaxLimit {
			return nil, problem.Param(problem.InvalidParameter, "limit", "limit is a whole number from 1 to %d; got %q", MaxLimit, clip(text, 80))
		}
		limit = n
	}
	status := account.Status(given["status"])
	if status != "" && !slices.Contains(account.Statuses, status) {
		return nil, problem.Param(problem.InvalidParameter, "status", "there is no status %q; the nearest is %s", clip(string(status), 80), near.Any(string(status), account.StatusNames()))
	}
	after, err := base64.RawURLEncoding.DecodeString(given["next_cursor"])
	if err != nil {
		return nil, badPosition()
	}
	page, next, err := p.Accounts.List(ctx, account.Query{
		TenantID: given["tenant_id"], Connector: given["connector"], After: string(after), Limit: limit,
		Match: func(a *account.Account) bool {
			return who.Sees(a.ID, a.TenantID) && (status == "" || p.States.Get(a.ID).Status == status)
		},
	})
	if err != nil {
		return nil, storeProblem(err)
	}
	out := &AccountList{Result: []AccountView{}, Count: len(page)}
	for _, a := range page {
		out.Result = append(out.Result, p.View(a))
	}
	if next != "" {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(next))
		out.Next = &cursor
	}
	return out, nil
}

func badPosition() error {
	return problem.Param(problem.CursorInvalid, "next_cursor", "the cursor was altered, or the accounts behind it are gone; start again without one")
}

// storeProblem is what went wrong with where accounts live.
func storeProblem(err error) error {
	switch {
	case errors.Is(err, account.ErrPosition):
		return badPosition()
	case errors.Is(err, database.ErrUnavailable):
		return problem.Wrap(problem.StoreUnavailable, err, "the database of accounts does not answer, or takes nothing; try again, /readyz has its state")
	}
	return err
}

// GetAccount is one of them.
func (p *Proxy) GetAccount(ctx context.Context, who *principal.Principal, id string) (AccountView, error) {
	a, err := p.account(ctx, p.Catalog(), who, id)
	if err != nil {
		return AccountView{}, err
	}
	return p.View(a), nil
}

// View is an account with its state, as the wire shows it.
func (p *Proxy) View(a *account.Account) AccountView {
	v := AccountView{ID: a.ID, Connector: a.Connector, Context: a.Context, CreatedAt: wireTime(a.Created), UpdatedAt: wireTime(a.Updated)}
	if v.Context == nil {
		v.Context = map[string]any{}
	}
	if a.TenantID != "" {
		v.TenantID = &a.TenantID
	}
	st := p.States.Get(a.ID)
	if v.Status = st.Status; st.LastError != "" {
		v.LastError = &st.LastError
	}
	return v
}

// wireTime is a time on the wire; an account of the configuration has none.
func wireTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(time.RFC3339)
	return &s
}

// PlainQuery reads a query string of single values, as strictly as the one of a request for data: malformed, or one of the
// names twice, is a problem. What stands under other names comes back in unknown.
func PlainQuery(raw string, names ...string) (given map[string]string, unknown []string, err error) {
	pairs, err := bracket.Parse(raw)
	if err != nil {
		var at *bracket.Error
		if errors.As(err, &at) {
			return nil, nil, problem.Param(problem.InvalidParameter, at.Key, "malformed query string: %s", at.Error())
		}
		return nil, nil, problem.Wrap(problem.InvalidParameter, err, "malformed query string")
	}
	given = map[string]string{}
	for _, p := range pairs {
		if !slices.Contains(names, p.Key) {
			unknown = append(unknown, p.Key)
			continue
		}
		if _, twice := given[p.Key]; twice {
			return nil, nil, problem.Param(problem.InvalidParameter, p.Key, "%s is given twice; it takes one value", p.Key)
		}
		given[p.Key] = p.Value
	}
	return given, unknown, nil
}

// UnknownParameter says what a route takes in place of a parameter that it does not know.
func UnknownParameter(key string, names []string) string {
	return "this route has no parameter " + strconv.Quote(key) + "; it takes " + strings.Join(names, ", ")
}

// CheckAccount proves an account with its connector's check call; see upstream.Session.Check.
func (p *Proxy) CheckAccount(ctx context.Context, a *account.Account) error {
	st, err := p.standings.of(p.Upstream, a, p.Catalog())
	if err != nil {
		return err
	}
	return st.sess.Check(ctx)
}
