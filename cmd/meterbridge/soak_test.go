package main

import (
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	soakFor     = flag.Duration("soak.for", 5*time.Second, "how long TestSoak asks")
	soakClients = flag.Int("soak.clients", 16, "how many clients of TestSoak ask at a time")
)

// What a gateway may hold more behind a soak than before it: what the runtime and the collector have not yet given back,
// and nothing that grows with time.
const (
	soakGoroutines  = 8
	soakDescriptors = 8
	soakMemory      = 32 << 20
)

// soakFaults are what the provider does instead of answering: one request in ten or so meets one.
var soakFaults = []string{
	"fault=cut", "fault=malformed", "fault=slow&delay=5ms", "fault=stall&delay=300ms", "fault=401", "fault=403", "fault=404",
	"fault=429&retry_after=1", "fault=500", "fault=502", "fault=503",
}

// TestSoak lets clients of all habits ask a gateway whose provider fails in all the ways that the simulator knows. Every
// answer is one that the contract has, and memory, goroutines and descriptors come back to where they began. `make soak`
// does it for ten minutes.
func TestSoak(t *testing.T) {
	f := startFleet(t, 1, "")
	f.scale(20)
	s := &soak{t: t, r: f.replicas[0], outcomes: map[string]int{}}
	s.clients(func() {
		for _, q := range soakRequests {
			s.ask(q) // what is made once, and kept, is made
		}
	})
	before := s.settled(f)

	end := time.Now().Add(*soakFor)
	s.clients(func() {
		for time.Now().Before(end) && !t.Failed() {
			if rand.IntN(10) == 0 {
				askSimulator(t, f.provider, "POST", "/_simulate/faults?connector=acme&path=/v1/usage&"+soakFaults[rand.IntN(len(soakFaults))])
			}
			s.ask(soakRequests[rand.IntN(len(soakRequests))])
		}
	})
	askSimulator(t, f.provider, "DELETE", "/_simulate/faults?connector=acme")
	after := s.settled(f)

	for _, outcome := range slices.Sorted(maps.Keys(s.outcomes)) {
		t.Logf("%7d  %s", s.outcomes[outcome], outcome)
	}
	t.Logf("before: %v", before)
	t.Logf("after:  %v", after)
	if n := after.goroutines - before.goroutines; n > soakGoroutines {
		t.Errorf("%d goroutines are left", n)
	}
	if n := after.descriptors - before.descriptors; n > soakDescriptors {
		t.Errorf("%d descriptors are left", n)
	}
	if n := after.resident - before.resident; n > soakMemory {
		t.Errorf("resident memory has grown by %d MiB", n>>20)
	}
	for _, secret := range []string{fleetSecret, fleetToken} {
		if strings.Contains(s.r.said(), secret) {
			t.Errorf("the log has the secret %q", secret)
		}
	}
}

// soak is one run: the gateway and how its answers ended.
type soak struct {
	t *testing.T
	r *replica

	mu       sync.Mutex
	outcomes map[string]int
}

// clients lets all clients do the same at once.
func (s *soak) clients(do func()) {
	var all sync.WaitGroup
	for range *soakClients {
		all.Go(do)
	}
	all.Wait()
}

// ask makes one request and notes how it ended.
func (s *soak) ask(q soakRequest) {
	outcome, err := q.do(s.r)
	if err != nil {
		s.t.Errorf("%s: %v", q.name, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes[q.name+": "+outcome]++
}
