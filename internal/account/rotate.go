package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// rotateBatch is how many accounts a transaction of Reseal changes.
const rotateBatch = 500

// SealedBy counts the accounts by the key that sealed them, which secret.Keyring.IDs name.
func (s *Stored) SealedBy(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	err := s.db.Each(ctx, `SELECT substr(data_key, 1, $1), count(*) FROM account GROUP BY 1`, []any{secret.KeyIDSize}, func(scan func(...any) error) error {
		var id []byte
		var n int
		err := scan(&id, &n)
		out[secret.KeyID(id)] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting what each key sealed: %w", err)
	}
	return out, nil
}

// Reseal seals the keys of all accounts with the first key of the keyring, while replicas that have both go on serving.
// unreadable are the ids of accounts whose key no key of the ring opens: they stay as they are.
func (s *Stored) Reseal(ctx context.Context) (resealed int, unreadable []string, err error) {
	for after := int64(0); ; {
		batch, last, err := s.sealedBefore(ctx, after)
		if err != nil || last == after {
			return resealed, unreadable, err
		}
		after = last
		err = s.db.Transaction(ctx, func(tx *database.Tx) error {
			for _, r := range batch {
				plain, err := s.keys.Open(dataKeyLabel, r.dataKey, []byte(r.id))
				if err != nil {
					unreadable = append(unreadable, r.id)
					continue
				}
				// One that was given a new key in between has it from the ring's first.
				n, err := tx.Exec(ctx, `UPDATE account SET data_key = $3 WHERE id = $1 AND data_key = $2`, r.id, r.dataKey, s.keys.Seal(dataKeyLabel, plain, []byte(r.id)))
				if err != nil {
					return err
				}
				resealed += int(n)
			}
			return nil
		})
		if err != nil {
			return resealed, unreadable, fmt.Errorf("sealing with the new key: %w", err)
		}
	}
}

// sealedBefore are some accounts that another key than the first sealed, and the position of the last that was looked at.
func (s *Stored) sealedBefore(ctx context.Context, after int64) (batch []row, last int64, err error) {
	now := s.keys.IDs()[0]
	last = after
	err = s.db.Each(ctx, `SELECT seq, id, data_key FROM account WHERE seq > $1 ORDER BY seq LIMIT $2`, []any{after, rotateBatch}, func(scan func(...any) error) error {
		var r row
		if err := scan(&r.seq, &r.id, &r.dataKey); err != nil {
			return err
		}
		if last = r.seq; secret.KeyID(r.dataKey) != now {
			batch = append(batch, r)
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading what other keys sealed: %w", err)
	}
	return batch, last, nil
}

// RefreshToken is the refresh token that a provider gave in place of the grant's configured one.
func (s *Stored) RefreshToken(ctx context.Context, id, grant string) (text string, ok bool, err error) {
	env, err := s.envelope(ctx, id)
	if err != nil {
		return "", false, err
	}
	name := env.refreshName(grant)
	var sealed []byte
	err = s.db.One(ctx, `SELECT sealed FROM account_secret WHERE account_id = $1 AND name = $2`, []any{id, name}, &sealed)
	if errors.Is(err, database.ErrNone) {
		return "", false, nil
	}
	if err == nil {
		text, err = env.open(name, sealed)
	}
	if err != nil {
		return "", false, fmt.Errorf("reading the refresh token of account %q: %w", id, err)
	}
	return text, true, nil
}

// KeepRefreshToken takes a refresh token in place of the grant's configured one.
func (s *Stored) KeepRefreshToken(ctx context.Context, id, grant, text string) error {
	env, err := s.envelope(ctx, id)
	if err != nil {
		return err
	}
	if err := writeSecret(ctx, s.db, env, env.refreshName(grant), text); err != nil {
		return fmt.Errorf("keeping the refresh token of account %q: %w", id, err)
	}
	return nil
}

func (s *Stored) envelope(ctx context.Context, id string) (*envelope, error) {
	var dataKey []byte
	err := s.db.One(ctx, `SELECT data_key FROM account WHERE id = $1`, []any{id}, &dataKey)
	if errors.Is(err, database.ErrNone) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key of account %q: %w", id, err)
	}
	return openEnvelope(s.keys, id, dataKey)
}
