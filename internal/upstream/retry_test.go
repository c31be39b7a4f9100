package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// said is one answer of a script.
type said struct {
	status int
	header http.Header
	body   string
}

// scripted gives the answers in their order, and the last one again and again.
func scripted(calls *atomic.Int32, script ...said) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1))
		a := script[min(n, len(script))-1]
		for k, v := range a.header {
			w.Header()[k] = v
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}
}

func wait(text string) http.Header { return http.Header{"Retry-After": {text}} }

// TestRetries: how often a provider is asked, what comes of it, and how long that takes.
func TestRetries(t *testing.T) {
	const buffered = 25 * time.Second
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of a bubble's clock
	date := func(in time.Duration) string { return start.Add(in).Format(http.TimeFormat) }
	ok := said{200, nil, "{}"}
	for _, c := range []struct {
		name     string
		script   []said
		yaml     string
		call     connector.Call
		deadline time.Duration
		calls    int32
		code     problem.Code
		from, to time.Duration
		after    int // Retry-After of the problem
	}{
		{name: "a failure that passes", script: []said{{500, nil, ""}, ok}, calls: 2, to: 50 * time.Millisecond},
		{name: "502, 503 and then an answer", script: []said{{502, nil, ""}, {503, nil, ""}, ok}, calls: 3, to: 150 * time.Millisecond},
		{name: "504 to the end", script: []said{{504, nil, ""}}, calls: 3, code: problem.UpstreamFailed, to: 150 * time.Millisecond},
		{name: "501 is an answer", script: []said{{501, nil, ""}}, calls: 1, code: problem.UpstreamFailed},
		{name: "404 is an answer", script: []said{{404, nil, ""}}, calls: 1, code: problem.RemoteError},
		{name: "503 that says when", script: []said{{503, wait("2"), ""}, ok}, calls: 2, from: 2 * time.Second, to: 2 * time.Second},
		{name: "503 that says too late", script: []said{{503, wait("11"), ""}}, calls: 1, code: problem.UpstreamFailed, after: 11},
		{name: "a rule says it will pass", script: []said{{400, nil, `{"state":"busy"}`}, ok}, yaml: `errors: { rules: [{ status: [400], as: retry }] }`, calls: 2, to: 50 * time.Millisecond},
		{name: "a rule says what a 500 means", script: []said{{500, nil, ""}}, yaml: `errors: { rules: [{ status: [500], code: plan_unsupported, message: "no plan" }] }`, calls: 1, code: problem.PlanUnsupported},
		{name: "a rule says that a 500 is nothing", script: []said{{500, nil, ""}}, yaml: `errors: { rules: [{ status: [500], as: empty }] }`, calls: 1},

		{name: "429 in seconds", script: []said{{429, wait("3"), ""}, ok}, calls: 2, from: 3 * time.Second, to: 3 * time.Second},
		{name: "429 of the longest that is waited for", script: []said{{429, wait("10"), ""}, ok}, calls: 2, from: 10 * time.Second, to: 10 * time.Second},
		{name: "429 of a second more", script: []said{{429, wait("11"), ""}}, calls: 1, code: problem.RateLimited, after: 11},
		{name: "429 as a date", script: []said{{429, wait(date(4 * time.Second)), ""}, ok}, calls: 2, from: 4 * time.Second, to: 4 * time.Second},
		{name: "429 as a date of the past", script: []said{{429, wait(date(-time.Hour)), ""}, ok}, calls: 2, from: time.Second, to: time.Second},
		{name: "429 without a word", script: []said{{429, nil, ""}, ok}, calls: 2, to: time.Second},
		{name: "429 without a word, to the end", script: []said{{429, nil, ""}}, calls: 3, code: problem.RateLimited, to: 3 * time.Second, after: 1},
		{name: "429 of thirty years", script: []said{{429, wait("1000000000"), ""}}, calls: 1, code: problem.RateLimited, after: 1000000000},
		{name: "429 of more than a number holds", script: []said{{429, wait("99999999999999999999"), ""}}, calls: 1, code: problem.RateLimited, after: maxSeconds},
		{name: "429 of less than nothing", script: []said{{429, wait("-5"), ""}, ok}, calls: 2, to: time.Second},
		{name: "429 of garbage", script: []said{{429, wait("soon, or -1.5e3"), ""}, ok}, calls: 2, to: time.Second},
		{name: "429 of nought", script: []said{{429, wait("0"), ""}, ok}, calls: 2, from: time.Second, to: time.Second},
		{name: "429 that says it in the reset header", script: []said{{429, http.Header{"X-Ratelimit-Reset": {"40"}}, ""}}, calls: 1, code: problem.RateLimited, after: 40},
		{name: "a rule's 403 that means 429", script: []said{{403, wait("2"), ""}, ok}, yaml: `errors: { rules: [{ status: [403], as: rate_limited }] }`, calls: 2, from: 2 * time.Second, to: 2 * time.Second},

		{name: "a pause that leaves no time for the answer", script: []said{{429, wait("3"), ""}}, deadline: 5 * time.Second, calls: 1, code: problem.RateLimited, after: 3},
		{name: "a second pause that does not fit", script: []said{{429, wait("10"), ""}}, deadline: buffered, calls: 2, code: problem.RateLimited, from: 10 * time.Second, to: 10 * time.Second, after: 10},

		{name: "a job's submit", script: []said{{503, nil, ""}}, call: connector.Call{Purpose: "submit", Method: "POST", Path: "x"}, calls: 1, code: problem.UpstreamFailed},
		{name: "a job's submit that is limited", script: []said{{429, wait("1"), ""}}, call: connector.Call{Purpose: "submit", Method: "GET", Path: "x"}, calls: 1, code: problem.RateLimited, after: 1},
		{name: "a caller's POST", script: []said{{503, nil, ""}}, call: connector.Call{Purpose: "custom", Method: "POST", Path: "x"}, calls: 1, code: problem.UpstreamFailed},
		{name: "a caller's GET", script: []said{{503, nil, ""}, ok}, call: connector.Call{Purpose: "custom", Method: "GET", Path: "x"}, calls: 2, to: 50 * time.Millisecond},
		{name: "a list that is a POST", script: []said{{503, nil, ""}, ok}, call: connector.Call{Purpose: "list", Method: "POST", Path: "x", Body: []byte("{}")}, calls: 2, to: 50 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				a := newPiped(t, scripted(&calls, c.script...), Config{}, keyAuth, c.yaml)
				ctx, call := t.Context(), c.call
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				if call.Method == "" {
					call = get("x")
				}
				began := time.Now()
				reply, err := a.session().Do(ctx, call)
				took := time.Since(began)
				if err == nil {
					_ = reply.Body.Close()
				}
				switch {
				case c.code != "":
					if p := wants(t, err, c.code, ""); p.RetryAfter != c.after {
						t.Errorf("Retry-After %d, want %d", p.RetryAfter, c.after)
					}
				case err != nil:
					t.Error(err)
				}
				if n := calls.Load(); n != c.calls {
					t.Errorf("%d calls, want %d", n, c.calls)
				}
				if took < c.from || took > c.to {
					t.Errorf("it took %v, want %v to %v", took, c.from, c.to)
				}
			})
		})
	}
}

