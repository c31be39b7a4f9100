package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// maxTries is how often a change is made anew because another one came first.
const maxTries = 5

// Create adds an account in a state. ErrExists says that its id is taken.
func (s *Stored) Create(ctx context.Context, a *Account, st State) error {
	env, dataKey, err := newEnvelope(s.keys, a.ID)
	if err != nil {
		return err
	}
	r := row{dataKey: dataKey}
	if err := r.fill(a); err != nil {
		return err
	}
	now := s.now().UnixMilli()
	err = s.db.Transaction(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO account (id, connector, tenant_id, context, overrides, status, last_error, since, data_key, revision, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $8, $8)`,
			r.id, r.connector, r.tenant, r.context, r.overrides, string(st.Status), st.LastError, now, r.dataKey); err != nil {
			return err
		}
		return s.writeCredentials(ctx, tx, env, a.Credentials)
	})
	if errors.Is(err, database.ErrTaken) {
		return ErrExists
	}
	if err != nil {
		return fmt.Errorf("creating account %q: %w", a.ID, err)
	}
	s.cache.drop(a.ID)
	s.states.learn(a.ID, st)
	return nil
}

// Update changes an account, whole or not at all: change is given a copy of it, and its error is Update's. It may be
// called again where another change came first. The account's id stays.
func (s *Stored) Update(ctx context.Context, id string, change func(*Account) error) (*Account, error) {
	if ValidID(id) != nil {
		return nil, ErrNotFound
	}
	for range maxTries {
		a, err := s.update(ctx, id, change)
		switch {
		case errors.Is(err, errChanged):
			continue
		case err != nil:
			s.cache.expire(id) // the change may have been made all the same; until the database says so, what is known is served
		default:
			s.cache.drop(id)
		}
		return a, err
	}
	return nil, fmt.Errorf("changing account %q: %w", id, errChanged)
}

var errChanged = errors.New("others keep changing it")

func (s *Stored) update(ctx context.Context, id string, change func(*Account) error) (*Account, error) {
	got, err := s.load(ctx, s.db, id, 0)
	if err != nil {
		return nil, err
	}
	was := maps.Clone(got.acct.Credentials)
	if err := change(got.acct); err != nil {
		return nil, err
	}
	got.acct.ID, got.acct.BaseURLSet = id, SetsAddress(got.acct.Context)
	revision := got.row.revision
	if err := got.row.fill(got.acct); err != nil {
		return nil, err
	}
	var newKey any                              // nil: the account keeps its own
	if got.env == nil && !got.acct.Unreadable { // what could not be read was replaced
		if got.env, newKey, err = newEnvelope(s.keys, id); err != nil {
			return nil, err
		}
	}
	got.acct.Updated = s.now()
	err = s.db.Transaction(ctx, func(tx *database.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE account SET connector = $3, tenant_id = $4, context = $5, overrides = $6, data_key = coalesce($7, data_key), revision = revision + 1, updated_at = $8 WHERE id = $1 AND revision = $2`,
			id, revision, got.row.connector, got.row.tenant, got.row.context, got.row.overrides, newKey, got.acct.Updated.UnixMilli())
		switch {
		case err != nil:
			return err
		case n == 0:
			return errChanged
		case got.acct.Unreadable || maps.Equal(was, got.acct.Credentials):
			return nil
		}
		// Refresh tokens came in place of credentials that are gone now.
		if _, err := tx.Exec(ctx, `DELETE FROM account_secret WHERE account_id = $1`, id); err != nil {
			return err
		}
		return s.writeCredentials(ctx, tx, got.env, got.acct.Credentials)
	})
	if err != nil {
		return nil, fmt.Errorf("changing account %q: %w", id, err)
	}
	return got.acct, nil
}

func (s *Stored) writeCredentials(ctx context.Context, tx *database.Tx, env *envelope, credentials map[string]secret.Value) error {
	for _, name := range slices.Sorted(maps.Keys(credentials)) {
		if err := writeSecret(ctx, tx, env, credentialPrefix+name, credentials[name].Reveal()); err != nil {
			return err
		}
	}
	return nil
}

// writer is a database or a transaction.
type writer interface {
	Exec(ctx context.Context, statement string, args ...any) (int64, error)
}

func writeSecret(ctx context.Context, to writer, env *envelope, name, text string) error {
	_, err := to.Exec(ctx, `INSERT INTO account_secret (account_id, name, sealed) VALUES ($1, $2, $3) ON CONFLICT (account_id, name) DO UPDATE SET sealed = excluded.sealed`,
		env.id, name, env.seal(name, text))
	return err
}

// Delete removes an account and everything that is known of it.
func (s *Stored) Delete(ctx context.Context, id string) error {
	if ValidID(id) != nil {
		return ErrNotFound
	}
	n, err := s.db.Exec(ctx, `DELETE FROM account WHERE id = $1`, id)
	if err != nil {
		s.cache.expire(id)
		return fmt.Errorf("deleting account %q: %w", id, err)
	}
	s.cache.drop(id)
	s.states.learn(id, State{Status: Active})
	if n == 0 {
		return ErrNotFound
	}
	return nil
}

// SetState is the operator's word on an account's state: it ends a block, and blocks.
func (s *Stored) SetState(ctx context.Context, id string, status Status, lastError string) error {
	st := State{Status: status, LastError: lastError, Since: s.now()}
	return s.states.decide(id, st, func() error {
		n, err := s.db.Exec(ctx, `UPDATE account SET status = $2, last_error = $3, since = $4 WHERE id = $1`, id, string(status), plainText(lastError), st.Since.UnixMilli())
		switch {
		case err != nil:
			return fmt.Errorf("setting the status of account %q: %w", id, err)
		case n == 0:
			return ErrNotFound
		}
		return nil
	})
}

// keepState keeps what a provider's answers said. A block is not theirs to lift.
func (s *Stored) keepState(ctx context.Context, id string, st State) error {
	_, err := s.db.Exec(ctx, `UPDATE account SET status = $2, last_error = $3, since = $4 WHERE id = $1 AND status <> 'blocked'`,
		id, string(st.Status), plainText(st.LastError), st.Since.UnixMilli())
	return err
}

// plainText is a provider's words as every database can hold them.
func plainText(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "") }
