// Package kvtest lets tests meet real stores: it starts redis-server, kills and restarts it, plays servers that
// are gone or silent, and holds every store to one contract.
//
// A server listens on a free loopback port, keeps nothing on disk and dies with the test, also when the test's
// process is killed: a shell between the two watches its standard input.
package kvtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	startAttempts = 5 // a free port may be taken before the server gets to it
	patience      = 20 * time.Second
)

// guard runs the server until the server ends or the guard's standard input does, and then kills it.
const guard = `exec 3<&0; "$@" & p=$!; { cat <&3; kill -9 $p; } >/dev/null 2>&1 & wait $p`

// Server is a redis-server of a test.
type Server struct {
	t     testing.TB
	bin   string
	args  []string
	port  int
	stdin io.Closer // closing it kills the server
	cmd   *exec.Cmd
}

// StartRedis starts a server that ends with the test, or with stop.
func StartRedis(t testing.TB) (url string, stop func()) {
	t.Helper()
	s := Start(t)
	return s.URL(), s.Kill
}

// Start starts a server with further arguments of redis-server. Without the binary it skips the test, but fails it
// where CI is set: there, a missing server must not look like a passed test.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("redis-server is not in PATH, and CI is set")
		}
		t.Skip("redis-server is not in PATH: install it to run this test")
	}
	s := &Server{t: t, bin: bin, args: append([]string{"--dir", t.TempDir()}, args...)}
	t.Cleanup(s.Kill)
	for range startAttempts {
		s.port = freePort(t)
		if err = s.start(); err == nil {
			return s
		}
	}
	t.Fatalf("starting redis-server: %v", err)
	return nil
}

// URL is the server's redis:// URL.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Addr is the server's host and port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Kill ends the server as a crash would, and waits for its end. A second call does nothing.
func (s *Server) Kill() {
	if s.stdin == nil {
		return
	}
	_ = s.stdin.Close()
	_ = s.cmd.Wait() // a killed child's status is no news
	s.stdin = nil
}

// Restart starts a killed server on its port, empty.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.start(); err != nil {
		s.t.Fatalf("restarting redis-server: %v", err)
	}
}

func (s *Server) start() error {
	args := append([]string{"-c", guard, "sh", s.bin, "--bind", "127.0.0.1", "--port", strconv.Itoa(s.port),
		"--save", "", "--appendonly", "no"}, s.args...)
	cmd := exec.Command("sh", args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, write, err := os.Pipe() // not cmd.StdoutPipe: Wait would close it under its reader
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		return errors.Join(err, out.Close(), write.Close())
	}
	_ = write.Close()
	s.stdin, s.cmd = in, cmd

	ready := make(chan error, 1)
	go func() {
		defer func() { _ = out.Close() }()
		var log []string
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			log = append(log, lines.Text())
			if strings.Contains(lines.Text(), "Ready to accept connections") {
				ready <- nil
				_, _ = io.Copy(io.Discard, out) // a full pipe would stop the server
				return
			}
		}
		ready <- fmt.Errorf("it ended: %s", strings.Join(log, "\n"))
	}()
	select {
	case err = <-ready:
	case <-time.After(patience):
		err = fmt.Errorf("not ready after %s", patience)
	}
	if err != nil {
		s.Kill()
	}
	return err
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// RefusedURL names a port where nobody listens.
func RefusedURL(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("redis://127.0.0.1:%d/0", freePort(t))
}

// BlackHole names a server that accepts connections, reads, and never answers.
func BlackHole(t testing.TB) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() { _, _ = io.Copy(io.Discard, c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return "redis://" + l.Addr().String() + "/0"
}
