package cursor

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// plainStore is a store whose inside a test can reach.
type plainStore struct {
	values map[string][]byte
	err    error
}

func (s *plainStore) Get(_ context.Context, key string) ([]byte, bool, error) {
	v, ok := s.values[key]
	return v, ok, s.err
}

func (s *plainStore) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	if ctx.Err() != nil || ttl <= 0 {
		return errors.New("an ended context or ttl arrived")
	}
	if s.err == nil {
		s.values[key] = bytes.Clone(val)
	}
	return s.err
}

func (s *plainStore) Ping(context.Context) error { return s.err }
func (s *plainStore) Close() error               { return nil }

func TestAStoreThatLosesOrAltersPositions(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(s *plainStore, first, second string)
		want problem.Code
	}{
		{"lost", func(s *plainStore, first, _ string) { delete(s.values, first) }, problem.CursorExpired},
		{"swapped with another position", func(s *plainStore, first, second string) {
			s.values[first], s.values[second] = s.values[second], s.values[first]
		}, problem.CursorExpired},
		{"altered", func(s *plainStore, first, _ string) { s.values[first][50] ^= 1 }, problem.CursorExpired},
		{"emptied", func(s *plainStore, first, _ string) { s.values[first] = nil }, problem.CursorExpired},
		{"down", func(s *plainStore, _, _ string) { s.err = kv.ErrDown }, problem.StoreUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &plainStore{values: map[string][]byte{}}
			codec := New(Config{Keys: keys(t, 1), Store: s})
			token := mint(t, codec, large(t, 4000))
			var first, second string
			for k := range s.values {
				first = k
			}
			mint(t, codec, large(t, 5000))
			for k := range s.values {
				if k != first {
					second = k
				}
			}
			if _, err := codec.Open(t.Context(), token, account); err != nil {
				t.Fatalf("before: %v", err)
			}
			c.harm(s, first, second)
			_, err := codec.Open(t.Context(), token, account)
			wantCode(t, c.name, err, c.want)
			if p := problem.From(err); c.want == problem.StoreUnavailable && (p.RetryAfter < 1 || !errors.Is(err, kv.ErrDown)) {
				t.Errorf("retry after %d, %v", p.RetryAfter, err)
			}
			_, err = codec.Open(t.Context(), token, "another account")
			wantCode(t, "another account", err, problem.CursorInvalid)
		})
	}
}

func TestWithoutAStore(t *testing.T) {
	for name, store := range map[string]kv.Store{"none": nil, "down": &plainStore{err: kv.ErrDown}} {
		codec := New(Config{Keys: keys(t, 1), Store: store})
		if o, err := codec.Open(t.Context(), mint(t, codec, small), account); err != nil || !reflect.DeepEqual(o.Position, small) {
			t.Errorf("%s: a small position does not travel in the token: %v", name, err)
		}
		_, err := codec.Mint(t.Context(), account, query, large(t, 4000))
		wantCode(t, name+", minting", err, problem.StoreUnavailable)
		token := mint(t, New(Config{Keys: keys(t, 1), Store: kv.NewMemory(kv.MemoryConfig{})}), large(t, 4000))
		_, err = codec.Open(t.Context(), token, account)
		wantCode(t, name+", opening", err, problem.StoreUnavailable)
	}
}

func TestARequestOutOfTimeStillGetsItsCursor(t *testing.T) {
	codec := New(Config{Keys: keys(t, 1), Store: &plainStore{values: map[string][]byte{}}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	token, err := codec.Mint(ctx, account, query, large(t, 4000))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codec.Open(t.Context(), token, account); err != nil {
		t.Error(err)
	}
}

// TestRedisHoldsNoPlaintext runs cursors and pages over a real server and looks at all that lies in it.
func TestRedisHoldsNoPlaintext(t *testing.T) {
	s := kvtest.Start(t)
	store, err := kv.NewRedis(kv.RedisConfig{URL: s.URL(), Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	cfg := Config{Keys: keys(t, 1), Store: store}
	codec, pages := New(cfg), NewPages(cfg)

	pos := small
	pos.Carry = []byte(`{"carry":"` + strings.Repeat("carry-canary ", 300) + `"}`)
	token := mint(t, codec, pos)
	key := pages.Key([]byte(account), []byte("url-canary"))
	pages.Put(t.Context(), key, []byte(`{"body":"body-canary"}`))
	jobKey := pages.Key([]byte(account), []byte("job"))
	pages.PutTTL(t.Context(), jobKey, []byte("job-canary"), time.Minute)

	if o, err := codec.Open(t.Context(), token, account); err != nil || !reflect.DeepEqual(o.Position, pos) {
		t.Fatalf("the position does not come back: %v", err)
	}
	if body, ok := pages.Get(t.Context(), key); !ok || string(body) != `{"body":"body-canary"}` {
		t.Fatalf("the page does not come back: %q, %v", body, ok)
	}

	var canaries []string
	for _, c := range []string{account, "canary", "next-canary", "job-canary", "carry-canary", "url-canary", "body-canary", token[:40]} {
		canaries = append(canaries, c, hex.EncodeToString([]byte(c)), base64.RawStdEncoding.EncodeToString([]byte(c)))
	}
	s.NoPlaintext(t, canaries...)
	all := s.Dump()
	if len(all) != 3 {
		t.Errorf("%d keys", len(all))
	}
	for k := range all {
		if !strings.HasPrefix(k, "mb:cursor:") && !strings.HasPrefix(k, "mb:page:") {
			t.Errorf("key %q", k)
		}
	}

	s.Command("FLUSHALL")
	_, err = codec.Open(t.Context(), token, account)
	wantCode(t, "after FLUSHALL", err, problem.CursorExpired)
	if _, ok := pages.Get(t.Context(), key); ok {
		t.Error("a page after FLUSHALL")
	}

	s.Kill()
	_, err = codec.Open(t.Context(), token, account)
	wantCode(t, "without redis", err, problem.StoreUnavailable)
	pages.Put(t.Context(), key, []byte("x"))
	if _, ok := pages.Get(t.Context(), key); ok {
		t.Error("a page without redis")
	}
	if o, err := codec.Open(t.Context(), mint(t, codec, small), account); err != nil || !reflect.DeepEqual(o.Position, small) {
		t.Errorf("a walk does not go on without redis: %v", err)
	}
	if st := pages.Stats(); st.Errors != 2 || st.Hits != 1 || st.Misses != 2 || st.Puts != 2 {
		t.Errorf("%+v", st)
	}
}
