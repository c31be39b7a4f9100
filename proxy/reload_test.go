package proxy_test

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
)

// edition writes a configuration whose every file carries the same number, with a fault in one of them.
func edition(t *testing.T, dir, upstream string, n int, broken string) {
	t.Helper()
	for _, f := range []struct{ name, text, fault string }{
		{"config.yaml", `auth: { tokens: [{ name: t, token: token-of-the-tests, accounts: [acme-1] }] }
connectors: { dir: ./connectors }
mappings: { dir: ./mappings }
egress: { allow: [127.0.0.0/8] }
secret_key: ` + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=" + `
accounts:
  static:
    - id: acme-1
      connector: acme
      context: { base_url: "` + upstream + `", edition: "%d" }
      credentials: { key: canary-of-acme-0123456789 }
`, "acounts: {}\n"},
		{"connectors/acme.yaml", `connector: acme
title: Acme
docs: https://acme.example/docs
context: { base_url: { default: "https://api.acme.example" }, edition: { type: string } }
credentials: { key: { title: API key, secret: true } }
auth: { headers: { X-Api-Key: "${key}" } }
resources:
  usage:
    list:
      get: /lines
      query: { connector: "%d", account: "{{ .context.edition }}" }
      items: data
      page: { next_token: [next], token_param: cursor }
`, "resorces: {}\n"},
		{"mappings/usage-metering/acme.jq", `def usage: { id: .id, metric_name: "\(.connector) \(.account) %d", start_date: "2026-01-05T00:00:00Z" };
`, "def usage: { id: .id, ;\n"},
	} {
		text := fmt.Sprintf(f.text, n)
		if f.name == broken {
			text = f.fault + text
		}
		file := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReloadsUnderLoad: a hundred of them, each third one with a fault, which is refused by its place and leaves what is served
// in its place. No request fails, and none mixes two configurations; a walk goes on, or is told that it is stale.
func TestReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	const reloads, clients = 100, 6
	acme := newAcme(t)
	acme.handle("/lines", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		at := cmp.Or(q.Get("cursor"), "1")
		next := map[string]string{"1": `"2"`, "2": `"3"`, "3": "null"}[at]
		fmt.Fprintf(w, `{"data":[{"id":"r%s","connector":%q,"account":%q}],"next":%s}`, at, q.Get("connector"), q.Get("account"), next)
	})
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	edition(t, dir, acme.URL, 0, "")
	load := func() (*config.Config, error) { return config.Load(file) }
	first, err := load()
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, acme.URL, func(s *setup) {
		s.files = assembly.Files{ConnectorsDir: first.Connectors.Dir, MappingsDir: first.Mappings.Dir}
		s.configure = func(c *config.Config) { *c = *first }
	})
	var stop atomic.Bool
	var whole, stale atomic.Int64
	one := regexp.MustCompile(`"metric_name":"(\d+) (\d+) (\d+)"`)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for !stop.Load() {
				for next := ""; ; {
					a := h.get("limit=1&next_cursor=" + next)
					if a.status == http.StatusBadRequest && a.code(t) == "cursor_stale" {
						stale.Add(1)
						break
					}
					m := one.FindStringSubmatch(a.body)
					if a.status != http.StatusOK || m == nil || m[1] != m[2] || m[2] != m[3] {
						t.Errorf("%d: %.400s", a.status, a.body)
						return
					}
					l := a.list(t)
					if l.Next == nil {
						whole.Add(1)
						break
					}
					next = *l.Next
				}
			}
		})
	}
	placed := regexp.MustCompile(`(?m)^.*(config\.yaml|acme\.yaml|acme\.jq):\d+:\d+: `)
	faults := []string{"config.yaml", "connectors/acme.yaml", "mappings/usage-metering/acme.jq"}
	serves := 0
	for n := 1; n <= reloads; n++ {
		broken := ""
		if n%3 == 0 {
			broken = faults[n/3%len(faults)]
		}
		edition(t, dir, acme.URL, n, broken)
		cfg, err := load()
		if err == nil {
			err = h.Load(cfg)
		}
		switch {
		case broken == "" && err != nil:
			t.Fatal(err)
		case broken == "":
			serves = n
		case err == nil || !placed.MatchString(err.Error()) || !strings.Contains(err.Error(), filepath.Base(broken)):
			t.Errorf("a fault in %s: %v", broken, err)
		}
		if want, body := fmt.Sprintf(`"metric_name":"%d %[1]d %[1]d"`, serves), h.good("limit=1").body; !strings.Contains(body, want) {
			t.Fatalf("after reload %d: %s", n, body)
		}
	}
	stop.Store(true)
	all.Wait()
	t.Logf("%d walks were whole, %d stale", whole.Load(), stale.Load())
	if whole.Load() == 0 || stale.Load() == 0 {
		t.Error("the reloads came between no walks")
	}
}