// TestRetriesOfConnections: what breaks before an answer is repeated, and what can't be trusted is not.
func TestRetriesOfConnections(t *testing.T) {
	for _, c := range []struct {
		name  string
		fail  func(http.ResponseWriter)
		code  problem.Code
		calls int32
	}{
		{"a reset", func(w http.ResponseWriter) { hangUp(t, w) }, problem.UpstreamReset, DefaultAttempts},
		{"no HTTP", func(w http.ResponseWriter) { hijack(t, "220 smtp\r\n\r\n", false)(w, nil) }, problem.UpstreamCorrupt, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int32
			a := newAcme(t, func(w http.ResponseWriter, _ *http.Request) { calls.Add(1); c.fail(w) }, Config{}, keyAuth)
			a.fails(get("x"), c.code)
			if n := calls.Load(); n != c.calls {
				t.Errorf("%d calls, want %d", n, c.calls)
			}
		})
	}
	t.Run("a reset that passes", func(t *testing.T) {
		var calls atomic.Int32
		a := newAcme(t, func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) < DefaultAttempts {
				hangUp(t, w)
				return
			}
			_, _ = io.WriteString(w, "{}")
		}, Config{}, keyAuth)
		if body, err := a.read(get("x")); err != nil || body != "{}" {
			t.Errorf("%q, %v", body, err)
		}
	})
}

func hangUp(t testing.TB, w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// TestABrokenBodyIsNotRetried: its beginning was handed on.
func TestABrokenBodyIsNotRetried(t *testing.T) {
	var calls atomic.Int32
	a := newAcme(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "12345")
	}, Config{}, keyAuth)
	if got, err := a.read(get("x")); got != "12345" || problem.From(err).Code != problem.UpstreamReset || calls.Load() != 1 {
		t.Errorf("%q, %v after %d calls", got, err, calls.Load())
	}
}

