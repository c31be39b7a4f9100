package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// issuer is a token endpoint and an API that takes what it issued and was not revoked.
type issuer struct {
	mu      sync.Mutex
	issued  int
	valid   map[string]bool
	forms   []string
	expires any
	refuse  func(n int, w http.ResponseWriter) bool
	calls   atomic.Int64
}

func (s *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/token" {
		s.calls.Add(1)
		s.mu.Lock()
		ok := s.valid[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		s.mu.Unlock()
		if !ok {
			w.WriteHeader(401)
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	s.forms = append(s.forms, r.Header.Get("Authorization")+" "+string(body))
	if s.refuse != nil && s.refuse(s.issued, w) {
		return
	}
	tok := fmt.Sprintf("token-%d-canary-token", s.issued)
	if s.valid == nil {
		s.valid = map[string]bool{}
	}
	s.valid[tok] = true
	w.Header().Set("Content-Type", "application/json")
	answer := map[string]any{"access_token": tok, "token_type": "bearer"}
	if s.expires != nil {
		answer["expires_in"] = s.expires
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *issuer) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid = map[string]bool{}
}

func (s *issuer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

// together runs n calls at once and gives their errors.
func together(n int, call func() error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = call() })
	}
	wg.Wait()
	return errs
}

type mapStore struct {
	mu   sync.Mutex
	m    map[string][]byte
	fail bool
}

func (s *mapStore) Get(_ context.Context, key string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		return nil, false, fmt.Errorf("down")
	}
	v, ok := s.m[key]
	return v, ok, nil
}

func (s *mapStore) Set(_ context.Context, key string, val []byte, ttl time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		return fmt.Errorf("down")
	}
	if ttl <= 0 {
		return fmt.Errorf("no end")
	}
	s.m[key] = val
	return nil
}
