package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// contended is a store of replicas that says when one of them found a lock taken.
type contended struct {
	*kv.Memory
	once  sync.Once
	taken chan struct{}
}

func (c *contended) Lock(ctx context.Context, key string, ttl time.Duration) (func(), bool, error) {
	release, ok, err := c.Memory.Lock(ctx, key, ttl)
	if err == nil && !ok {
		c.once.Do(func() { close(c.taken) })
	}
	return release, ok, err
}

// TestReplicasRefreshOnce: of replicas that find the token ended together one refreshes, and the others take what it got.
func TestReplicasRefreshOnce(t *testing.T) {
	s, server := newRotator(t)
	store, ring := &contended{Memory: kv.NewMemory(kv.MemoryConfig{}), taken: make(chan struct{})}, secret.RandomKeyring()
	s.before = func(int) { <-store.taken } // the provider answers when another replica waits for the one that asked
	var replicas []*acme
	for range 3 {
		replicas = append(replicas, acmeAt(t, server.URL, Config{Store: store, Locks: store, Keyring: ring}, refreshAuth))
	}
	var n atomic.Int64
	for _, err := range together(30, func() error {
		_, err := replicas[int(n.Add(1))%len(replicas)].read(get("usage"))
		return err
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"refresh_token " + theKey}; !slices.Equal(s.asked, want) {
		t.Errorf("asked with %q, want %q", s.asked, want)
	}
}

// vault is where a database keeps refresh tokens.
type vault struct {
	mu    sync.Mutex
	texts map[string]string
	err   error
	kept  func()
}

func (v *vault) RefreshToken(_ context.Context, account, grant string) (string, bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text, ok := v.texts[account+grant]
	return text, ok, v.err
}

func (v *vault) KeepRefreshToken(_ context.Context, account, grant, text string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err == nil {
		v.texts[account+grant] = text
		v.kept()
	}
	return v.err
}

// TestAVaultHasTheNewestToken: it is kept there before it is used, found there after a restart and a new secret_key, and
// where the vault does not answer no other one is tried.
func TestAVaultHasTheNewestToken(t *testing.T) {
	var order []string
	s := &rotator{good: theKey}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order = append(order, r.URL.Path)
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	v := &vault{texts: map[string]string{}, kept: func() { order = append(order, "kept") }}
	start := func() *acme { return acmeAt(t, server.URL, Config{Vault: v}, refreshAuth) }
	for range 2 { // each with a keyring of its own
		if _, err := start().read(get("usage")); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"/token", "kept", "/usage", "/token", "kept", "/usage"}; !slices.Equal(order, want) {
		t.Errorf("in the order %v, want %v", order, want)
	}
	if want := []string{"refresh_token " + theKey, "refresh_token refresh-1-canary"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked with %q, want %q", s.asked, want)
	}
	v.err = errors.New("gone")
	start().fails(get("usage"), problem.StoreUnavailable)
	if len(s.asked) != 2 {
		t.Errorf("a token that may be spent was tried: %q", s.asked)
	}
}
