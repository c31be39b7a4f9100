package database

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Beside is something to be written in the transaction of the change that a context's request makes, so that there is never
// the one without the other. It is written once, by the first change.
type Beside struct {
	write func(context.Context, *Tx) error
	state atomic.Int32
}

const (
	besideWaits int32 = iota
	besideTaken       // a transaction is under way that has it
	besideStands
)

type besideKey struct{}

// With is a context whose first change to a database takes write into its transaction, and fails where write does.
func With(ctx context.Context, write func(context.Context, *Tx) error) (context.Context, *Beside) {
	b := &Beside{write: write}
	return context.WithValue(ctx, besideKey{}, b), b
}

// Written says whether a change has taken it along.
func (b *Beside) Written() bool { return b.state.Load() == besideStands }

// waits says whether the context has something that its next change takes along.
func waits(ctx context.Context) bool {
	b, ok := ctx.Value(besideKey{}).(*Beside)
	return ok && b.state.Load() == besideWaits
}

// take is what the context's change takes along, nil where there is nothing.
func take(ctx context.Context) *Beside {
	if b, ok := ctx.Value(besideKey{}).(*Beside); ok && b.state.CompareAndSwap(besideWaits, besideTaken) {
		return b
	}
	return nil
}

// into writes it.
func (b *Beside) into(ctx context.Context, tx *Tx) error {
	if b == nil {
		return nil
	}
	if err := b.write(ctx, tx); err != nil {
		return fmt.Errorf("writing beside a change: %w", err)
	}
	return nil
}

// end says whether the change stands.
func (b *Beside) end(stands bool) {
	switch {
	case b == nil:
	case stands:
		b.state.Store(besideStands)
	default:
		b.state.Store(besideWaits)
	}
}
