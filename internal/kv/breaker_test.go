package kv

import (
	"testing"
	"time"
)

func TestBreaker(t *testing.T) {
	now := time.Unix(1000, 0)
	b := breaker{now: func() time.Time { return now }}
	allowed := func(want bool) func(outcome) {
		t.Helper()
		report, ok := b.allow()
		if ok != want {
			t.Fatalf("at %d s: allowed %v, want %v", now.Unix()-1000, ok, want)
		}
		return report
	}
	early, late, left := allowed(true), allowed(true), allowed(true)
	left(unknown)
	allowed(true)(good)
	early(bad)
	allowed(false)
	late(bad) // was under way with the first
	now = now.Add(breakerFirst - 1)
	allowed(false)
	now = now.Add(1)
	for _, delay := range []time.Duration{2, 4, 8, 10, 10} {
		probe := allowed(true)
		allowed(false) // one probe at a time
		probe(bad)
		now = now.Add(delay*time.Second - 1)
		allowed(false)
		now = now.Add(1)
	}
	allowed(true)(unknown) // the probe's caller left: the next one probes
	probe := allowed(true)
	early(good) // news from before says nothing now
	allowed(false)
	probe(good)
	allowed(true)(bad) // and the doubling starts again
	now = now.Add(breakerFirst)
	allowed(true)(good)
	if open, _ := b.state(); open {
		t.Error("open after a good probe")
	}
}
