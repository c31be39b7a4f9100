package upstream

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const (
	// tokenMargin is how long before its end a token is not used any more; half its life if that is shorter.
	tokenMargin = 60 * time.Second
	// tokenLife is how long a token is kept whose answer says nothing of its end.
	tokenLife = time.Hour

	tokenLabel = "token"
)

// Store is where replicas share tokens; all that is put there is sealed. kv's stores fit.
type Store interface {
	Get(ctx context.Context, key string) (val []byte, ok bool, err error)
	Set(ctx context.Context, key string, val []byte, ttl time.Duration) error
}

// token is a bearer token and how to send it.
type token struct {
	Type   string    `json:"t"`
	Access string    `json:"a"`
	Until  time.Time `json:"u"` // from here on it is not used
}

// tokens keeps one token a key, where the key stands for account, endpoint and credentials together: a credential
// that is replaced never meets the token of the old one.
type tokens struct {
	ring   *secret.Keyring
	store  Store
	now    func() time.Time
	wait   time.Duration
	flight singleflight.Group

	mu      sync.Mutex
	byKey   map[string]token
	refused map[string][sha256.Size]byte // the token that a provider refused, so that the store can't bring it back
}

// get is the token of a key. However many ask at once, fetch runs once; it does not end because one of those who
// wait for it leaves. With a turn it runs in that, among all
// replicas: whoever has to wait for it finds what the one before fetched.
func (t *tokens) get(ctx context.Context, key string, turn func(context.Context) (func(), error), fetch func(context.Context) (token, error)) (token, error) {
	if tok, ok := t.cached(key); ok {
		return tok, nil
	}
	flight := t.flight.DoChan(key, func() (any, error) {
		if tok, ok := t.cached(key); ok { // fetched between the look and the flight
			return tok, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.wait)
		defer cancel()
		if tok, ok := t.stored(ctx, key); ok {
			t.keep(key, tok)
			return tok, nil
		}
		if turn != nil {
			release, err := turn(ctx)
			if err != nil {
				return nil, problem.From(err)
			}
			defer release()
			if tok, ok := t.stored(ctx, key); ok {
				t.keep(key, tok)
				return tok, nil
			}
		}
		tok, err := fetch(ctx)
		if err != nil {
			return nil, err
		}
		t.keep(key, tok)
		t.share(ctx, key, tok)
		return tok, nil
	})
	select {
	case r := <-flight:
		if r.Err != nil {
			return token{}, ownCopy(r.Err)
		}
		return r.Val.(token), nil
	case <-ctx.Done():
		return token{}, problem.From(ctx.Err())
	}
}

// drop forgets a token that the provider refused, unless a newer one is there already.
func (t *tokens) drop(key string, bad token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cur, ok := t.byKey[key]; ok && cur.Access == bad.Access {
		delete(t.byKey, key)
		t.refused[key] = sha256.Sum256([]byte(bad.Access))
	}
}

func (t *tokens) cached(key string) (token, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tok, ok := t.byKey[key]
	return tok, ok && t.now().Before(tok.Until)
}

func (t *tokens) keep(key string, tok token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	maps.DeleteFunc(t.byKey, func(_ string, old token) bool { return !now.Before(old.Until) })
	t.byKey[key] = tok
}

// stored is the token that another replica fetched. Every doubt is an absence: a token can be fetched.
func (t *tokens) stored(ctx context.Context, key string) (tok token, ok bool) {
	if t.store == nil {
		return tok, false
	}
	sealed, ok, err := t.store.Get(ctx, tokenLabel+":"+key)
	if err != nil || !ok {
		return tok, false
	}
	plain, err := t.ring.Open(tokenLabel, sealed, []byte(key))
	if err != nil || json.Unmarshal(plain, &tok) != nil || !t.now().Before(tok.Until) {
		return tok, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return tok, t.refused[key] != sha256.Sum256([]byte(tok.Access))
}

func (t *tokens) share(ctx context.Context, key string, tok token) {
	ttl := tok.Until.Sub(t.now())
	if t.store == nil || ttl <= 0 {
		return
	}
	plain, err := json.Marshal(tok)
	if err != nil {
		return
	}
	// A store that fails costs the other replicas a token call and nobody an answer.
	_ = t.store.Set(ctx, tokenLabel+":"+key, t.ring.Seal(tokenLabel, plain, []byte(key)), ttl)
}

// until is the moment from which a token that ends at expiry is not used; zero says that the answer named none.
func until(now, expiry time.Time) time.Time {
	if expiry.IsZero() {
		return now.Add(tokenLife)
	}
	return expiry.Add(-min(tokenMargin, expiry.Sub(now)/2))
}

// ownCopy gives each of those who waited for one flight a problem of its own to add to.
func ownCopy(err error) error {
	var p *problem.Problem
	if !errors.As(err, &p) {
		return err
	}
	own := *p
	own.Details = maps.Clone(p.Details)
	return &own
}