// TestTokenCallsAreNotRepeated: a refresh token that comes twice is taken for a stolen one.
func TestTokenCallsAreNotRepeated(t *testing.T) {
	var calls atomic.Int32
	a := newAcme(t, scripted(&calls, said{503, nil, ""}), Config{}, oauthAuth)
	a.fails(get("x"), problem.UpstreamFailed)
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestBudget: at its bound a retry is made, past it none; successes earn the next one, and no more than is spent.
func TestBudget(t *testing.T) {
	var b budget
	for n := range maxRetryBudget / transientCost {
		if !b.take(transientCost) {
			t.Fatalf("retry %d was refused", n+1)
		}
	}
	left := maxRetryBudget % transientCost
	if b.take(transientCost) {
		t.Fatal("a retry past the budget")
	}
	for range transientCost - left - 1 {
		b.earn()
	}
	if b.take(transientCost) {
		t.Fatal("a retry that is one success short")
	}
	if b.earn(); !b.take(transientCost) {
		t.Fatal("a retry that was earned is refused")
	}
	for range 2 * maxRetryBudget {
		b.earn()
	}
	if !b.full() || !b.take(maxRetryBudget) || b.take(1) {
		t.Error("more can be earned than was spent")
	}
}

// TestAnOutageIsNotMadeWorse: over many requests in a full outage the provider is called hardly more often than there are
// requests (I7), by the budget alone, and far less often with the breaker.
func TestAnOutageIsNotMadeWorse(t *testing.T) {
	const requests, workers = 10_000, 16
	for _, c := range []struct {
		name    string
		breaker bool
		most    int32
	}{{"the budget alone", false, requests + maxRetryBudget/transientCost}, {"with the breaker", true, breakerTrip + workers*DefaultAttempts + 5}} {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int32
			a := newAcme(t, func(w http.ResponseWriter, _ *http.Request) { calls.Add(1); w.WriteHeader(503) }, Config{}, keyAuth)
			s := a.session()
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for range requests / workers {
						if !c.breaker {
							s.lane.standing(s.hostOf(get("x"))).breaker.last.Store(0)
						}
						if _, err := s.Do(t.Context(), get("x")); err == nil {
							t.Error("no error")
						}
					}
				})
			}
			wg.Wait()
			if n := calls.Load(); n > c.most {
				t.Errorf("%d calls for %d requests, at most %d", n, requests, c.most)
			} else {
				t.Logf("%d calls for %d requests", n, requests)
			}
		})
	}
}

// TestOneBudgetAnAccountAndHost: and so many hosts of one account.
func TestOneBudgetAnAccountAndHost(t *testing.T) {
	one, other := newLane(connector.Limits{}), newLane(connector.Limits{})
	a := one.standing("a")
	if a == one.standing("b") || a == other.standing("a") || a != one.standing("a") {
		t.Fatal("a standing is shared, or none is kept")
	}
	a.budget.take(1)
	for n := range maxStandings - 2 {
		one.standing(strconv.Itoa(n))
	}
	if len(one.standings) != maxStandings {
		t.Fatalf("%d are kept", len(one.standings))
	}
	if one.standing("one more"); len(one.standings) > maxStandings || one.standing("a") != a {
		t.Errorf("%d are kept, or one that matters is gone", len(one.standings))
	}
}

// TestARetryEndsWithItsRequest: nobody sleeps for a caller who has left, and the provider's own words are the answer.
func TestARetryEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		a := newPiped(t, scripted(&calls, said{429, wait("9"), ""}), Config{}, keyAuth)
		ctx, leave := context.WithCancel(t.Context())
		began := time.Now()
		time.AfterFunc(time.Second, leave)
		_, err := a.session().Do(ctx, get("x"))
		if took := time.Since(began); took != time.Second || calls.Load() != 1 || err == nil {
			t.Errorf("%v after %d calls: %v", took, calls.Load(), err)
		}
	})
}

// TestWhatATimeoutAndACertificateAre: never again, and yet a failure.
func TestWhatATimeoutAndACertificateAre(t *testing.T) {
	ctx, gone := context.WithCancel(t.Context())
	gone()
	dns := func(found bool) error {
		return problem.Wrap(problem.UpstreamDNS, &net.DNSError{IsNotFound: !found}, "x")
	}
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want verdict
	}{
		{"a timeout", t.Context(), problem.New(problem.UpstreamTimeout, "x"), stuck},
		{"no connection", t.Context(), problem.New(problem.UpstreamUnreach, "x"), broken},
		{"the same, when the caller left", ctx, problem.New(problem.UpstreamUnreach, "x"), nothing},
		{"a name that is none", t.Context(), dns(false), stuck},
		{"names that can't be asked for", t.Context(), dns(true), broken},
		{"a handshake that ends", t.Context(), problem.Wrap(problem.UpstreamTLS, &tlsError{io.EOF}, "x"), broken},
		{"a handshake that is refused", t.Context(), problem.Wrap(problem.UpstreamTLS, &tlsError{errors.New("x")}, "x"), stuck},
		{"our own limit", t.Context(), problem.New(problem.TooManyRequests, "x"), nothing},
		{"an address that may not be called", t.Context(), problem.New(problem.EgressDenied, "x"), nothing},
		{"a token call", t.Context(), tokenFailure{problem.New(problem.UpstreamReset, "x")}, nothing},
	} {
		if got := verdictOf(c.ctx, nil, c.err); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
