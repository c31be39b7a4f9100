package principal

import (
	"context"
	"encoding/hex"
	"math"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// Limits hold requests to the rates of their token and of their account. They are off where no rate is set, and then ask
// nobody; nil are off always.
type Limits struct {
	rates  func() *Rates
	shared kv.Limiter // nil: no replica shares the count
	local  kv.Limiter
	keys   *secret.Keyring
}

// Rates are those of every token that has none of its own, and of every account. Zero: none.
type Rates struct{ Token, Account kv.Rate }

const (
	// MaxLimitBytes bounds the buckets that a process keeps; past it the longest unused are full again.
	MaxLimitBytes = 16 << 20

	limitLabel = "limit"
)

// The two limits by their names on the wire.
const (
	LimitToken   = "token"
	LimitAccount = "account"
)

// NewLimits counts with what replicas share, where there is that, and within the process where it is lost (I9). Keys are
// hashed: what is shared tells no account's id.
// rates are asked for once a request.
func NewLimits(rates func() *Rates, keys *secret.Keyring, shared kv.Limiter, now func() time.Time) *Limits {
	return &Limits{rates: rates, shared: shared, local: kv.NewMemory(kv.MemoryConfig{MaxBytes: MaxLimitBytes, Now: now}), keys: keys}
}

// ByAccount says whether accounts have a limit, so that it matters which one a request is about.
func (l *Limits) ByAccount() bool { return l != nil && !l.rates().Account.IsZero() }

// Left is what a limit gave a request.
type Left struct {
	Limit string // LimitToken or LimitAccount
	Rate  kv.Rate
	kv.Taken
}

// Take counts a request of the principal's, about the account where it is about one that the principal sees. The error is a
// problem that says which limit is reached.
func (l *Limits) Take(ctx context.Context, p *Principal, account string) ([]Left, error) {
	if l == nil {
		return nil, nil
	}
	rates := l.rates()
	if !p.Limit.IsZero() {
		rates = &Rates{p.Limit, rates.Account}
	}
	if rates.Token.IsZero() && (rates.Account.IsZero() || account == "") {
		return nil, nil
	}
	var left []Left
	var buckets []kv.Bucket
	add := func(limit, id string, r kv.Rate) {
		left = append(left, Left{Limit: limit, Rate: r})
		sum := l.keys.MAC(limitLabel, []byte(limit), []byte(id))
		buckets = append(buckets, kv.Bucket{Key: "limit:" + hex.EncodeToString(sum[:16]), Rate: r})
	}
	if !rates.Token.IsZero() {
		add(LimitToken, p.ID, rates.Token)
	}
	if !rates.Account.IsZero() && account != "" {
		add(LimitAccount, account, rates.Account)
	}
	taken, err := l.take(ctx, buckets)
	if err != nil {
		return nil, err
	}
	for i := range taken {
		left[i].Taken = taken[i]
	}
	for _, x := range left {
		if !x.OK {
			return left, exceeded(x)
		}
	}
	return left, nil
}

func (l *Limits) take(ctx context.Context, buckets []kv.Bucket) ([]kv.Taken, error) {
	if l.shared != nil {
		taken, err := l.shared.Take(ctx, buckets...)
		if err == nil {
			return taken, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
	}
	return l.local.Take(ctx, buckets...)
}

func exceeded(x Left) error {
	p := problem.New(problem.TooManyRequests, "the limit of this %s is reached: %d requests in %s; wait for Retry-After", x.Limit, x.Rate.Requests, x.Rate.Per)
	p.RetryAfter = max(1, int(math.Ceil(x.Retry.Seconds())))
	return p.With("limit", x.Limit)
}
