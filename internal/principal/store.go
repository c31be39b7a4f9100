package principal

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrUnknown is the answer for a token that is nobody's, or was revoked: the same.
	ErrUnknown = errors.New("no such token")
	// ErrTaken says that a token of that name exists.
	ErrTaken = errors.New("a token of that name exists")
)

// Finder finds the principal behind a token by its hash.
type Finder interface {
	// Find is the principal, also one that has expired, or an error that is ErrUnknown. Any other error says nothing of
	// the token.
	Find(ctx context.Context, sum Sum) (*Principal, error)
}

// Store keeps tokens beside those of the configuration. principaltest holds every store to this.
type Store interface {
	Finder
	// Create keeps a new token's hash under its principal. ErrTaken: the id, name or hash is there already.
	Create(ctx context.Context, r Record) error
	// List is every token in the order of their creation; those that expired are among them.
	List(ctx context.Context) ([]Record, error)
	// Revoke ends a token for good: from its return on the store finds it no more. ErrUnknown: there is none of that id.
	Revoke(ctx context.Context, id string) error
}

// Record is a token as a store has it: everything but the token.
type Record struct {
	Principal
	Created time.Time
}
