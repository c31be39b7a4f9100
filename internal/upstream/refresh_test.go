package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/secret"
)

const refreshAuth = `auth: { oauth2: { grant: refresh_token, token_url: "{{ .context.token_url }}", client_id: "${id}", refresh_token: "${key}", send: body } }`

// rotator is a token endpoint that takes each refresh token once, and gives the next one.
type rotator struct {
	mu      sync.Mutex
	good    string
	n       int
	fixed   bool // it gives no new ones
	asked   []string
	before  func(n int) // before it answers
	refused func()      // before it refuses
}

func (s *rotator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path != "/token" {
		return
	}
	_ = r.ParseForm()
	given := r.PostForm.Get("refresh_token")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.PostForm.Get("grant_type")+" "+given)
	if given != s.good {
		if s.refused != nil {
			s.refused()
		}
		w.WriteHeader(400)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": "invalid_grant", "error_description": "spent: " + given})
		return
	}
	s.n++
	answer := map[string]any{"access_token": fmt.Sprintf("access-%d-canary", s.n), "token_type": "bearer", "expires_in": 600}
	if !s.fixed {
		s.good = fmt.Sprintf("refresh-%d-canary", s.n)
		answer["refresh_token"] = s.good
	}
	if s.before != nil {
		s.before(s.n)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// replica is one more gateway of the same provider, with a store and a keyring of its own or a shared one.
func (s *rotator) replica(t *testing.T, server *httptest.Server, store Store, ring *secret.Keyring, clock func() time.Time) *acme {
	t.Helper()
	return acmeAt(t, server.URL, Config{Store: store, Keyring: ring, Clock: clock}, refreshAuth)
}

func newRotator(t *testing.T) (*rotator, *httptest.Server) {
	t.Helper()
	s := &rotator{good: theKey}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server
}

func TestRefreshTokenRotates(t *testing.T) {
	s, server := newRotator(t)
	now := noon
	store, ring := &mapStore{m: map[string][]byte{}}, secret.RandomKeyring()
	a := s.replica(t, server, store, ring, func() time.Time { return now })
	read := func(a *acme) {
		t.Helper()
		for _, err := range together(20, func() error { _, err := a.read(get("usage")); return err }) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	read(a)
	now = now.Add(time.Hour)
	read(a)
	now = now.Add(time.Hour)
	read(s.replica(t, server, store, ring, func() time.Time { return now })) // a restart
	want := []string{"refresh_token " + theKey, "refresh_token refresh-1-canary", "refresh_token refresh-2-canary"}
	if !slices.Equal(s.asked, want) {
		t.Errorf("asked with %q, want %q", s.asked, want)
	}
	for k, v := range store.m {
		if strings.Contains(k+string(v), "canary") {
			t.Error("the store holds a token in clear")
		}
	}
	// A new configured one does not meet those of the old.
	s.good = "another-refresh-token"
	a.acct.Credentials["key"] = secret.New("another-refresh-token")
	read(a)
	if last := s.asked[len(s.asked)-1]; last != "refresh_token another-refresh-token" {
		t.Errorf("asked with %s", last)
	}
}

// orderly is a store that says what was put into it.
type orderly struct {
	mapStore
	set func(key string)
}

func (o *orderly) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	o.set(key)
	return o.mapStore.Set(ctx, key, val, ttl)
}

// TestRotatedTokenIsKeptFirst: before the access token that came with it is used, and before it is shared.
func TestRotatedTokenIsKeptFirst(t *testing.T) {
	var order []string
	s := &rotator{good: theKey}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order = append(order, r.URL.Path)
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	store := &orderly{mapStore{m: map[string][]byte{}}, func(key string) {
		kind, _, _ := strings.Cut(key, ":")
		order = append(order, kind)
	}}
	a := s.replica(t, server, store, nil, nil)
	if _, err := a.read(get("usage")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"/token", "refresh", "token", "/usage"}; !slices.Equal(order, want) {
		t.Errorf("in the order %v, want %v", order, want)
	}
}

func TestRefreshTokenThatStays(t *testing.T) {
	s, server := newRotator(t)
	s.fixed = true
	store := &mapStore{m: map[string][]byte{}}
	a := s.replica(t, server, store, nil, nil)
	if _, err := a.read(get("usage")); err != nil {
		t.Fatal(err)
	}
	for k := range store.m {
		if strings.HasPrefix(k, refreshLabel) {
			t.Error("the configured token is in the store")
		}
	}
}

// TestLostRace: another replica used the refresh token first, and stores the next one while this one is refused.
func TestLostRace(t *testing.T) {
	s, server := newRotator(t)
	store, ring := &mapStore{m: map[string][]byte{}}, secret.RandomKeyring()
	a, b := s.replica(t, server, store, ring, nil), s.replica(t, server, store, ring, nil)
	if _, err := a.read(get("usage")); err != nil {
		t.Fatal(err)
	}
	// b starts with an empty store, as if it had looked before a wrote; what a wrote is there when b is refused.
	written := store.m
	store.m = map[string][]byte{}
	s.refused = func() {
		store.mu.Lock()
		defer store.mu.Unlock()
		for k, v := range written {
			if strings.HasPrefix(k, refreshLabel) {
				store.m[k] = v
			}
		}
	}
	_, err := b.read(get("usage"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"refresh_token " + theKey, "refresh_token " + theKey, "refresh_token refresh-1-canary"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked with %q, want %q", s.asked, want)
	}
}

func TestDeadRefreshToken(t *testing.T) {
	for _, store := range []Store{nil, &mapStore{m: map[string][]byte{}}} {
		s, server := newRotator(t)
		s.good = "something else"
		a := s.replica(t, server, store, nil, nil)
		p := a.fails(get("usage"), problem.NeedsReauth)
		if !strings.Contains(p.Message, "spent: [redacted]") || len(s.asked) != 1 {
			t.Errorf("%d calls, %s", len(s.asked), p.Message)
		}
	}
}

// TestRotationOutlivesTheStore: what could not be stored is stored later.
func TestRotationOutlivesTheStore(t *testing.T) {
	s, server := newRotator(t)
	now := noon
	store, ring := &mapStore{m: map[string][]byte{}, fail: true}, secret.RandomKeyring()
	a := s.replica(t, server, store, ring, func() time.Time { return now })
	for i := range 3 {
		if i == 2 {
			store.fail = false
			s.before = func(int) {
				if text, ok, _ := a.client.fresh.only(t).stored(t.Context()); !ok || text != "refresh-2-canary" {
					t.Errorf("stored before it is used: %q %v", text, ok)
				}
			}
		}
		if _, err := a.read(get("usage")); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	if s.n != 3 {
		t.Errorf("%d tokens", s.n)
	}
}

// only is the one refresh token that is known.
func (r *refreshes) only(t *testing.T) *refresh {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.byKey {
		return f
	}
	t.Error("no refresh token is known")
	return &refresh{}
}
