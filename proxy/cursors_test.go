package proxy_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
	"github.com/meterbridge/meterbridge/internal/secret"
)

func withoutPages(s *setup) { s.NoPages = true }

// TestACursorUsedTwiceGivesTheSamePageTwice: and with the cache asks the provider for nothing that it has said.
func TestACursorUsedTwiceGivesTheSamePageTwice(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*setup){"cached": func(*setup) {}, "not cached": withoutPages} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t, twelve()...)
			h := newHouse(t, acme.URL, change)
			first := h.good("start_date=2026-01&limit=4").list(t)
			asked := acme.asked("/lines")
			page := func() string {
				return strings.Join(texts(h.good("start_date=2026-01&limit=4&next_cursor="+*first.Next).list(t)), "\n")
			}
			if one, two := page(), page(); one != two {
				t.Errorf("first %s\nthen %s", one, two)
			}
			if more := acme.asked("/lines") - asked; more != map[string]int{"cached": 0, "not cached": 2}[name] {
				t.Errorf("the provider was asked %d times", more)
			}
		})
	}
}

func texts(l list) (out []string) {
	for _, r := range l.Result {
		out = append(out, string(r))
	}
	return out
}

// TestAPageThatHasChangedIsSearched: a page that is fetched again goes on behind the record that the cursor stands on,
// wherever on the page that is now, and nowhere else.
func TestAPageThatHasChangedIsSearched(t *testing.T) {
	t.Parallel()
	r := func(id string) string { return totalRecord(id, "2026-01-05", "1") }
	before := []line{linesOf("2026-01-05", r("a"), r("b")), linesOf("2026-01-05", r("c"), r("d")), linesOf("2026-01-05", r("e"))}
	for _, c := range []struct {
		name  string
		after []line
		want  []string // behind the cursor on c; nil: stale
	}{
		{"unchanged", before, []string{"d", "e"}},
		{"a row before it", append([]line{linesOf("2026-01-05", r("new"))}, before...), []string{"d", "e"}},
		{"many rows before it", append(someJanuaryLines(40), before...), []string{"d", "e"}},
		{"a row less before it", before[1:], []string{"d", "e"}},
		{"a record before it in its item", []line{before[0], linesOf("2026-01-05", r("new"), r("c"), r("d")), before[2]}, []string{"d", "e"}},
		{"rows behind it", append(slices.Clone(before), linesOf("2026-01-05", r("f"))), []string{"d", "e", "f"}},
		{"its amount restated", []line{before[0], linesOf("2026-01-05", totalRecord("c", "2026-01-05", "99"), r("d")), before[2]}, []string{"d", "e"}},
		{"another in its place", []line{before[0], linesOf("2026-01-05", r("x"), r("d")), before[2]}, nil},
		{"gone", []line{before[0], before[2]}, nil},
		{"all gone", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t, before...)
			h := newHouse(t, acme.URL, withoutPages)
			l := h.good("start_date=2026-01&limit=3").list(t)
			acme.mu.Lock()
			acme.lines = c.after
			acme.mu.Unlock()
			for _, format := range []string{"unified", "stream"} {
				a := h.get("start_date=2026-01&truto_response_format=" + format + "&next_cursor=" + *l.Next)
				if c.want == nil {
					if a.status != http.StatusBadRequest || a.code(t) != "cursor_stale" || strings.Contains(a.body, "next_cursor\":") {
						t.Errorf("%s: %d %s", format, a.status, a.body)
					}
					continue
				}
				got := texts2(t, format, a)
				same(t, format, got, c.want)
			}
		})
	}
}

func texts2(t testing.TB, format string, a answer) []string {
	t.Helper()
	if format == "stream" {
		return ids(t, a.stream(t).records)
	}
	return ids(t, texts(a.list(t)))
}

func someJanuaryLines(n int) []line {
	var out []line
	for i := range n {
		out = append(out, totalLine(fmt.Sprintf("j%d", i), "2026-01-05", "1"))
	}
	return out
}

