package upstream

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// hijack answers with raw bytes, and then resets or closes the connection.
func hijack(t *testing.T, raw string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, raw)
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

func TestBrokenAnswers(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for _, c := range []struct {
		name, raw string
		reset     bool
		code      problem.Code
	}{
		{"reset before the headers", "", true, problem.UpstreamReset},
		{"closed before the headers", "", false, problem.UpstreamReset},
		{"closed within the headers", "HTTP/1.1 200 OK\r\nConte", false, problem.UpstreamCorrupt},
		{"reset after the headers", head + "Content-Length: 10\r\n\r\n", true, problem.UpstreamReset},
		{"closed within the body", head + "Content-Length: 10\r\n\r\n{\"a", false, problem.UpstreamReset},
		{"closed within a chunk", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a", false, problem.UpstreamReset},
		{"closed between chunks", head + "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n", false, problem.UpstreamReset},
		{"a chunk that is none", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", false, problem.UpstreamCorrupt},
		{"not HTTP", "220 smtp ready\r\n\r\n", false, problem.UpstreamCorrupt},
		{"two lengths", head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", false, problem.UpstreamCorrupt},
		{"headers past the bound", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeaderBytes+8192) + "\r\n\r\n", false, problem.UpstreamTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAcme(t, hijack(t, c.raw, c.reset), Config{}, keyAuth)
			a.fails(get("x"), c.code)
		})
	}
}

func TestResetInTheMiddleOfABody(t *testing.T) {
	for _, zipped := range []bool{false, true} {
		t.Run(fmt.Sprintf("gzip %v", zipped), func(t *testing.T) {
			received := make(chan struct{})
			a := newAcme(t, func(w http.ResponseWriter, r *http.Request) {
				body := []byte(strings.Repeat("0123456789abcdef", 64))
				if zipped {
					w.Header().Set("Content-Encoding", "gzip")
					body = zip(t, body)[:20] // the header and some of the data
				}
				w.Header().Set("Content-Length", "1000000")
				_, _ = w.Write(body)
				c := http.NewResponseController(w)
				_ = c.Flush()
				<-received
				conn, _, err := c.Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_ = conn.(*net.TCPConn).SetLinger(0)
				_ = conn.Close()
			}, Config{}, keyAuth)
			reply, err := a.session().Do(t.Context(), get("x"))
			close(received)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = reply.Body.Close() }()
			_, err = io.ReadAll(reply.Body)
			wants(t, err, problem.UpstreamReset, "")
			if _, again := reply.Body.Read(make([]byte, 1)); again == nil {
				t.Error("a read after the error gives none")
			}
		})
	}
}
