package account

import (
	"sync"
	"time"
)

// Status says whether an account can be used.
type Status string

const (
	Active          Status = "active"
	Connecting      Status = "connecting"
	ValidationError Status = "validation_error"
	NeedsReauth     Status = "needs_reauth"
	Blocked         Status = "blocked"
)

// State is what is known about an account at run time.
type State struct {
	Status    Status
	LastError string    // the message of the error that led to the status; empty when active
	Since     time.Time // when the status began; zero for an account that was never heard of
}

// States remembers the state of each account for the life of the process. The zero value is ready for use.
type States struct {
	mu   sync.RWMutex
	byID map[string]State
	now  func() time.Time
}

// NewStates is a States with its own clock; nil is the time of day.
func NewStates(now func() time.Time) *States { return &States{now: now} }

// Get is the state of the account; an account that nothing was said about is active.
func (s *States) Get(id string) State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if st, ok := s.byID[id]; ok {
		return st
	}
	return State{Status: Active}
}

// Set notes a status and the error behind it. Since moves only when the status changes: the second refusal of a
// credential does not make it a newer one.
func (s *States) Set(id string, status Status, lastError string) {
	if old := s.Get(id); old.Status == status && old.LastError == lastError {
		return // the common case, a success of an active account, takes no write lock
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[string]State{}
	}
	st := State{Status: status, LastError: lastError}
	if old, ok := s.byID[id]; ok && old.Status == status {
		st.Since = old.Since
	} else if s.now != nil {
		st.Since = s.now()
	} else {
		st.Since = time.Now()
	}
	s.byID[id] = st
}

// Forget drops what is known about every account that keep refuses, so that a reload leaves no state behind of
// accounts that are gone.
func (s *States) Forget(keep func(id string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.byID {
		if !keep(id) {
			delete(s.byID, id)
		}
	}
}
