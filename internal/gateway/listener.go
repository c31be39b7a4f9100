package gateway

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// EdgeServer is an http.Server with the listener's limits. What net/http refuses before any handler sees it is answered
// as the contract's errors are, too.
type EdgeServer struct {
	*http.Server
	end context.CancelCauseFunc // of every request
}

// lastWords is the time before a stop's end at which requests under way have to answer with what they have.
const lastWords = 1500 * time.Millisecond

// Server is an EdgeServer around a handler.
func Server(h http.Handler) *EdgeServer {
	base, end := context.WithCancelCause(context.Background())
	return &EdgeServer{end: end, Server: &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxWireHeader,
		BaseContext: func(net.Listener) context.Context { return base },
	}}
}

// Drain takes no more requests and lets those under way end: on their own, then with what they have, and past the time by
// cutting their connections.
func (s *EdgeServer) Drain(within time.Duration) error {
	words := time.AfterFunc(within-lastWords, func() { s.end(proxy.ErrStopping) })
	defer words.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return s.Close()
}

// Serve answers the listener's connections until the server is closed.
func (s *EdgeServer) Serve(l net.Listener) error { return s.Server.Serve(listener{l}) }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// conn looks at the first write of a connection alone: later ones may be a provider's bytes.
type conn struct {
	net.Conn
	wrote bool // only the goroutine that serves the connection writes
}

// refusalHeaders are all the headers of an answer that net/http gives on its own; one of ours has more.
const refusalHeaders = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

func (c *conn) Write(b []byte) (int, error) {
	if !c.wrote {
		c.wrote = true
		if body := refusal(b); body != nil {
			_, err := c.Conn.Write(body)
			return len(b), err
		}
	}
	return c.Conn.Write(b)
}

// refusal is net/http's own answer in the contract's words, nil if b is none.
func refusal(b []byte) []byte {
	line, _, ok := bytes.Cut(b, []byte(refusalHeaders))
	if !ok || bytes.IndexByte(line, '\n') >= 0 {
		return nil
	}
	_, status, _ := strings.Cut(string(line), " ")
	code, words, _ := strings.Cut(status, " ")
	n, err := strconv.Atoi(code)
	if err != nil || n < http.StatusBadRequest {
		return nil
	}
	p := problem.New(problem.MalformedRequest, "the request line or a header is malformed; a %% in the path is followed by two hexadecimal digits")
	if _, why, ok := strings.Cut(words, ": "); ok {
		p.Message = "the request is malformed: " + why
	}
	if n == http.StatusRequestHeaderFieldsTooLarge {
		p = problem.New(problem.HeadersTooLarge, "the headers are larger than %d bytes together", maxHeaderBytes)
	}
	p.Status = n
	id := uuid.NewString()
	body := p.Encode(id)
	head := "HTTP/1.1 " + code + " " + http.StatusText(n) + "\r\nContent-Type: " + contentJSON + "\r\n" + headerRequestID + ": " + id +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\nConnection: close\r\n\r\n"
	return append([]byte(head), body...)
}
