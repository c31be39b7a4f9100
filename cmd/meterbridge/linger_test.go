package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// What balances the load hears of a stop before connections are refused.
func TestAStopIsSaidBeforeItComes(t *testing.T) {
	for _, by := range []time.Duration{0, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			drained := false
			ctx, signal := context.WithCancel(t.Context())
			later := lingering(ctx, func() { drained = true }, by)
			synctest.Wait()
			if drained || later.Err() != nil {
				t.Error("it stops before the signal")
			}
			began := time.Now()
			signal()
			<-later.Done()
			if took := time.Since(began); took != by || !drained {
				t.Errorf("it stops after %v of %v, drained %v", took, by, drained)
			}
		})
	}
}
