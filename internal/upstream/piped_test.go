package upstream

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
)

// newPiped is newAcme without a socket, so that the time of a synctest bubble stands still while an answer is under way, and
// every limit is met at its own value.
func newPiped(t testing.TB, h http.HandlerFunc, cfg Config, auth string, yaml ...string) *acme {
	t.Helper()
	p := pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	var serving sync.WaitGroup
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serving.Add(1)
		defer serving.Done()
		h(w, r)
	})}
	go func() { _ = server.Serve(p) }()
	a := acmeAt(t, "http://127.0.0.1:80", cfg, auth, yaml...)
	for _, door := range []*http.Transport{a.client.doors.plain, a.client.doors.open} {
		door.DialContext = p.dial
	}
	t.Cleanup(func() {
		a.client.CloseIdle()
		_ = server.Close()
		serving.Wait()
	})
	return a
}

// pipes is a listener of connections in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	close(p.closed)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
