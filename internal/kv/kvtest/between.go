package kvtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Fault is what goes wrong between a client and its Redis. The zero is nothing.
type Fault struct {
	Refuse bool          // nobody listens
	Reset  bool          // connections are reset at their next command
	Silent bool          // commands go nowhere
	Slow   time.Duration // each command is held back
	Answer string        // what each command is answered with, in the place of the server: -LOADING …
}

// Between is a listener before a real server, which passes commands on or does not. A fault meets connections that are open,
// too, at their next command.
type Between struct {
	t      testing.TB
	to, at string

	mu     sync.Mutex
	fault  Fault
	listen net.Listener
	conns  map[net.Conn]bool
	all    sync.WaitGroup
}

// StandBetween starts one that passes all on, and ends with the test.
func StandBetween(t testing.TB, s *Server) *Between {
	t.Helper()
	b := &Between{t: t, to: s.Addr(), at: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	b.Now(Fault{})
	t.Cleanup(func() {
		b.Now(Fault{Refuse: true})
		b.all.Wait()
	})
	return b
}

// URL is where clients find it.
func (b *Between) URL() string { return "redis://" + b.at + "/0" }

// Now puts a fault in the place of the one before.
func (b *Between) Now(f Fault) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
	if f.Refuse {
		if b.listen != nil {
			_ = b.listen.Close()
			b.listen = nil
		}
		for c := range b.conns {
			_ = c.Close()
		}
		return
	}
	if b.listen != nil {
		return
	}
	l, err := net.Listen("tcp", b.at)
	if err != nil {
		b.t.Fatal(err)
	}
	b.listen, b.at = l, l.Addr().String()
	b.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.all.Go(func() { b.serve(c) })
		}
	})
}

// hold notes a connection, so that it ends with the test.
func (b *Between) hold(c net.Conn, open bool) (f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conns[c] = open; !open {
		delete(b.conns, c)
		_ = c.Close()
	} else if b.fault.Refuse {
		_ = c.Close()
	}
	return b.fault
}

func (b *Between) serve(client net.Conn) {
	b.hold(client, true)
	defer b.hold(client, false)
	server, err := net.Dial("tcp", b.to)
	if err != nil {
		return
	}
	b.hold(server, true)
	defer b.hold(server, false)
	b.all.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	for in := bufio.NewReader(client); ; {
		command, err := readReply(in) // a command is written as a list of texts
		parts, ok := command.([]any)
		if err != nil || !ok {
			return
		}
		b.mu.Lock()
		f := b.fault
		b.mu.Unlock()
		switch {
		case f.Reset:
			_ = client.(*net.TCPConn).SetLinger(0)
			return
		case f.Silent:
			continue
		case f.Answer != "":
			_, err = io.WriteString(client, f.Answer+"\r\n")
		default:
			time.Sleep(f.Slow)
			_, err = io.WriteString(server, encode(parts))
		}
		if err != nil {
			return
		}
	}
}

func encode(parts []any) string {
	var s strings.Builder
	fmt.Fprintf(&s, "*%d\r\n", len(parts))
	for _, p := range parts {
		text, _ := p.(string)
		fmt.Fprintf(&s, "$%d\r\n%s\r\n", len(text), text)
	}
	return s.String()
}
