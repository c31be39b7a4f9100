package assembly

import (
	"context"
	"errors"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/requestlog"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// openAccounts opens the database that accounts live in.
func (h *House) openAccounts(cfg *config.Config, keys *secret.Keyring, clock func() time.Time) (err error) {
	ctx := context.Background() // each call has a bound of its own
	if h.database, err = database.Open(ctx, cfg.Accounts.Store.Reveal()); err != nil {
		return StoreError{err}
	}
	if h.stored, err = account.NewStored(ctx, h.database, keys, h.states, clock); err != nil {
		return StoreError{errors.Join(err, h.closeDatabase())}
	}
	h.Accounts = h.stored
	return nil
}

// openRequestLog opens the request log, where there is a database for it.
func (h *House) openRequestLog(cfg *config.Config, clock func() time.Time) (err error) {
	if h.database == nil || cfg.RequestLog.Keep == 0 {
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

// ServeOnly puts one account in the place of all, for a call that brings its own.
func (h *House) ServeOnly(a *account.Account) error { return h.static.Replace([]*account.Account{a}) }
