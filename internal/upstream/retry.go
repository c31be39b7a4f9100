package upstream

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// The numbers of a retry; docs/decisions/upstream.md has the reasons.
const (
	DefaultAttempts = 3                     // of one call
	maxRetryBudget  = 100                   // tokens of one account at one host; a call that succeeds brings one back
	transientCost   = 14                    // of a retry after a failure
	limitedCost     = 5                     // and after a 429
	transientPause  = 50 * time.Millisecond // the longest pause before the second attempt; it doubles
	limitedPause    = time.Second           // after a 429 that says nothing
	maxRetryPause   = 10 * time.Second      // a provider that wants more is passed on at once
	maxStandings    = 64                    // hosts of one account whose state is remembered
)

// standing is how one account stands with one host: what its retries may still cost, and whether its calls are answered.
type standing struct {
	budget  budget
	breaker breaker
}

// standing is the account's with a host.
func (l *lane) standing(host string) *standing {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.standings[host]
	if st != nil {
		return st
	}
	if len(l.standings) >= maxStandings {
		maps.DeleteFunc(l.standings, func(_ string, old *standing) bool { return old.budget.full() && old.breaker.rests() })
	}
	if l.standings == nil || len(l.standings) >= maxStandings {
		l.standings = map[string]*standing{}
	}
	st = new(standing)
	l.standings[host] = st
	return st
}

// budget bounds the retries of an outage, when every call fails and each retry only adds to it. The zero is full.
type budget struct{ spent atomic.Int32 }

func (b *budget) full() bool { return b.spent.Load() == 0 }

func (b *budget) take(cost int32) bool {
	for {
		n := b.spent.Load()
		if n+cost > maxRetryBudget {
			return false
		}
		if b.spent.CompareAndSwap(n, n+cost) {
			return true
		}
	}
}

func (b *budget) earn() {
	for n := b.spent.Load(); n > 0 && !b.spent.CompareAndSwap(n, n-1); n = b.spent.Load() {
	}
}

// verdict is what came of an attempt.
type verdict uint8

const (
	answered  verdict = iota // the provider has said what there is to say
	throttled                // it wants us to wait
	busy                     // it says that it will pass
	broken                   // it failed, or could not be reached
	stuck                    // the same, and would be so again
	nothing                  // it was not asked
)

// tokenFailure is an error of the call for a token. It is not the call's own, and is not made again: a refresh token that
// comes twice is taken for a stolen one. I7
type tokenFailure struct{ error }

func (t tokenFailure) Unwrap() error { return t.error }

func verdictOf(ctx context.Context, a *answer, err error) verdict {
	if err == nil {
		return a.verdict()
	}
	if _, token := errors.AsType[tokenFailure](err); token || ctx.Err() != nil {
		return nothing
	}
	switch problem.From(err).Code {
	case problem.UpstreamReset, problem.UpstreamUnreach:
		return broken
	case problem.UpstreamDNS:
		if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
			return stuck
		}
		return broken
	case problem.UpstreamTLS:
		if !untrusted(err) && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)) {
			return broken
		}
		return stuck
	case problem.UpstreamTimeout, problem.UpstreamCorrupt:
		return stuck
	}
	return nothing
}

func (a *answer) verdict() verdict {
	as := ""
	if a.rule != nil {
		as = a.rule.As
	}
	switch {
	case a.reply != nil:
		return answered
	case as == "rate_limited", as == "" && a.status == http.StatusTooManyRequests:
		return throttled
	case as == "retry" && a.status < 500:
		return busy
	case as == "retry":
		return broken
	case as == "" && a.status >= 500 && a.status != http.StatusNotImplemented:
		return broken
	}
	return answered
}

// outcome is what the account's breaker counts.
func (v verdict) outcome() outcome {
	switch v {
	case answered, throttled, busy:
		return well
	case broken, stuck:
		return failed
	}
	return unsaid
}

// insist makes a call, and again where that may help: a few times, within the budget and the request's time, and only one
// that may be sent twice. Nothing of its answer was handed on then. I7
func (s *Session) insist(ctx context.Context, call connector.Call) (*answer, error) {
	host := s.hostOf(call)
	st := s.lane.standing(host)
	for attempt := 1; ; attempt++ {
		try, wait := st.breaker.admit()
		if wait > 0 {
			return nil, resting(host, wait)
		}
		a, err := s.persist(ctx, call)
		v := verdictOf(ctx, a, err)
		st.breaker.report(v.outcome(), try)
		if v == answered {
			st.budget.earn()
			return a, err
		}
		if !s.again(ctx, call, st, v, a, attempt) {
			return a, err
		}
	}
}

// Repeat waits until a call whose answer broke off may be made again, in the bounds of one that gave no answer; false says
// that it is not to be. It is for who can take up an answer where it ended.
func (s *Session) Repeat(ctx context.Context, call connector.Call, err error, attempt int) bool {
	return s.again(ctx, call, s.lane.standing(s.hostOf(call)), verdictOf(ctx, nil, err), nil, attempt)
}

// again waits until a call may be repeated; false says that it is not to be.
func (s *Session) again(ctx context.Context, call connector.Call, st *standing, v verdict, a *answer, attempt int) bool {
	if attempt >= s.c.cfg.Attempts || !repeatable(call) || recordingOf(ctx) != nil {
		return false
	}
	pause, cost := transientPause, int32(transientCost)
	switch v {
	case throttled:
		pause, cost = limitedPause, limitedCost
	case broken, busy:
	default:
		return false
	}
	pause = rand.N(min(pause<<(attempt-1), maxRetryPause)) // full jitter: those who failed together don't come back together
	if asked := s.asked(v, a); asked > 0 {
		pause = asked
	}
	if pause > maxRetryPause {
		return false
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < 2*pause {
		return false // the answer needs its time too
	}
	if !st.budget.take(cost) || sleep(ctx, pause) != nil {
		return false
	}
	s.told(ctx, "retried")
	return true
}

// asked is the pause that a provider asks for.
func (s *Session) asked(v verdict, a *answer) time.Duration {
	if a == nil {
		return 0
	}
	read := asksToWait
	if v == throttled {
		read = retryAfter
	}
	n, _ := read(a.header, s.conn.RateHeaders, s.c.cfg.Clock())
	return time.Duration(n) * time.Second
}

// repeatable says whether a call may be sent twice. What a connector lists, gets, polls and fetches it declares to be
// reading, whatever its HTTP method; a job's submit may have been understood when its answer was lost; and of a caller's
// own requests only HTTP's method tells. I7
func repeatable(call connector.Call) bool {
	switch call.Purpose {
	case "submit", "token":
		return false
	case "proxy", "custom", "":
		return call.Method == http.MethodGet || call.Method == http.MethodHead
	}
	return true
}

// hostOf is the host that a call goes to.
func (s *Session) hostOf(call connector.Call) string {
	if call.NoAuth && call.URL != "" {
		if u, err := url.Parse(call.URL); err == nil && u.Host != "" {
			return u.Host
		}
	}
	return s.base.url.Host
}
