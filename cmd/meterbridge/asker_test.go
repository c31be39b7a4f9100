package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/problem"
)

func inProcessOf(h http.HandlerFunc) *http.Client { return &http.Client{Transport: inProcess{h}} }

func TestInProcessStreamsAndHasTrailers(t *testing.T) {
	read := make(chan bool)
	client := inProcessOf(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Meterbridge-Status")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "first")
		<-read // only a body that streams gets past this
		fmt.Fprint(w, "second")
		w.Header().Set("Meterbridge-Status", "complete")
	})
	resp, err := client.Get("http://in-process/a?b=c")
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("%s, %v", first, err)
	}
	close(read)
	rest, err := io.ReadAll(resp.Body)
	if err != nil || string(rest) != "second" || resp.StatusCode != http.StatusAccepted || resp.Trailer.Get("Meterbridge-Status") != "complete" {
		t.Errorf("%d %q %v %v", resp.StatusCode, rest, err, resp.Trailer)
	}
}

func TestInProcessAbortIsNoCleanEnd(t *testing.T) {
	client := inProcessOf(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half")
		panic(http.ErrAbortHandler)
	})
	resp, err := client.Get("http://in-process/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the body ends with %v", err)
	}
}

func TestInProcessCallerMayLeave(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client := inProcessOf(func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://in-process/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func respond(w http.ResponseWriter, p *problem.Problem) {
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(p.RetryAfter))
	}
	w.WriteHeader(p.Status)
	w.Write(p.Encode("r-1"))
}

func TestPageWaitsWhereTheProviderAsksForTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var cursors []string
		a := &asker{base: "http://in-process", http: inProcessOf(func(w http.ResponseWriter, r *http.Request) {
			cursors = append(cursors, r.URL.Query().Get("next_cursor"))
			if len(cursors) < 3 {
				p := problem.New(problem.JobPending, "not ready")
				p.RetryAfter, p.NextCursor = 7, fmt.Sprint("c", len(cursors))
				respond(w, p)
				return
			}
			fmt.Fprint(w, `{"result":[{"id":"a"}],"next_cursor":null}`)
		})}
		p, err := a.page(t.Context(), "/x", "a=b", "")
		if err != nil || len(p.Result) != 1 {
			t.Fatalf("%v, %v", p, err)
		}
		if got := fmt.Sprint(cursors); got != "[ c1 c2]" || time.Since(began) != 14*time.Second {
			t.Errorf("asked with cursors %s, for %s", got, time.Since(began))
		}
	})
}

func TestPageWaitsOnlySoLongAndSoOften(t *testing.T) {
	for _, c := range []struct {
		name    string
		seconds int
		asked   int
	}{
		{"as long as is bearable", int(maxWait / time.Second), maxWaits + 1},
		{"a second longer", int(maxWait/time.Second) + 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				a := &asker{base: "http://in-process", http: inProcessOf(func(w http.ResponseWriter, _ *http.Request) {
					asked++
					p := problem.New(problem.RateLimited, "slow down").AsRemote()
					p.RetryAfter = c.seconds
					respond(w, p)
				})}
				_, err := a.page(t.Context(), "/x", "", "")
				if exitCode(err) != exitInput || asked != c.asked {
					t.Errorf("asked %d times, want %d; %v", asked, c.asked, err)
				}
				if waited := fmt.Sprintf("waited         %d s", c.seconds*maxWaits); strings.Contains(err.Error(), waited) != (asked > 1) {
					t.Errorf("how long it waited: %v", err)
				}
				if !strings.Contains(err.Error(), fmt.Sprintf("Wait for %d seconds.", c.seconds)) {
					t.Errorf("how long to wait: %v", err)
				}
			})
		})
	}
}

