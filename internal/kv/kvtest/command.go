package kvtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ReplyError is an error that Redis answered.
type ReplyError string

func (e ReplyError) Error() string { return string(e) }

// Command sends one command to the server beside all clients, and gives its answer: a string, int64, nil, []any or
// ReplyError. A connection that breaks fails the test.
func (s *Server) Command(args ...string) any {
	s.t.Helper()
	c, err := net.DialTimeout("tcp", s.Addr(), patience)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(c, b.String()); err != nil {
		s.t.Fatal(err)
	}
	v, err := readReply(bufio.NewReader(c))
	if err != nil {
		s.t.Fatalf("%s: %v", args[0], err)
	}
	return v
}

// Dump is every key and value that lies in the server, and fails the test for a key that has no end.
func (s *Server) Dump() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	keys, _ := s.Command("KEYS", "*").([]any)
	for _, k := range keys {
		key := k.(string)
		val, ok := s.Command("GET", key).(string)
		if !ok {
			s.t.Fatalf("the value of %q is no string", key)
		}
		if ttl, _ := s.Command("PTTL", key).(int64); ttl < 0 {
			s.t.Errorf("%q stays for ever", key)
		}
		all[key] = val
	}
	return all
}

// NoPlaintext fails the test if any canary stands in a key or value of the server, or if it is empty.
func (s *Server) NoPlaintext(t testing.TB, canaries ...string) {
	t.Helper()
	all := s.Dump()
	if len(all) == 0 {
		t.Error("nothing lies in redis: the scan proves nothing")
	}
	for key, val := range all {
		for _, c := range canaries {
			if strings.Contains(key, c) || strings.Contains(val, c) {
				t.Errorf("%q stands in clear under %q", c, key)
			}
		}
	}
}

func readReply(r *bufio.Reader) (any, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return nil, fmt.Errorf("empty reply")
	}
	rest := line[1:]
	switch line[0] {
	case '+':
		return rest, nil
	case '-':
		return ReplyError(rest), nil
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("reply %q: %w", line, err)
	}
	switch {
	case line[0] == ':':
		return n, nil
	case n < 0:
		return nil, nil
	case line[0] == '$':
		b := make([]byte, n+2)
		_, err := io.ReadFull(r, b)
		return string(b[:n]), err
	case line[0] == '*':
		all := make([]any, n)
		for i := range all {
			if all[i], err = readReply(r); err != nil {
				return nil, err
			}
		}
		return all, nil
	}
	return nil, fmt.Errorf("reply %q", line)
}
