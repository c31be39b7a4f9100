package upstream

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// drip writes text one byte at a time, each after a pause.
func drip(w http.ResponseWriter, r *http.Request, text string, pause time.Duration) {
	for i := range len(text) {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(pause):
		}
		_, _ = io.WriteString(w, text[i:i+1])
		_ = http.NewResponseController(w).Flush()
	}
}

func TestPatienceWithHeaders(t *testing.T) {
	hold := make(chan struct{})
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}, Config{Timeouts: impatient()}, keyAuth)
	defer close(hold)
	start := time.Now()
	if p := a.fails(get("x"), problem.UpstreamTimeout); p.Status != 504 {
		t.Errorf("status %d", p.Status)
	}
	if took := time.Since(start); took < 300*time.Millisecond || took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestPatienceWithDrippingHeaders(t *testing.T) {
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		for _, c := range "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 1000) {
			if _, err := io.WriteString(conn, string(c)); err != nil {
				return
			}
			<-time.After(20 * time.Millisecond)
		}
	}, Config{Timeouts: impatient()}, keyAuth)
	start := time.Now()
	a.fails(get("x"), problem.UpstreamTimeout)
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestPatienceWithBodies(t *testing.T) {
	t.Run("a body that stops", func(t *testing.T) {
		a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"data":[`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, Config{Timeouts: impatient()}, keyAuth)
		got, err := a.read(get("x"))
		wants(t, err, problem.UpstreamTimeout, "")
		if got != `{"data":[` {
			t.Errorf("what came before was lost: %q", got)
		}
	})
	t.Run("a body that is slow and goes on", func(t *testing.T) {
		a := newAcme(t, func(w http.ResponseWriter, r *http.Request) { drip(w, r, "0123456789", 60*time.Millisecond) }, Config{Timeouts: impatient()}, keyAuth)
		if got, err := a.read(get("x")); err != nil || got != "0123456789" {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("a reader that is slow", func(t *testing.T) {
		a := newAcme(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "0123456789") },
			Config{Timeouts: Timeouts{IdleBody: 20 * time.Millisecond}}, keyAuth)
		reply, err := a.session().Do(t.Context(), get("x"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = reply.Body.Close() }()
		for range 5 {
			<-time.After(30 * time.Millisecond)
			if _, err := reply.Body.Read(make([]byte, 1)); err != nil {
				t.Fatalf("a slow reader was taken for a slow provider: %v", err)
			}
		}
	})
}

func TestTheRequestsOwnEnd(t *testing.T) {
	hold := make(chan struct{})
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
		}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}, Config{}, keyAuth)
	defer close(hold)
	for path, step := range map[string]string{"/head": "waiting for headers", "/body": "waiting for the body"} {
		t.Run(step, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err := readIn(ctx, a, get(path))
			wants(t, err, problem.Timeout, "")
			ctx, leave := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, leave)
			err = readIn(ctx, a, get(path))
			wants(t, err, problem.ClientGone, "")
		})
	}
}

func readIn(ctx context.Context, a *acme, call connector.Call) error {
	reply, err := a.session().Do(ctx, call)
	if err != nil {
		return err
	}
	defer func() { _ = reply.Body.Close() }()
	_, err = io.ReadAll(reply.Body)
	return err
}

func TestTokenEndpointThatHangs(t *testing.T) {
	hold := make(chan struct{})
	a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}, Config{Timeouts: Timeouts{Token: 100 * time.Millisecond}}, oauthAuth)
	defer close(hold)
	a.fails(get("x"), problem.UpstreamTimeout)
}

// TestPatienceEndsAtItsLimits: each way of being slow, at the value that the limits have.
func TestPatienceEndsAtItsLimits(t *testing.T) {
	raw := func(text string, pause time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			for i := range len(text) {
				time.Sleep(pause)
				if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
					return
				}
			}
			_, _ = conn.Read(make([]byte, 1)) // until the other side hangs up
		}
	}
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n"
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		code  problem.Code
		after time.Duration
	}{
		{"nothing comes", raw("", 0), problem.UpstreamTimeout, HeaderTimeout},
		{"headers of a byte a second", raw("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("y", 100), time.Second), problem.UpstreamTimeout, HeaderTimeout},
		{"a body that stops", raw(head+"{", 0), problem.UpstreamTimeout, IdleBodyTimeout},
		{"a body of a byte in less than the limit", raw(head+strings.Repeat(" ", 30), 100*time.Millisecond), "", time.Duration(len(head)+30) * 100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newPiped(t, c.serve, Config{}, keyAuth)
				began := time.Now()
				if c.code != "" {
					a.fails(get("x"), c.code)
				} else if _, err := a.read(get("x")); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took != c.after {
					t.Errorf("it took %v, want %v", took, c.after)
				}
			})
		})
	}
}
