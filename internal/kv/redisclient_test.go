package kv

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestParseURLs(t *testing.T) {
	for _, c := range []struct {
		url  string
		want string // network address user password database tls, a line each; or the error
	}{
		{"redis://h:1/2", "tcp h:1   2 false"},
		{"redis://h", "tcp h:6379   0 false"},
		{"redis://:pw@h/", "tcp h:6379  pw 0 false"},
		{"rediss://u:p%2C%40@h:1?db=4", "tcp h:1 u p,@ 4 true"},
		{"redis://[::1]:7", "tcp [::1]:7   0 false"},
		{"unix:///run/r.sock?db=1", "unix /run/r.sock   1 false"},
		{" redis://u:p@a:1 , b:2,redis://u:p@c:3", "tcp a:1 u p 0 false\ntcp b:2   0 false\ntcp c:3 u p 0 false"},
		{"rediss://a:1,b:2", "tcp a:1   0 true\ntcp b:2   0 true"},
		{"", "redis url: it starts with redis://, rediss:// or unix://"},
		{"localhost:6379", "redis url: it starts with redis://, rediss:// or unix://"},
		{"http://h", "redis url: it starts with redis://, rediss:// or unix://"},
		{"redis://", "redis url: it names no host"},
		{"redis://u:hunter2%zz@h", "redis url: malformed; escape special characters of the password as %XX, also a comma"},
		{"redis://h:hunter2", "redis url: malformed; escape special characters of the password as %XX, also a comma"},
		{"redis://h/hunter2", "redis url: malformed host, port or database number"},
		{"redis://h?db=hunter2", "redis url: malformed host, port or database number"},
		{"redis://h?read_timeout=0", "redis url: it takes no parameter but db"},
		{"rediss://h?skip_verify=true", "redis url: it takes no parameter but db"},
		{"redis://a:1,", "redis url: address 2: it names no host"},
		{"redis://a:1,rediss://b:1", "redis url: address 2: redis:// and rediss:// don't mix"},
		{"redis://u:p@a:1,redis://u:hunter2@b:1", "redis url: address 2: its credentials are not the first one's"},
		{"redis://a:1/2,b:1", "redis url: address 1: a cluster has no database but 0"},
		{"unix:///a,unix:///b", "redis url: address 1: a cluster is not reached by unix://"},
	} {
		all, err := parseURLs(c.url)
		var lines []string
		for _, o := range all {
			lines = append(lines, fmt.Sprintf("%s %s %s %s %d %v", o.Network, o.Addr, o.Username, o.Password, o.DB, o.TLSConfig != nil))
			if o.TLSConfig != nil && o.TLSConfig.InsecureSkipVerify {
				t.Errorf("%s: the certificate is not verified", c.url)
			}
		}
		got := strings.Join(lines, "\n")
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.url, got, c.want)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("%s: the error quotes the password", c.url)
		}
	}
}

func FuzzParseURLs(f *testing.F) {
	for _, s := range []string{"redis://u:canary@h:1/2", "rediss://h?db=1", "unix:///p", "redis://a,b", "redis://:canary", ",,", "redis://canary%zz@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseURLs(text)
		if (err == nil) != (len(all) > 0) {
			t.Fatalf("%q: %d addresses, %v", text, len(all), err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Fatalf("%q: the error quotes it: %v", text, err)
		}
	})
}

type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

type slow struct{ error }

func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

func TestReasonsNameNoAddress(t *testing.T) {
	for _, c := range []struct {
		err      error
		reason   string
		answered bool
	}{
		{fmt.Errorf("dial tcp 10.0.0.1:1: %w", syscall.ECONNREFUSED), "connection refused", false},
		{fmt.Errorf("read 10.0.0.1: %w", syscall.ECONNRESET), "connection lost", false},
		{io.EOF, "connection lost", false},
		{slow{errors.New("i/o timeout 10.0.0.1")}, "no answer in time", false},
		{redis.ErrPoolTimeout, "no free connection", false},
		{errors.New("lookup host.internal: no such host"), "unreachable", false},
		{reply("OOM command not allowed"), "OOM", true},
		{reply("READONLY You can't write"), "READONLY", true},
		{reply("WRONGTYPE Operation"), "WRONGTYPE", true},
		{reply("moved to 10.0.0.1"), "error reply", true},
		{reply(""), "error reply", true},
		{reply("LOADING Redis is loading the dataset in memory"), "LOADING", false},
		{reply("CLUSTERDOWN The cluster is down"), "CLUSTERDOWN", false},
		{reply("ERR max number of clients reached"), "too many clients", false},
		{fmt.Errorf("init: %w", reply("WRONGPASS invalid username-password pair")), "wrong credentials", false},
	} {
		if got := reason(c.err); got != c.reason || answered(c.err) != c.answered {
			t.Errorf("%v: %q, answered %v", c.err, got, answered(c.err))
		}
	}
}
