package account

import (
	"context"
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

// Statuses are all of them.
var Statuses = []Status{Active, Connecting, ValidationError, NeedsReauth, Blocked}

// StatusNames are the same as texts.
func StatusNames() []string {
	var out []string
	for _, s := range Statuses {
		out = append(out, string(s))
	}
	return out
}

// State is what is known about an account at run time.
type State struct {
	Status    Status
	LastError string    // the message of the error that led to the status; empty when active
	Since     time.Time // when the status began; zero for an account that was never heard of
}

// States knows the state of each account: what this process was told, and for accounts of a database what is kept there,
// as it was last read. The zero value is ready for use.
type States struct {
	now func() time.Time

	mu     sync.RWMutex
	byID   map[string]State
	keeper keeper
	told   map[string]bool // and not kept yet
	saving sync.WaitGroup
	busy   bool       // somebody saves
	write  sync.Mutex // held while a state is being kept, so that the operator's word is the last
}

// keeper keeps states beyond the process.
type keeper interface {
	keepState(ctx context.Context, id string, st State) error
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
// credential does not make it a newer one. Where states are kept, this one is soon; nobody waits for it.
func (s *States) Set(id string, status Status, lastError string) {
	if old := s.Get(id); old.Status == status && old.LastError == lastError {
		return // the common case, a success of an active account, takes no write lock
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{Status: status, LastError: lastError}
	if old, ok := s.byID[id]; ok && old.Status == status {
		st.Since = old.Since
	} else if s.now != nil {
		st.Since = s.now()
	} else {
		st.Since = time.Now()
	}
	s.put(id, st)
	if s.keeper == nil {
		return
	}
	s.told[id] = true
	s.saveSoon()
}

// saveSoon has what was told kept. The caller holds mu.
func (s *States) saveSoon() {
	if !s.busy {
		s.busy = true
		s.saving.Go(s.save)
	}
}

func (s *States) put(id string, st State) {
	if s.byID == nil {
		s.byID = map[string]State{}
	}
	s.byID[id] = st
}

// keepIn gives the states a place that outlives the process.
func (s *States) keepIn(k keeper) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keeper, s.told = k, map[string]bool{}
}

// learn takes what a database has on an account, unless something newer is on its way there. An active one needs no note.
func (s *States) learn(id string, st State) {
	if st.Status == Active && s.Get(id).Status == Active {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.told[id]:
		s.saveSoon() // the database answers again
	case st.Status == Active:
		delete(s.byID, id)
	default:
		s.put(id, st)
	}
}

// save keeps what was told, and ends when there is nothing more or nothing goes: the next that is told tries again.
func (s *States) save() {
	for {
		s.mu.Lock()
		var id string
		for id = range s.told {
			break
		}
		if id == "" {
			s.busy = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if err := s.saveOne(id); err != nil {
			s.mu.Lock()
			s.busy = false
			s.mu.Unlock()
			return
		}
	}
}

func (s *States) saveOne(id string) error {
	s.write.Lock()
	defer s.write.Unlock()
	s.mu.RLock()
	st, told := s.byID[id], s.told[id]
	s.mu.RUnlock()
	if !told {
		return nil // the operator spoke in between
	}
	if err := s.keeper.keepState(context.Background(), id, st); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[id] == st {
		delete(s.told, id)
	}
	return nil
}

// decide takes a state as the last word, once keep has kept it.
func (s *States) decide(id string, st State, keep func() error) error {
	s.write.Lock()
	defer s.write.Unlock()
	if err := keep(); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.told, id)
	s.mu.Unlock()
	s.learn(id, st)
	return nil
}

// Wait returns when nothing is on its way to where states are kept.
func (s *States) Wait() { s.saving.Wait() }