// TestACursorIsBoundToItsQuery: presentation is free.
func TestACursorIsBoundToItsQuery(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	acme.handle("/orgs", answerWith(`{"data":[{"id":"o1"},{"id":"o2"}]}`))
	h := newHouse(t, acme.URL)
	next := *h.good("start_date=2026-01&product_id=p1&remote_query[x]=1&limit=4").list(t).Next
	const same = "start_date=2026-01&product_id=p1&remote_query[x]=1"
	for _, c := range []struct{ name, query, code string }{
		{"the same", same, ""},
		{"another limit", same + "&limit=7", ""},
		{"another format", same + "&truto_response_format=normalized", ""},
		{"exclusions", same + "&truto_exclude_fields=product&numbers=string", ""},
		{"other dates", "start_date=2026-02&product_id=p1&remote_query[x]=1", "cursor_mismatch"},
		{"another end", "start_date=2026-01&end_date=2026-01-30&product_id=p1&remote_query[x]=1", "cursor_mismatch"},
		{"another granularity", same + "&granularity=hour", "cursor_mismatch"},
		{"another filter", same + "&metric_name=m", "cursor_mismatch"},
		{"another value", "start_date=2026-01&product_id=p2&remote_query[x]=1", "cursor_mismatch"},
		{"another remote query", "start_date=2026-01&product_id=p1&remote_query[x]=2", "cursor_mismatch"},
		{"another resource", "/unified/usage-metering/organizations?limit=1", "cursor_mismatch"},
		{"a derived resource", "/unified/usage-metering/products?" + same, "cursor_mismatch"},
		{"altered", same + "&x=", "cursor_invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			token := next
			if c.code == "cursor_invalid" {
				token = token[:len(token)-1] + string(rune('A'+(token[len(token)-1]+1)%26))
			}
			a := h.get(c.query + "&next_cursor=" + token)
			if c.code == "" && a.status != 200 || c.code != "" && (a.status != 400 || a.code(t) != c.code) {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

// TestACursorOfAnotherRevisionIsStale: positions count on what made them.
func TestACursorOfAnotherRevisionIsStale(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"connectors/acme.yaml", "mappings/usage-metering/acme.jq"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, f := range []string{"connectors/acme.yaml", "mappings/usage-metering/acme.jq"} {
				text, err := os.ReadFile("testdata/" + f)
				if err != nil {
					t.Fatal(err)
				}
				if f == file {
					text = []byte(strings.NewReplacer("default: 100, max: 10000", "default: 101, max: 10000", "// \"USD\"", "// \"EUR\"").Replace(string(text)))
				}
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(f)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, f), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			acme := newAcme(t, twelve()...)
			next := *newHouse(t, acme.URL).good("start_date=2026-01&limit=4").list(t).Next
			other := newHouse(t, acme.URL, func(s *setup) {
				s.files = assembly.Files{ConnectorsDir: dir + "/connectors", MappingsDir: dir + "/mappings"}
			})
			if a := other.get("start_date=2026-01&next_cursor=" + next); a.status != 400 || a.code(t) != "cursor_stale" {
				t.Errorf("%d %s", a.status, a.body)
			}
			if l := newHouse(t, acme.URL).good("start_date=2026-01&next_cursor=" + next).list(t); l.Count != 14 {
				t.Errorf("another replica of the same files gives %d records", l.Count)
			}
		})
	}
}

// TestAnExpiredCursorSaysSo.
func TestAnExpiredCursorSaysSo(t *testing.T) {
	t.Parallel()
	var late atomic.Int64
	acme := newAcme(t, twelve()...)
	h := newHouse(t, acme.URL, func(s *setup) {
		s.Clock = func() time.Time { return now.Add(time.Duration(late.Load())) }
	})
	next := *h.good("start_date=2026-01&limit=4").list(t).Next
	for _, c := range []struct {
		late time.Duration
		code string
	}{{24 * time.Hour, ""}, {24*time.Hour + time.Second, "cursor_expired"}} {
		late.Store(int64(c.late))
		if a := h.get("start_date=2026-01&next_cursor=" + next); a.code(t) != c.code {
			t.Errorf("after %s: %d %s", c.late, a.status, a.body)
		}
	}
}

// TestDerivedListsPage: distinct, sorted, the same for every page size, and found again by their cursors.
func TestDerivedListsPage(t *testing.T) {
	t.Parallel()
	var lines []line
	for i := range 30 {
		id := (i * 7) % 10
		lines = append(lines, linesOf("2026-01-05", fmt.Sprintf(
			`{"id":"r%d","product":{"id":"p%d","name":%s},"user":{"id":"u%d","email":"u%d@acme.example"},"resources":[{"id":"c","workspace":{"id":"w%d","name":"W"}},{"id":"d"}],"start_date":"2026-01-05T00:00:00Z"}`,
			i, id, map[bool]string{true: "null", false: fmt.Sprintf(`"P%d"`, id)}[i < 10], id, id, id%3)))
	}
	lines = append(lines, linesOf("2026-01-06", `{"id":"last","product":{"id":"a \"p\"","name":"quoted"},"workspace":{"id":"w0"},"start_date":"2026-01-06T00:00:00Z"}`))
	for name, change := range map[string]func(*setup){"cached": func(*setup) {}, "not cached": withoutPages} {
		acme := newAcme(t, lines...)
		acme.per = 4
		h := newHouse(t, acme.URL, change)
		for resource, c := range map[string]struct {
			n     int
			first string
		}{
			"products":   {11, `{"id":"a \"p\"","name":"quoted","created_at":null,"updated_at":null}`},
			"users":      {10, `{"id":"u0","name":null,"email":"u0@acme.example","created_at":null,"updated_at":null}`},
			"workspaces": {3, `{"id":"w0","name":"W","created_at":null,"updated_at":null}`},
		} {
			path := "/unified/usage-metering/" + resource + "?start_date=2026-01"
			want := h.walk(path)
			if len(want) != c.n || want[0] != c.first {
				t.Errorf("%s, %s: %d records, the first is %s", name, resource, len(want), want[0])
			}
			for _, limit := range []string{"1", "2", "7"} {
				same(t, resource+" by "+limit, h.walk(path+"&limit="+limit), want)
			}
			next := *h.good(path + "&limit=1").list(t).Next
			same(t, resource+" as a stream", h.good(path+asStream+"&next_cursor="+next).stream(t).records, want[1:])
		}
		if name == "not cached" {
			path := "/unified/usage-metering/products?start_date=2026-01&limit=3"
			next := *h.good(path).list(t).Next
			acme.mu.Lock()
			acme.lines = append([]line{linesOf("2026-01-05", `{"id":"x","product":{"id":"a0"},"start_date":"2026-01-05T00:00:00Z"}`)}, acme.lines...)
			acme.mu.Unlock()
			if got := ids(t, h.walkFrom(next, path)); len(got) != 8 || got[0] != "p2" {
				t.Errorf("behind a product that is new: %v", got)
			}
			acme.mu.Lock()
			acme.lines = nil
			acme.mu.Unlock()
			if a := h.get(path + "&next_cursor=" + next); a.code(t) != "cursor_stale" {
				t.Errorf("of a product that is gone: %d %s", a.status, a.body)
			}
		}
	}
}

// TestLosingRedisInMidWalkLosesNoRecord: nor does it keep anyone waiting, and the cache holds nothing in clear. A step of
// a call has so much time that a busy machine does not look like a lost Redis, and that a single wait would show.
func TestLosingRedisInMidWalkLosesNoRecord(t *testing.T) {
	t.Parallel()
	redis := kvtest.Start(t)
	lines := someLines(500)
	acme := newAcme(t, lines...)
	const step = 20 * time.Second
	h := newHouse(t, acme.URL, func(s *setup) {
		s.configure = func(c *config.Config) {
			c.Cursors.Store, c.Redis = config.StoreRedis, config.Redis{URL: secret.New(redis.URL()), Timeout: step}
		}
	})
	want := ids(t, h.walk(twoMonths+"&limit=1000"))
	var lost time.Time
	pages := 0
	got := ids(t, h.walk(twoMonths+"&limit=10", func(page int, _ list) {
		if pages++; page == 25 {
			redis.NoPlaintext(t, acmeKey, "acme-1", "r100", `"o100"`)
			redis.Kill()
			lost = time.Now()
		}
	}))
	same(t, "records", got, want)
	if pages != 50 {
		t.Fatalf("%d pages", pages)
	}
	if took := time.Since(lost); took >= step {
		t.Errorf("without Redis the rest took %s", took)
	}
}

// TestASilentRedisIsWaitedForOnce.
func TestASilentRedisIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	url := kvtest.BlackHole(t)
	acme := newAcme(t, someLines(100)...)
	h := newHouse(t, acme.URL, func(s *setup) {
		s.configure = func(c *config.Config) {
			c.Cursors.Store, c.Redis.URL = config.StoreRedis, secret.New(url)
		}
	})
	began := time.Now()
	got := h.walk(twoMonths + "&limit=10")
	if took := time.Since(began); len(got) != 100 || took > 1500*time.Millisecond { // 10 pages, each with a read and a write of the cache
		t.Errorf("%d records took %s", len(got), took)
	}
}
