// Package cursor turns positions into tokens that a client can carry, and keeps the pages they point into.
//
// A token is "c1." and base64url of sealed bytes: when it was made, what it selects, whose it is, and the position.
// It needs no store, so that losing one loses no walk (I9); only a position that does not fit 2 KiB lies in the
// store, sealed, under a random key that the token carries. A token opens for the account that got it and for no
// other (I4), and a foreign one is answered in the words and the time of an altered one. Pages are the cache beside
// it: a provider's page by a keyed hash, whose loss costs one call to the provider.
package cursor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const (
	// DefaultTTL is how long cursors and pages are good for.
	DefaultTTL = 24 * time.Hour
	// MaxToken bounds the tokens that are made.
	MaxToken = 2 << 10
	// MaxTokenIn bounds the tokens that are read.
	MaxTokenIn = 4 << 10
	// MaxPosition bounds a position in its compact form, wherever it lies.
	MaxPosition = 64 << 10
)

// Labels of the keyring. Each has a key of its own.
const (
	labelToken    = "cursor"
	labelAccount  = "cursor-account"
	labelPosition = "cursor-position"
	labelPage     = "page"
	labelPageKey  = "page-key"
)

// Parameter is the query parameter that problems with a cursor name.
const Parameter = "next_cursor"

// Config is what a Codec and Pages need. Zero fields but Keys take their defaults.
type Config struct {
	Keys  *secret.Keyring
	Store kv.Store         // nil: positions that don't fit a token have no cursor, and no page is cached
	TTL   time.Duration    // DefaultTTL
	Now   func() time.Time // time.Now
}

func (c Config) withDefaults() Config {
	if c.Keys == nil {
		c.Keys = secret.RandomKeyring()
	}
	if c.TTL <= 0 {
		c.TTL = DefaultTTL
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Codec makes tokens and opens them. It is safe for concurrent use.
type Codec struct{ cfg Config }

// New makes a codec.
func New(cfg Config) *Codec { return &Codec{cfg: cfg.withDefaults()} }

// Mint makes the token of a position, at most MaxToken long. Errors are *problem.Problem; only a position that is
// too large for the token has any.
func (c *Codec) Mint(ctx context.Context, account string, selection [16]byte, pos record.Position) (string, error) {
	return c.For(account, selection).Mint(ctx, pos)
}

// Minter makes the tokens of one query of one account.
type Minter struct {
	cfg       Config
	account   [16]byte
	selection [16]byte
}

// For is a minter for a query of an account, for whoever needs many tokens of it.
func (c *Codec) For(account string, selection [16]byte) *Minter {
	m := &Minter{cfg: c.cfg, selection: selection}
	mac := c.cfg.Keys.MAC(labelAccount, []byte(account))
	copy(m.account[:], mac[:])
	return m
}

// Mint is Codec.Mint for the minter's query.
func (c *Minter) Mint(ctx context.Context, pos record.Position) (string, error) {
	t := payload{issued: c.cfg.Now().UnixMilli(), selection: c.selection, account: c.account}
	body, err := pos.AppendBinary(make([]byte, 0, 128+len(pos.Token)+len(pos.Job)+len(pos.Carry)+len(pos.Parent)))
	if err != nil {
		return "", problem.Wrap(problem.Internal, err, "the position has no compact form")
	}
	if len(body) > MaxPosition {
		return "", problem.New(problem.UpstreamTooLarge, "the provider's page cursor has %d bytes, and a position at most %d; nothing can resume there", len(body), MaxPosition).AsRemote()
	}
	t.body = body
	if text := encode(c.cfg.Keys, t); len(text) <= MaxToken {
		return text, nil
	}
	t.stored, t.body = true, make([]byte, storeKeySize)
	_, _ = rand.Read(t.body) // never fails: the process ends instead
	if c.cfg.Store == nil {
		return "", problem.New(problem.StoreUnavailable, "the position does not fit a cursor of %d bytes, and no store is configured for it", MaxToken)
	}
	key := t.storeKey()
	sealed := c.cfg.Keys.Seal(labelPosition, body, []byte(key))
	// The cursor of a walk that ran into its deadline is wanted most, and its context has ended.
	if err := c.cfg.Store.Set(context.WithoutCancel(ctx), key, sealed, c.cfg.TTL); err != nil {
		return "", storeDown(err)
	}
	return encode(c.cfg.Keys, t), nil
}

// Opened is what a token held.
type Opened struct {
	Position  record.Position
	Selection [16]byte
	Issued    time.Time
}

// Open reads a token of the account. Errors are *problem.Problem: CursorInvalid for one that is altered, or of
// another account or keyring; CursorExpired for one past its time, or whose position the store has lost;
// StoreUnavailable where the store can't be asked.
func (c *Codec) Open(ctx context.Context, token, account string) (Opened, error) {
	t, ok := decode(c.cfg.Keys, token)
	// Checked also for an altered token, whose t is zero: the time must not tell it from a foreign one.
	if own := c.cfg.Keys.CheckMAC(labelAccount, t.account[:], []byte(account)); !ok || !own {
		return Opened{}, invalid()
	}
	o := Opened{Selection: t.selection, Issued: time.UnixMilli(t.issued).UTC()}
	if c.cfg.Now().Sub(o.Issued) > c.cfg.TTL {
		return Opened{}, expired(o.Issued, "the cursor has expired; start again without one")
	}
	body := t.body
	if t.stored {
		if c.cfg.Store == nil {
			return Opened{}, storeDown(nil)
		}
		key := t.storeKey()
		sealed, found, err := c.cfg.Store.Get(ctx, key)
		if err != nil {
			if ctx.Err() != nil {
				return Opened{}, problem.From(ctx.Err())
			}
			return Opened{}, storeDown(err)
		}
		if found {
			body, err = c.cfg.Keys.Open(labelPosition, sealed, []byte(key))
		}
		if !found || err != nil {
			return Opened{}, expired(o.Issued, "the position of this cursor was too large for it and is kept no more; start again without one")
		}
	}
	if err := o.Position.UnmarshalBinary(body); err != nil {
		return Opened{}, problem.Param(problem.CursorStale, Parameter, "the cursor was made by another release of the gateway, whose positions this one can't read; start again without one")
	}
	return o, nil
}

// Check says whether the token came from the same query: CursorMismatch otherwise.
func (o Opened) Check(selection [16]byte) error {
	if o.Selection == selection {
		return nil
	}
	return problem.Param(problem.CursorMismatch, Parameter, "the cursor belongs to another query of this account; repeat the resource, dates, granularity, filters and remote_query that gave it, or start again without one")
}

func invalid() *problem.Problem {
	return problem.Param(problem.CursorInvalid, Parameter, "the cursor was altered, or is not one of this account's; send it exactly as it came, or start again without one")
}

func expired(issued time.Time, message string) *problem.Problem {
	return problem.Param(problem.CursorExpired, Parameter, "%s", message).With("issued_at", issued.Format(time.RFC3339))
}

func storeDown(err error) *problem.Problem {
	p := problem.Wrap(problem.StoreUnavailable, err, "the position is too large for a cursor, and the store that keeps it does not answer; try again")
	p.RetryAfter = 1
	return p
}

// storeKey is where a stored position lies. The account's part lets an operator find all of one account's by hash.
func (t payload) storeKey() string {
	return "cursor:" + hex.EncodeToString(t.account[:8]) + ":" + hex.EncodeToString(t.body)
}
