package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"net/http"
	"sync"
)

const (
	maxCallsAtHost = 64   // calls of all accounts to one host under way at a time
	maxCalls       = 1024 // the same, to all hosts
	maxEndlessHost = 32   // of those to one host, the streams
	maxEndless     = 1000 // and to all hosts, which nobody's slow clients can fill by a few providers
	asideAtHost    = 8    // lookups beside them, at a host
	asideOfAll     = 32   // and at all
	maxHosts       = 1024 // hosts that are remembered; a provider's links lead where it likes
)

// host is what the calls of all accounts to one host share. Its breaker counts what fails before a request is sent, names
// and connections and handshakes: that no account has brought about, so it may keep all of them away. What an account is
// answered is between it and the provider: see standing. I8
type host struct {
	name    string
	places  *fair
	breaker breaker
}

// hosts are those that were called, and the places of them all.
type hosts struct {
	all *fair

	mu     sync.RWMutex
	byName map[string]*host
}

func newHosts() *hosts {
	return &hosts{all: newFair(maxCalls, maxEndless, asideOfAll), byName: map[string]*host{}}
}

func (h *hosts) of(name string) *host {
	h.mu.RLock()
	one := h.byName[name]
	h.mu.RUnlock()
	if one != nil {
		return one
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if one = h.byName[name]; one != nil {
		return one
	}
	if len(h.byName) >= maxHosts {
		maps.DeleteFunc(h.byName, func(_ string, old *host) bool { return old.idle() && old.breaker.rests() })
	}
	if len(h.byName) >= maxHosts {
		maps.DeleteFunc(h.byName, func(_ string, old *host) bool { return old.idle() })
	}
	one = &host{name: name, places: newFair(maxCallsAtHost, maxEndlessHost, asideAtHost)}
	h.byName[name] = one
	return one
}

// idle says that no call to the host is under way.
func (h *host) idle() bool {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	return h.places.free == maxCallsAtHost
}

// enter takes a place at the host, and one of all; leave gives them back. A call that was made ahead does not wait for them.
func (h *hosts) enter(ctx context.Context, at *host, who *lane, forLookup bool) (leave func(), err error) {
	kind := timed
	if _, ends := ctx.Deadline(); forLookup {
		kind = lookup
	} else if !ends {
		kind = endless
	}
	c := claimOf(ctx)
	wait := c == nil || c.isWaited()
	if err := at.places.enter(ctx, who, kind, wait); err != nil {
		return nil, crowded(err, "to "+at.name)
	}
	if err := h.all.enter(ctx, who, kind, wait); err != nil {
		at.places.leave(kind)
		return nil, crowded(err, "to all providers")
	}
	return func() {
		h.all.leave(kind)
		at.places.leave(kind)
	}, nil
}

// reach sends a request through a door, unless the host can't be reached these days.
func (h *host) reach(door http.RoundTripper, r *http.Request) (*http.Response, error) {
	try, wait := h.breaker.admit()
	if wait > 0 {
		return nil, resting(h.name, wait)
	}
	resp, err := door.RoundTrip(r)
	switch {
	case err == nil:
		h.breaker.report(well, try)
	case r.Context().Err() != nil, deniedHere(err):
		h.breaker.report(unsaid, try)
	case unsent(err):
		h.breaker.report(failed, try)
	default: // it was reached, whatever it did then
		h.breaker.report(well, try)
	}
	return resp, err
}

func deniedHere(err error) bool {
	_, denied := errors.AsType[*deniedError](err)
	return denied
}

// unsent says whether a call came to nothing before its request was sent.
func unsent(err error) bool {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*tlsError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// untrusted says whether a handshake failed for the certificate: that is not to be tried again.
func untrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}
