package gateway

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// pipes is a listener whose connections are net.Pipe's, which keep to the time of a synctest bubble.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// slow runs a test against a server with the listener's limits, in a time that passes when nobody has anything to do.
func slow(t *testing.T, do func(t *testing.T, dial func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		h, err := build(minimal(new(counted), io.Discard), []route{
			{read, "/long", public, func(_ *gateway, c echo.Context) error {
				c.Response().Flush()
				select {
				case <-c.Request().Context().Done():
					return c.Request().Context().Err()
				case <-time.After(3 * bodyTimeout):
					return c.String(http.StatusOK, "whole")
				}
			}},
			{read, "/short", public, func(_ *gateway, c echo.Context) error { return c.String(http.StatusOK, "whole") }},
			{anyMethod, "/echo", public, func(_ *gateway, c echo.Context) error {
				body, err := io.ReadAll(c.Request().Body)
				if err != nil {
					return problem.Wrap(problem.InvalidBody, err, "the body did not arrive whole")
				}
				return c.Blob(http.StatusOK, "text/plain", body)
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		s, l := Server(h), newPipes()
		s.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		ended := make(chan struct{})
		go func() { defer close(ended); s.Serve(l) }()
		do(t, l.dial)
		s.Close()
		<-ended
	})
}

// drip writes a byte a second until nobody reads, and says for how long that was.
func drip(c net.Conn, text string) time.Duration {
	began := time.Now()
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			break
		}
		time.Sleep(time.Second)
	}
	return time.Since(began)
}

// cutAfter is how long a server reads what is dripped to it.
func cutAfter(c net.Conn, text string) (time.Duration, *http.Response) {
	took := make(chan time.Duration, 1)
	go func() { took <- drip(c, text) }()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		resp = nil
	}
	c.Close()
	return <-took, resp
}

const endless = 1000 // more than any time that is granted, at a byte a second

func TestSlowHeadersAreCutOff(t *testing.T) {
	slow(t, func(t *testing.T, dial func() net.Conn) {
		for name, text := range map[string]string{"a request line": "GET /" + strings.Repeat("a", endless), "headers": "GET /echo HTTP/1.1\r\nHost: g\r\nX-A: " + strings.Repeat("a", endless), "nothing at all": ""} {
			c := dial()
			if text == "" {
				began := time.Now()
				if _, err := c.Read(make([]byte, 1)); err == nil || time.Since(began) != readHeaderTimeout {
					t.Errorf("%s: read %v after %v", name, err, time.Since(began))
				}
				c.Close()
				continue
			}
			if took, _ := cutAfter(c, text); took < readHeaderTimeout || took > readHeaderTimeout+time.Second {
				t.Errorf("%s: cut off after %v", name, took)
			}
		}
	})
}

func TestSlowBodiesAreCutOff(t *testing.T) {
	slow(t, func(t *testing.T, dial func() net.Conn) {
		for name, head := range map[string]string{
			"of a length":                  "POST /echo HTTP/1.1\r\nHost: g\r\nContent-Length: 1000\r\n\r\n",
			"in chunks":                    "POST /echo HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n",
			"that nobody asked for":        "GET /short HTTP/1.1\r\nHost: g\r\nContent-Length: 1000\r\n\r\n",
			"of a route that there is not": "POST /nothing HTTP/1.1\r\nHost: g\r\nContent-Length: 1000\r\n\r\n",
			"of a method that there isn't": "POST /short HTTP/1.1\r\nHost: g\r\nContent-Length: 1000\r\n\r\n",
		} {
			c := dial()
			if _, err := io.WriteString(c, head); err != nil {
				t.Fatal(err)
			}
			took, resp := cutAfter(c, strings.Repeat("a", endless))
			if took < bodyTimeout || took > bodyTimeout+2*time.Second || resp == nil || resp.StatusCode/100 != 4 {
				t.Errorf("%s: cut off after %v with %v", name, took, resp)
			}
		}
	})
}

// TestALongAnswerOutlivesABodysDeadline, also that of a body which nobody asked for.
func TestALongAnswerOutlivesABodysDeadline(t *testing.T) {
	slow(t, func(t *testing.T, dial func() net.Conn) {
		for name, head := range map[string]string{"of a length": "Content-Length: 1\r\n\r\na", "in chunks": "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"} {
			c := dial()
			if _, err := io.WriteString(c, "GET /long HTTP/1.1\r\nHost: g\r\n"+head); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "whole" {
				t.Errorf("%s: %q, %v", name, body, err)
			}
			c.Close()
		}
	})
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	slow(t, func(t *testing.T, dial func() net.Conn) {
		c := dial()
		defer c.Close()
		if _, err := io.WriteString(c, "GET /echo HTTP/1.1\r\nHost: g\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(c)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		began := time.Now()
		if _, err := in.ReadByte(); !errors.Is(err, io.EOF) || time.Since(began) != idleTimeout {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// TestThousandsWhoSayNothing: each costs a connection and no more, the others are answered at once, and all are gone after the
// time for headers.
func TestThousandsWhoSayNothing(t *testing.T) {
	slow(t, func(t *testing.T, dial func() net.Conn) {
		const many = 10_000
		silent := make([]net.Conn, many)
		for i := range silent {
			silent[i] = dial()
		}
		began := time.Now()
		for range 10 {
			c := dial()
			go io.WriteString(c, "GET /echo HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n")
			if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != http.StatusOK {
				t.Fatal(err)
			}
			c.Close()
		}
		if waited := time.Since(began); waited > 0 {
			t.Errorf("the others waited for %v", waited)
		}
		for _, c := range silent {
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Fatal("one that says nothing was answered")
			}
			c.Close()
		}
		if after := time.Since(began); after != readHeaderTimeout {
			t.Errorf("gone after %v", after)
		}
	})
}
