package principaltest

import (
	"context"
	"slices"
	"sync"

	"github.com/meterbridge/meterbridge/internal/principal"
)

// Memory is a principal.Store for tests that need one and no database.
type Memory struct {
	mu      sync.Mutex
	records []principal.Record
	// Err is what Find answers with; nil: what it finds.
	Err error
	// Asked counts the calls of Find.
	Asked int
}

// Find implements principal.Finder.
func (m *Memory) Find(ctx context.Context, sum principal.Sum) (*principal.Principal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Asked++
	if m.Err != nil {
		return nil, m.Err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, r := range m.records {
		if r.Sum == sum {
			return clone(r.Principal), nil
		}
	}
	return nil, principal.ErrUnknown
}

// Create implements principal.Store.
func (m *Memory) Create(ctx context.Context, r principal.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, had := range m.records {
		if had.ID == r.ID || had.Name == r.Name || had.Sum == r.Sum {
			return principal.ErrTaken
		}
	}
	r.Principal = *clone(r.Principal)
	m.records = append(m.records, r)
	return nil
}

// List implements principal.Store.
func (m *Memory) List(ctx context.Context) ([]principal.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return slices.Clone(m.records), nil
}

// Revoke implements principal.Store.
func (m *Memory) Revoke(ctx context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	n := len(m.records)
	if m.records = slices.DeleteFunc(m.records, func(r principal.Record) bool { return r.ID == id }); len(m.records) == n {
		return principal.ErrUnknown
	}
	return nil
}

func clone(p principal.Principal) *principal.Principal {
	p.Accounts, p.Resources, p.Formats = slices.Clone(p.Accounts), slices.Clone(p.Resources), slices.Clone(p.Formats)
	return &p
}
