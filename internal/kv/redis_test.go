package kv_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
)

// unhurried is a timeout for tests that are not about time, on machines that do much else.
const unhurried = 10 * time.Second

func newRedis(t testing.TB, cfg kv.RedisConfig) *kv.Redis {
	t.Helper()
	r, err := kv.NewRedis(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestRedisKeepsTheContract(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) (*kvtest.Server, string){
		"one server": func(t *testing.T) (*kvtest.Server, string) {
			s := kvtest.Start(t)
			return s, s.URL()
		},
		"database and user": func(t *testing.T) (*kvtest.Server, string) {
			s := kvtest.Start(t, "--user", "mb", "on", ">p,w", "~mb:*", "+@all")
			return s, "redis://mb:p%2Cw@" + s.Addr() + "/3"
		},
		"unix socket": func(t *testing.T) (*kvtest.Server, string) {
			path := t.TempDir() + "/redis.sock"
			return kvtest.Start(t, "--unixsocket", path), "unix://" + path + "?db=1"
		},
		"cluster": func(t *testing.T) (*kvtest.Server, string) {
			s := startCluster(t)
			return s, s.URL() + "," + s.Addr()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, url := start(t)
			kvtest.Contract(t, func(t *testing.T) kv.Store {
				s.Command("FLUSHALL")
				return newRedis(t, kv.RedisConfig{URL: url, Timeout: unhurried, MaxValue: kvtest.ContractMaxValue})
			})
			kvtest.LimiterContract(t, func(t *testing.T) kvtest.LimiterStore {
				s.Command("FLUSHALL")
				s.Command("SCRIPT", "FLUSH") // as after a restart: each test begins with a server that knows no script
				return newRedis(t, kv.RedisConfig{URL: url, Timeout: unhurried})
			})
		})
	}
}

// startCluster is a cluster of one node that has all slots.
func startCluster(t *testing.T) *kvtest.Server {
	t.Helper()
	s := kvtest.Start(t, "--cluster-enabled", "yes")
	if v := s.Command("CLUSTER", "ADDSLOTSRANGE", "0", "16383"); v != "OK" {
		t.Fatal(v)
	}
	for end := time.Now().Add(unhurried); ; {
		if info, _ := s.Command("CLUSTER", "INFO").(string); strings.Contains(info, "cluster_state:ok") {
			return s
		}
		if time.Now().After(end) {
			t.Fatal("the cluster does not come up")
		}
	}
}

func TestRedisKeysHavePrefixAndEnd(t *testing.T) {
	s := kvtest.Start(t)
	r := newRedis(t, kv.RedisConfig{URL: s.URL(), Timeout: unhurried})
	if err := r.Set(t.Context(), "k", make([]byte, kv.DefaultMaxValue), time.Minute); err != nil {
		t.Fatal(err)
	}
	if all := s.Dump(); len(all) != 1 || len(all["mb:k"]) != kv.DefaultMaxValue {
		t.Errorf("%d keys, mb:k has %d bytes", len(all), len(all["mb:k"]))
	}
	s.Command("SET", "mb:huge", strings.Repeat("x", kv.DefaultMaxValue+1))
	if _, ok, err := r.Get(t.Context(), "huge"); ok || err != nil {
		t.Errorf("a foreign value past the bound: %v, %v", ok, err)
	}
}

func TestRedisIsKilledAndComesBack(t *testing.T) {
	s := kvtest.Start(t)
	now := time.Unix(1000, 0)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	r := newRedis(t, kv.RedisConfig{URL: s.URL(), Timeout: unhurried, Now: clock})
	ctx := t.Context()

	if err := r.Set(ctx, "k", []byte("v"), time.Minute); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if _, ok, err := r.Get(ctx, "k"); ok || err == nil || errors.Is(err, kv.ErrDown) {
		t.Fatalf("the first call after the crash: %v, %v", ok, err)
	}
	s.Restart()
	if _, _, err := r.Get(ctx, "k"); !errors.Is(err, kv.ErrDown) {
		t.Fatalf("within the first second: %v", err)
	}
	if err := r.Ping(ctx); !errors.Is(err, kv.ErrDown) {
		t.Fatalf("ping within the first second: %v", err)
	}
	pass(time.Second)
	if _, ok, err := r.Get(ctx, "k"); ok || err != nil {
		t.Fatalf("the probe: %v, %v", ok, err)
	}
	if err := r.Set(ctx, "k", []byte("w"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := r.Get(ctx, "k"); string(got) != "w" || !ok || err != nil {
		t.Fatalf("after the restart: %q, %v, %v", got, ok, err)
	}
	if st := r.Stats(); !st.Up || st.Failures != 1 || st.Skipped != 2 || r.Status() != "up" {
		t.Errorf("%+v, %s", st, r.Status())
	}
}

func TestRedisRefusesACommand(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   []string
		config [][]string
		get    bool // whether Get still works
		status string
	}{
		{"out of memory", nil, [][]string{{"CONFIG", "SET", "maxmemory", "1"}}, true, "up, but refuses a command: OOM"},
		{"read only", nil, [][]string{{"REPLICAOF", "127.0.0.1", "1"}}, true, "up, but refuses a command: READONLY"},
		{"replica without its master", []string{"--replica-serve-stale-data", "no"}, [][]string{{"REPLICAOF", "127.0.0.1", "1"}}, false, "down: MASTERDOWN; next try in 1s"},
		{"password set since", nil, [][]string{{"CONFIG", "SET", "requirepass", "x"}}, false, "down: wrong credentials; next try in 1s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := kvtest.Start(t, c.args...)
			frozen := time.Unix(1000, 0)
			r := newRedis(t, kv.RedisConfig{URL: s.URL(), Timeout: unhurried, Now: func() time.Time { return frozen }})
			for _, command := range c.config {
				if v := s.Command(command...); v != "OK" {
					t.Fatal(v)
				}
			}
			if c.get {
				if err := r.Set(t.Context(), "k", []byte("v"), time.Minute); err == nil {
					t.Fatal("Set was not refused")
				}
			} else if _, _, err := r.Get(t.Context(), "k"); err == nil {
				t.Fatal("Get was not refused")
			}
			if got := r.Status(); got != c.status {
				t.Errorf("status %q, want %q", got, c.status)
			}
			if _, _, err := r.Get(t.Context(), "k"); (err == nil) != c.get {
				t.Errorf("Get: %v", err)
			}
		})
	}
}

func TestACallerThatLeavesDoesNotCloseTheStore(t *testing.T) {
	r := newRedis(t, kv.RedisConfig{URL: kvtest.BlackHole(t), Timeout: unhurried})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, _, err := r.Get(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if st := r.Stats(); !st.Up || st.Failures != 0 {
		t.Errorf("%+v", st)
	}
}
