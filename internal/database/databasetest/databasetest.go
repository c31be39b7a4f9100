// Package databasetest gives tests real databases: a SQLite file, and a PostgreSQL server that is started for the
// package's tests, as an unprivileged user, on a free port, with a folder of its own.
//
// The server dies with the tests, also when their process is killed: a shell between the two watches its standard input.
package databasetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startAttempts = 5 // a free port may be taken before the server gets to it
	// unprivileged is who runs the server where the tests run as root, which it refuses.
	unprivileged = "postgres"
)

// guard runs the server until the server ends or the guard's standard input does, and then kills it.
const guard = `exec 3<&0; "$@" & p=$!; { cat <&3; kill -QUIT $p; } >/dev/null 2>&1 & wait $p`

// Each runs a test on a fresh database of each kind. The address opens it.
func Each(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite is the address of a fresh file.
func SQLite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "meterbridge.db") }

// Postgres is the address of a fresh database of a real server. Without a server's binaries it skips the test, but fails
// it where CI is set: there, a missing server must not look like a passed test.
func Postgres(t testing.TB) string {
	t.Helper()
	s := Start(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	name := "test_" + strconv.Itoa(s.made)
	out, err := s.as(s.bin("psql"), "-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-U", "meterbridge", "-d", "postgres", "-qc", "CREATE DATABASE "+name).CombinedOutput()
	if err != nil {
		t.Fatalf("making a database: %v\n%s", err, out)
	}
	return s.Address(name)
}

// Server is a PostgreSQL server.
type Server struct {
	mu    sync.Mutex
	bins  string
	dir   string
	port  int
	made  int
	user  *syscall.Credential // nil: the user of the tests
	stdin io.Closer
	cmd   *exec.Cmd
}

// shared is the server that the tests of a process have in common; setting one up takes seconds.
var shared struct {
	once sync.Once
	s    *Server
	err  error
}

// Start is the server that the tests of this process share.
func Start(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() { shared.s, shared.err = newServer() })
	if errors.Is(shared.err, exec.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip("postgres is missing (Debian: apt-get install postgresql); make servers installs it")
	}
	if shared.err != nil {
		t.Fatalf("starting postgres: %v", shared.err)
	}
	return shared.s
}

// Main runs a package's tests and stops what they started: func TestMain(m *testing.M) { databasetest.Main(m) }.
func Main(m *testing.M) { os.Exit(Tests{m}.Run()) }

// Tests are a package's, which stop what they started when they have run.
type Tests struct{ *testing.M }

// Run is their exit code.
func (t Tests) Run() int {
	defer func() {
		if s := shared.s; s != nil {
			s.Stop()
			_ = os.RemoveAll(s.dir)
		}
	}()
	return t.M.Run()
}

// Address is that of a database of the server.
func (s *Server) Address(name string) string {
	return fmt.Sprintf("postgres://meterbridge@127.0.0.1:%d/%s?sslmode=disable", s.port, name)
}

func newServer() (*Server, error) {
	s := &Server{}
	var err error
	if s.bins, err = binaries(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "meterbridge-postgres-"); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		u, err := user.Lookup(unprivileged)
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid) // they are numbers here
		gid, _ := strconv.Atoi(u.Gid)
		s.user = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(s.dir, uid, gid); err != nil {
			return nil, err
		}
	}
	out, err := s.as(s.bin("initdb"), "-D", s.data(), "-U", "meterbridge", "-A", "trust", "-E", "UTF8", "--locale=C", "-N").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	for range startAttempts {
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
		if err = s.Run(); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// Run starts the server on its port, and returns when it takes connections.
func (s *Server) Run() error {
	s.cmd = s.as("/bin/sh", "-c", guard, "sh", s.bin("postgres"), "-D", s.data(), "-p", strconv.Itoa(s.port), "-k", s.dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200")
	var err error
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	log, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	ready := make(chan error, 1)
	go func() {
		var said []string
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if said = append(said, lines.Text()); strings.Contains(lines.Text(), "ready to accept connections") {
				ready <- nil
				_, _ = io.Copy(io.Discard, log)
				return
			}
		}
		ready <- fmt.Errorf("it ended: %s", strings.Join(said, "; "))
	}()
	select {
	case err = <-ready:
	case <-time.After(time.Minute):
		err = errors.New("it is not ready after a minute")
	}
	if err != nil {
		s.Stop()
	}
	return err
}

// Stop ends the server at once, as losing it would, and waits for its end. Run starts it again with what was committed.
func (s *Server) Stop() {
	if s.stdin != nil {
		_ = s.stdin.Close()
		_ = s.cmd.Wait() // a stopped child's status is no news
		s.stdin = nil
	}
}

func (s *Server) data() string           { return filepath.Join(s.dir, "data") }
func (s *Server) bin(name string) string { return filepath.Join(s.bins, name) }

// as is a command of the server's user.
func (s *Server) as(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	if s.user != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	}
	return cmd
}

// binaries is the folder of the server's programs: Debian has it in no PATH.
func binaries() (string, error) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("postgres")
	return filepath.Dir(path), err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
