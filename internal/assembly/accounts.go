package assembly

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/admin"
	"github.com/meterbridge/meterbridge/internal/audit"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/requestlog"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/upstream"
	"github.com/meterbridge/meterbridge/proxy"
)

// openAccounts opens the database that accounts live in.
func (h *House) openAccounts(cfg *config.Config, keys *secret.Keyring, clock func() time.Time) (err error) {
	h.database, h.stored, err = openDatabase(context.Background(), cfg, keys, h.states, clock) // each call has a bound of its own
	if err == nil {
		h.Accounts = h.stored
	}
	return err
}

func openDatabase(ctx context.Context, cfg *config.Config, keys *secret.Keyring, states *account.States, clock func() time.Time) (*database.DB, *account.Stored, error) {
	db, err := database.Open(ctx, cfg.Accounts.Store.Reveal())
	if err != nil {
		return nil, nil, StoreError{err}
	}
	stored, err := account.NewStored(ctx, db, keys, states, clock)
	if err != nil {
		return nil, nil, StoreError{errors.Join(err, db.Close())}
	}
	return db, stored, nil
}

// OpenAccounts opens the accounts of a configuration that keeps them in a database, and the trail of what is done to them,
// without a house around them.
func OpenAccounts(ctx context.Context, cfg *config.Config, keys *secret.Keyring) (store *account.Stored, trail *audit.Trail, done func() error, err error) {
	db, stored, err := openDatabase(ctx, cfg, keys, account.NewStates(nil), nil)
	if err != nil {
		return nil, nil, nil, err
	}
	if trail, err = audit.Open(ctx, db); err != nil {
		return nil, nil, nil, StoreError{errors.Join(err, db.Close())}
	}
	return stored, trail, db.Close, nil
}

// openLogs opens the trail of operators and the request log, where there is a database for them.
func (h *House) openLogs(cfg *config.Config, clock func() time.Time) (err error) {
	if h.database == nil {
		return nil
	}
	if h.trail, err = audit.Open(context.Background(), h.database); err != nil {
		return StoreError{errors.Join(err, h.closeDatabase())}
	}
	if cfg.RequestLog.Keep == 0 {
		return nil
	}
	h.requests, err = requestlog.Open(context.Background(), requestlog.Config{
		DB: h.database, Keep: cfg.RequestLog.Keep, MaxRows: cfg.RequestLog.MaxRows, Dropped: h.metrics.RequestLogDropped, Log: h.log, Now: clock,
	})
	if err != nil {
		return StoreError{errors.Join(err, h.closeDatabase())}
	}
	return nil
}

// StoreError says that accounts.store can't be opened.
type StoreError struct{ Cause error }

func (e StoreError) Error() string { return "accounts.store: " + e.Cause.Error() }
func (e StoreError) Unwrap() error { return e.Cause }

// closeDatabase lets states and requests that were just told be kept first.
func (h *House) closeDatabase() error {
	if h.database == nil {
		return nil
	}
	h.states.Wait()
	return errors.Join(h.requests.Close(), h.database.Close())
}

// Flush waits until the requests that are over are in the request log.
func (h *House) Flush(ctx context.Context) error { return h.requests.Flush(ctx) }

// ServeOnly puts one account in the place of all, for a call that brings its own.
func (h *House) ServeOnly(a *account.Account) error {
	return h.catalog.Load().Static.Replace([]*account.Account{a})
}

// configured are the accounts of the configuration that is served at the moment of asking.
type configured struct{ catalog func() *proxy.Catalog }

func (c configured) Get(ctx context.Context, id string) (*account.Account, error) {
	return c.catalog().Static.Get(ctx, id)
}

func (c configured) List(ctx context.Context, q account.Query) ([]*account.Account, string, error) {
	return c.catalog().Static.List(ctx, q)
}

// adminRoutes are the rows of the admin surface: each part that has something to administer adds its own.
func (h *House) adminRoutes() []admin.Route {
	accounts := &admin.Accounts{Proxy: h.Proxy, Store: h.stored, Defects: h.defects}
	logs := &admin.Logs{Requests: h.requests, Trail: h.trail}
	return admin.Audited(h.trail, h.clock, slices.Concat(accounts.Routes(), h.tokenRoutes(), logs.Routes()))
}

// defects are all that is wrong with an account, with what lint refuses in its overrides.
func (h *House) defects(a *account.Account) []admin.Defect {
	_, defects, findings := h.over.Load().judge(a)
	for _, f := range findings {
		if f.Warn {
			continue
		}
		defects = append(defects, admin.Defect{Field: f.File, Message: strings.TrimPrefix(f.String(), f.File+":")})
	}
	return defects
}

// compile makes the overrides of an account that was not there when the catalog was made.
func (c layering) compile(a *account.Account) (proxy.Overrides, error) {
	over, defects, findings := c.judge(a)
	if jq.Failed(findings) {
		return over, Findings(findings)
	}
	if len(defects) > 0 {
		return over, fmt.Errorf("%s: %s", defects[0].Field, defects[0].Message)
	}
	return over, nil
}

// vault keeps refresh tokens where the accounts live; nil where the configuration has those.
func (h *House) vault() upstream.Vault {
	if h.stored == nil {
		return nil
	}
	return h.stored
}
