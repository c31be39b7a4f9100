package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/proxy"
)

// explainedBody is the debug format with an explanation.
type explainedBody struct {
	Result struct {
		Result []json.RawMessage `json:"result"`
	} `json:"result"`
	Debug struct {
		Data      json.RawMessage `json:"data"`
		Exchanges []struct {
			Purpose string `json:"purpose"`
			Bytes   int    `json:"bytes"`
		} `json:"exchanges"`
		Explain *proxy.Explanation `json:"explain"`
	} `json:"debug"`
}

func (a answer) explained(t *testing.T) explainedBody {
	t.Helper()
	var v explainedBody
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || v.Debug.Explain == nil {
		t.Fatalf("no explanation (%v): %.500s", err, a.body)
	}
	return v
}

const asExplained = "&truto_response_format=debug&explain="

// TestExplainTellsOfThePage: of what was read, why, of the first items, and of nothing that is not on it.
func TestExplainTellsOfThePage(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	acme.per = 4
	h := newHouse(t, acme.URL)
	v := h.good("start_date=2026-01&limit=7" + asExplained + "true").explained(t)
	x := v.Debug.Explain
	if len(x.Items) != proxy.DefaultExplained || x.Picked.Resource != "usage" || len(x.Picked.Pages) != 2 || x.Picked.Pages[0].Path != `data.lines` || x.Picked.Pages[0].Items != 4 || x.Picked.Pages[0].Window.Start != "2026-01-01T00:00:00Z" {
		t.Errorf("it tells of %d items, and of %+v", len(x.Items), x.Picked)
	}
	for _, e := range v.Debug.Exchanges {
		if e.Bytes == 0 {
			t.Errorf("an exchange to %s without bytes", e.Purpose)
		}
	}
	for i, item := range x.Items {
		if len(item.Records) == 0 || !strings.HasPrefix(item.Records[0].Fields[0].From[0], "records[") || !strings.HasPrefix(item.Records[0].Fields[0].Line, "acme.jq:") {
			t.Errorf("item %d: %+v", i, item)
		}
	}
	all := 0
	for _, item := range h.good("start_date=2026-01&limit=7" + asExplained + "20").explained(t).Debug.Explain.Items {
		all += len(item.Records)
	}
	if all != 7 {
		t.Errorf("of a page of 7 records %d are explained", all)
	}
	if v := h.good("start_date=2026-01&limit=7" + asExplained + "1").explained(t); len(v.Debug.Explain.Items) != 1 {
		t.Errorf("%d items", len(v.Debug.Explain.Items))
	}
	if a := h.good("start_date=2026-01&limit=7&truto_response_format=debug"); strings.Contains(a.body, `"explain"`) {
		t.Error("an explanation that nobody asked for")
	}
}

func TestExplainIsAskedForStrictly(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	h := newHouse(t, acme.URL)
	for _, c := range []struct{ query, want string }{
		{"&explain=true", "truto_response_format=debug"},
		{"&explain=true&truto_response_format=stream", "truto_response_format=debug"},
		{asExplained + "0", "from 1 to 20"}, {asExplained + "21", "from 1 to 20"}, {asExplained + "+1", "from 1 to 20"}, {asExplained + "yes", "from 1 to 20"},
	} {
		if a := h.get("start_date=2026-01" + c.query); a.status != 400 || !strings.Contains(a.body, c.want) || !strings.Contains(a.body, `"parameter":"explain"`) {
			t.Errorf("%s: %d %s", c.query, a.status, a.body)
		}
	}
	h.good("start_date=2026-01&explain=false")
	h.good("start_date=2026-01" + asExplained + fmt.Sprint(proxy.MaxExplained))
}

// TestAProblemTellsWhatWasSaidBeforeIt, where an explanation is asked for.
func TestAProblemTellsWhatWasSaidBeforeIt(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	acme.per = 4
	acme.hook = func(w http.ResponseWriter, _ *http.Request, n int) bool {
		if n > 1 {
			w.WriteHeader(http.StatusTeapot)
		}
		return n > 1
	}
	h := newHouse(t, acme.URL)
	if a := h.get("start_date=2026-01" + asExplained + "1"); a.status < 400 || strings.Count(a.body, `"purpose":"list"`) != 2 || !strings.Contains(a.body, `"status":418`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	acme.mu.Lock()
	acme.pages = 0
	acme.mu.Unlock()
	if a := h.get("start_date=2026-01&truto_response_format=debug"); strings.Contains(a.body, "exchanges") {
		t.Error(a.body)
	}
}

// TestExplanationsOfTheCassettes: every value of every record has a source, and each is the one of the golden.
func TestExplanationsOfTheCassettes(t *testing.T) {
	if raceEnabled {
		t.Skip("one goroutine explains; the plain run has it")
	}
	const file = "testdata/explained.txt"
	cassettes, err := assembly.Files{}.Cassettes()
	if err != nil {
		t.Fatal(err)
	}
	parts := make([]strings.Builder, len(cassettes))
	t.Run("of", func(t *testing.T) {
		for i, c := range cassettes {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				explainAll(t, &parts[i], c)
			})
		}
	})
	var b strings.Builder
	for i := range parts {
		b.WriteString(parts[i].String())
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("the explanations are not those of %s; if they are meant to change: go test ./proxy -run Cassettes -update\n%s", file, firstDifference(got, string(want)))
	}
}

// explainAll writes how each request of a cassette is explained.
func explainAll(t *testing.T, b *strings.Builder, c *simulate.Cassette) {
	r, err := assembly.NewReplay(assembly.Files{}, c, assembly.Options{Hurry: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Proxy.Deadline, r.Proxy.ExplainTime = 10*time.Minute, 10*time.Minute // a busy machine gives the same
	for _, q := range c.Requests {
		if q.Via == "proxy" || q.Format != "" && q.Format != "unified" {
			continue
		}
		target := "/unified/" + proxy.ModelName + "/" + q.Resource
		if q.ID != "" {
			target += "/" + url.PathEscape(q.ID)
		}
		resp := r.Get(target+"?integrated_account_id="+r.Account+"&"+q.Query+asExplained+"1", nil)
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK {
			continue // the cassette's own errors
		}
		x := answer{body: string(body)}.explained(t).Debug.Explain
		if len(x.Items) == 0 {
			continue
		}
		fmt.Fprintf(b, "== %s %s\n", c.Name, q.Name)
		write(t, b, c.Name+" "+q.Name, x)
	}
}

// write writes the first item's records to the golden, and checks those of all.
func write(t *testing.T, b *strings.Builder, name string, x *proxy.Explanation) {
	t.Helper()
	for i, item := range x.Items {
		if item.Partial {
			t.Errorf("%s: item %d is explained in part", name, i)
		}
		for _, rec := range item.Records {
			for _, f := range rec.Fields {
				if len(f.From) == 0 || slices.Contains(f.From, mapping.Unknown) || !strings.Contains(f.Line, ".jq:") || f.Layer != mapping.Base {
					t.Errorf("%s: item %d: %+v", name, i, f)
				}
				if i == 0 {
					fmt.Fprintf(b, "%s\t%s\t%s\n", f.Field, strings.Join(f.From, " "), f.Line)
				}
			}
			if i == 0 {
				fmt.Fprintln(b)
			}
		}
	}
	fmt.Fprintf(b, "unread over %d: %s\n\n", x.Over, strings.Join(x.Unread, " "))
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return "one is longer"
}