func TestProblemForAPerson(t *testing.T) {
	p := problem.New(problem.RemoteForbidden, "usage is not for these credentials").AsRemote().With("status", 403)
	p.Insight = &problem.Insight{Forbidden: &problem.Forbidden{MissingScopes: []string{"usage_read", "billing_read"}}}
	p.NextCursor = "c1.x"
	err := readProblem(p.Status, http.Header{}, p.Encode("r-1"))
	want := `usage is not for these credentials (403 remote_forbidden)
  status         403
  scopes         usage_read, billing_read
  do             Grant the credentials these scopes.
  go on          --cursor c1.x`
	if err.Error() != want {
		t.Errorf("got:\n%s\nwant:\n%s", err, want)
	}
	for _, c := range []struct {
		name, retryAfter string
		p                *problem.Problem
		want             string
	}{
		{"no scopes are known", "", &problem.Problem{Code: problem.RemoteForbidden, Status: 403, Message: "not you", Remote: true, Insight: &problem.Insight{Forbidden: &problem.Forbidden{}}},
			"not you (403 remote_forbidden)\n  do             Grant the credentials what the message speaks of."},
		{"a rate limit says how long", "90", &problem.Problem{Code: problem.RateLimited, Status: 429, Message: "slow down", Remote: true},
			"slow down (429 remote_rate_limited)\n  do             Wait for 90 seconds."},
		{"a rate limit does not say it", "", &problem.Problem{Code: problem.RateLimited, Status: 429, Message: "slow down", Remote: true},
			"slow down (429 remote_rate_limited)\n  do             Wait a while."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := readProblem(c.p.Status, http.Header{"Retry-After": {c.retryAfter}}, c.p.Encode("r-1")); err.Error() != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", err, c.want)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"the caller's", readProblem(400, nil, problem.New(problem.InvalidParameter, "x").Encode("")), exitInput},
		{"ours", readProblem(500, nil, problem.New(problem.Internal, "x").Encode("")), exitDefect},
		{"a mapping's", readProblem(502, nil, problem.New(problem.MappingFailed, "x").Encode("")), exitDefect},
		{"the provider's", readProblem(502, nil, problem.New(problem.UpstreamFailed, "x").AsRemote().Encode("")), exitEnvironment},
		{"no gateway", readProblem(200, nil, []byte("<html>")), exitEnvironment},
		{"nothing we know", errors.New("x"), exitDefect},
		{"stopped", context.Canceled, exitInput},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := exitCode(c.err); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func reader(h http.HandlerFunc, limit int) (*reading, *bytes.Buffer, *bytes.Buffer) {
	var out, side bytes.Buffer
	a := &asker{base: "http://in-process", http: inProcessOf(h)}
	return &reading{asker: a, path: "/x", query: "a=b", limit: limit, to: std{&out, &side}}, &out, &side
}

func TestStreamThatBreaksIsSaid(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"with an error line", `{"id":"a"}` + "\n" + `{"error":{"statusCode":502,"code":"upstream_reset","message":"broken","next_cursor":"c1.x"}}` + "\n", "--cursor c1.x"},
		{"without an end", `{"id":"a"}` + "\n", "broke off"},
		{"within a line", `{"id":"a"}` + "\n" + `{"id"`, "broke off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, out, _ := reader(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, c.body) }, 0)
			err := r.ndjson(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || exitCode(err) != exitEnvironment {
				t.Errorf("got %v", err)
			}
			if out.String() != `{"id":"a"}`+"\n" {
				t.Errorf("written: %s", out)
			}
		})
	}
}

func TestLimitBeyondAPageIsAskedForInParts(t *testing.T) {
	var limits []string
	r, out, side := reader(func(w http.ResponseWriter, r *http.Request) {
		limits = append(limits, r.URL.Query().Get("limit")+r.URL.Query().Get("next_cursor"))
		w.Header().Set("Meterbridge-Next-Cursor", fmt.Sprint("c", len(limits)))
		fmt.Fprintf(w, "header\nrow %d\n", len(limits))
	}, 2500)
	if err := r.csv(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(limits); got != "[1000 1000c1 500c2]" {
		t.Errorf("asked for %s", got)
	}
	if out.String() != "header\nrow 1\nrow 2\nrow 3\n" || !strings.Contains(side.String(), "--cursor c3") {
		t.Errorf("%q, %q", out, side)
	}
}
