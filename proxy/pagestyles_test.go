package proxy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
)

// TestPageStylesWalkAlike proves for every script of pages that a walk gives the same records in the same order for every
// page size, cached and not, and that a stream and the provider's own bytes go through the same pages.
func TestPageStylesWalkAlike(t *testing.T) {
	files, err := filepath.Glob("testdata/providers/acme-pages-*.txtar")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := sections(string(text))
			account := readAccount(t, parts[1].text)
			fake := newFake(t)
			fake.script(parts[2].text)
			for _, e := range fake.exchanges {
				e.least, e.most = 0, 1<<30
			}
			uri, _, _ := strings.Cut(strings.TrimPrefix(parts[3].text, "GET "), "\n")
			var want []string
			for _, cached := range []bool{true, false} {
				house := houseFor(t, account, fake, assembly.Options{Clock: func() time.Time { return account.Now }, NoPages: !cached})
				for _, limit := range []int{1000, 1, 2, 3} {
					got := follow(t, house, fmt.Sprintf("%s&limit=%d", uri, limit))
					if want == nil {
						want = got
						unique(t, want)
					}
					if len(want) == 0 || !slices.Equal(got, want) {
						t.Fatalf("limit %d, cached %v: %d records, not the %d of the first walk: %s", limit, cached, len(got), len(want), firstDiff(got, want))
					}
				}
				if got := streamRecords(t, house, uri+"&truto_response_format=stream"); !slices.Equal(got, want) {
					t.Fatalf("as a stream: %s", firstDiff(got, want))
				}
				raw := rawPages(t, house, uri+"&truto_response_format=raw")
				for _, r := range want {
					var v struct{ ID string }
					if err := json.Unmarshal([]byte(r), &v); err != nil || strings.Count(raw, v.ID) != 1 {
						t.Errorf("raw has %s %d times", v.ID, strings.Count(raw, v.ID))
					}
				}
			}
			fake.finish()
		})
	}
}

func answerOf(t *testing.T, house *assembly.House, uri string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, uri, nil)
	req.Header.Set("Authorization", "Bearer "+scriptToken)
	w := httptest.NewRecorder()
	house.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", uri, w.Code, w.Body)
	}
	return w
}

// follow gives the records of all pages of a list.
func follow(t *testing.T, house *assembly.House, uri string) (out []string) {
	t.Helper()
	for cursor := ""; ; {
		var p page
		if err := json.Unmarshal(answerOf(t, house, uri+"&next_cursor="+cursor).Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Result {
			out = append(out, string(r))
		}
		if p.NextCursor == nil {
			return out
		}
		cursor = *p.NextCursor
	}
}

func streamRecords(t *testing.T, house *assembly.House, uri string) (out []string) {
	t.Helper()
	for line := range strings.Lines(answerOf(t, house, uri).Body.String()) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, `{"id":`) {
			out = append(out, line)
		}
	}
	return out
}

// rawPages is the provider's bytes, page by page, one behind the other.
func rawPages(t *testing.T, house *assembly.House, uri string) string {
	t.Helper()
	var b strings.Builder
	for cursor := ""; ; {
		w := answerOf(t, house, uri+"&next_cursor="+cursor)
		b.WriteString(w.Body.String())
		if cursor = w.Header().Get("Meterbridge-Next-Cursor"); cursor == "" {
			return b.String()
		}
	}
}
