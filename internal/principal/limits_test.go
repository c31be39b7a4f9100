package principal_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// counting is a limiter that remembers what it was asked, and is lost where err is set.
type counting struct {
	kv.Limiter
	asked [][]kv.Bucket
	err   error
}

func (c *counting) Take(ctx context.Context, buckets ...kv.Bucket) ([]kv.Taken, error) {
	c.asked = append(c.asked, slices.Clone(buckets))
	if c.err != nil {
		return nil, c.err
	}
	return c.Limiter.Take(ctx, buckets...)
}

func day(n int) kv.Rate { return kv.Rate{Requests: n, Per: 24 * time.Hour} }

func newLimits(r principal.Rates) (*principal.Limits, *counting) {
	shared := &counting{Limiter: kv.NewMemory(kv.MemoryConfig{})}
	return principal.NewLimits(func() *principal.Rates { return &r }, secret.RandomKeyring(), shared, time.Now), shared
}

func TestWhichLimitsARequestCountsAgainst(t *testing.T) {
	plain, own := &principal.Principal{ID: "p"}, &principal.Principal{ID: "o", Limit: day(9)}
	for _, c := range []struct {
		name    string
		rates   principal.Rates
		who     *principal.Principal
		account string
		want    []int // requests of the buckets
	}{
		{"off", principal.Rates{}, plain, "a", nil},
		{"off, with a limit of its own", principal.Rates{}, own, "", []int{9}},
		{"of tokens", principal.Rates{Token: day(3)}, plain, "a", []int{3}},
		{"of tokens, with one of its own", principal.Rates{Token: day(3)}, own, "a", []int{9}},
		{"of accounts", principal.Rates{Account: day(4)}, plain, "a", []int{4}},
		{"of accounts, about none", principal.Rates{Account: day(4)}, plain, "", nil},
		{"of both", principal.Rates{Token: day(3), Account: day(4)}, plain, "a", []int{3, 4}},
	} {
		l, shared := newLimits(c.rates)
		left, err := l.Take(t.Context(), c.who, c.account)
		var got []int
		for _, x := range left {
			got = append(got, x.Rate.Requests)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
		if asks := len(shared.asked); asks != min(1, len(c.want)) {
			t.Errorf("%s: the store was asked %d times", c.name, asks)
		}
		if n := testing.AllocsPerRun(10, func() { l.Take(context.Background(), c.who, c.account) }); c.want == nil && n > 0 {
			t.Errorf("%s: %v allocations for nothing", c.name, n)
		}
	}
}

func TestPastALimitIsAProblemWithRetryAfter(t *testing.T) {
	l, shared := newLimits(principal.Rates{Token: day(2), Account: kv.Rate{Requests: 3, Per: 3 * time.Hour}})
	one, two := &principal.Principal{ID: "one"}, &principal.Principal{ID: "two"}
	for i, c := range []struct {
		who     *principal.Principal
		account string
		limit   string // that is reached
	}{{one, "a", ""}, {one, "a", ""}, {one, "a", "token"}, {two, "a", "account"}, {two, "b", ""}, {two, "b", "token"}} {
		_, err := l.Take(t.Context(), c.who, c.account)
		if c.limit == "" && err == nil {
			continue
		}
		p := problem.From(err)
		if p == nil || p.Code != problem.TooManyRequests || p.Status != 429 || p.Remote || p.Details["limit"] != c.limit || p.RetryAfter < 3500 {
			t.Errorf("request %d: %+v, want the limit %q", i+1, p, c.limit)
		}
	}
	for _, asked := range shared.asked {
		for _, b := range asked {
			if strings.Contains(b.Key, "one") || strings.Contains(b.Key, "two") || len(b.Key) != len("limit:")+32 {
				t.Errorf("the key %q tells whose it is", b.Key)
			}
		}
	}
}

// I9: a store that is lost takes the sharing with it, and not the limit.
func TestWithoutTheSharedStoreEachProcessCountsAlone(t *testing.T) {
	l, shared := newLimits(principal.Rates{Token: day(2)})
	shared.err = kv.ErrDown
	who := &principal.Principal{ID: "p"}
	for i := range 3 {
		if _, err := l.Take(t.Context(), who, ""); (err == nil) != (i < 2) {
			t.Errorf("request %d: %v", i+1, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	shared.err = context.Canceled
	if _, err := l.Take(gone, who, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that left: %v", err)
	}
}

// Two gateways with one Redis have one count; when it is killed each has its own, and the answer does not wait.
func TestReplicasShareTheirLimits(t *testing.T) {
	server := kvtest.Start(t)
	keys := secret.RandomKeyring()
	who := &principal.Principal{ID: "canary-token-id"}
	var replicas []*principal.Limits
	for range 2 {
		r, err := kv.NewRedis(kv.RedisConfig{URL: server.URL(), Timeout: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		rates := &principal.Rates{Token: day(4), Account: day(100)}
		replicas = append(replicas, principal.NewLimits(func() *principal.Rates { return rates }, keys, r, time.Now))
	}
	good := 0
	for i := range 8 {
		if _, err := replicas[i%2].Take(t.Context(), who, "canary-account-id"); err == nil {
			good++
		}
	}
	if good != 4 {
		t.Errorf("%d requests of 4 went through", good)
	}
	for key, value := range server.Dump() {
		if strings.Contains(key+value, "canary") {
			t.Errorf("%s in Redis tells whose it is", key)
		}
	}
	server.Kill()
	for i, l := range replicas {
		if left, err := l.Take(t.Context(), who, "canary-account-id"); err != nil || len(left) != 2 || left[0].Remaining != 3 {
			t.Errorf("replica %d without Redis: %+v, %v", i+1, left, err)
		}
	}
}
