package proxy_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/secret"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(m.Run())
	}
	goleak.VerifyTestMain(m)
}

// line is one item of acme's, of one day.
type line struct{ day, raw string }

// acme is a provider over real HTTP. Its lines come in pages of per (0: of the size asked for), by day range; a test
// replaces any path by a handler, or lets hook see each request for lines first.
type acme struct {
	*httptest.Server
	mu    sync.Mutex
	lines []line
	per   int
	calls []string                                                 // method and path with query, of every call
	pages int                                                      // pages of lines asked for
	hook  func(w http.ResponseWriter, r *http.Request, n int) bool // n counts pages from 1; true: it answered
	paths map[string]http.HandlerFunc
}

func newAcme(t testing.TB, lines ...line) *acme {
	t.Helper()
	a := &acme{lines: lines, paths: map[string]http.HandlerFunc{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(func() {
		a.CloseClientConnections()
		a.Close()
	})
	return a
}

const acmeKey = "canary-of-acme-0123456789"

func (a *acme) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.calls = append(a.calls, r.Method+" "+r.URL.RequestURI())
	custom := a.paths[r.URL.Path]
	n := 0
	if r.URL.Path == "/lines" {
		a.pages++
		n = a.pages
	}
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Header.Get("X-Api-Key") != acmeKey && !strings.HasPrefix(r.URL.Path, "/download"):
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":"who are you"}`)
	case custom != nil:
		custom(w, r)
	case n > 0:
		if a.hook == nil || !a.hook(w, r, n) {
			io.WriteString(w, a.page(r.URL.Query()))
		}
	case r.URL.Path == "/teams":
		io.WriteString(w, `{"data":[]}`)
	default:
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"error":"no such path"}`)
	}
}

// handle replaces a path.
func (a *acme) handle(path string, h http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.paths[path] = h
}

// page is one page of lines.
func (a *acme) page(q url.Values) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var in []string
	for _, l := range a.lines {
		if q.Get("from") <= l.day && l.day < q.Get("to") {
			in = append(in, l.raw)
		}
	}
	size, _ := strconv.Atoi(q.Get("size"))
	per := cmp.Or(a.per, size)
	at, _ := strconv.Atoi(strings.TrimPrefix(q.Get("cursor"), "o"))
	at = min(at, len(in))
	end, next := min(at+per, len(in)), "null"
	if end < len(in) {
		next = `"o` + strconv.Itoa(end) + `"`
	}
	return `{"data":{"lines":[` + strings.Join(in[at:end], ",\n") + `]},"meta":{"next":` + next + `}}`
}

// asked is how often a path was called.
func (a *acme) asked(path string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, c := range a.calls {
		_, target, _ := strings.Cut(c, " ")
		if p, _, _ := strings.Cut(target, "?"); p == path {
			n++
		}
	}
	return n
}

// totalLine is a line of one record with a total.
func totalLine(id, day, amount string) line { return linesOf(day, totalRecord(id, day, amount)) }

func totalRecord(id, day, amount string) string {
	return fmt.Sprintf(`{"id":%q,"product":{"id":"p1","name":"One"},"charges":[{"amount":%s,"currency":"USD","type":"total"}],"start_date":"%sT00:00:00Z"}`, id, amount, day)
}

// linesOf is a line of several records.
func linesOf(day string, records ...string) line {
	return line{day, `{"records":[` + strings.Join(records, ",") + `]}`}
}

// someLines are n lines with a total each, spread over two months.
func someLines(n int) []line {
	var out []line
	for i := range n {
		day := time.Date(2026, 1, 1+i*58/max(n, 1), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		out = append(out, totalLine(fmt.Sprintf("r%03d", i), day, fmt.Sprintf("%d.%02d", i, i%100)))
	}
	return out
}

// twoMonths is the range of someLines.
const twoMonths = "start_date=2026-01&end_date=2026-02"

// now is the clock of every house.
var now = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)

// house is a gateway behind a real listener, with one account of acme's.
type house struct {
	t   testing.TB
	url string
	*assembly.House
	client *http.Client
}

type setup struct {
	assembly.Options
	configure func(*config.Config)
	files     assembly.Files
}

func newHouse(t testing.TB, upstream string, change ...func(*setup)) *house {
	t.Helper()
	s := setup{files: assembly.Files{ConnectorsDir: "testdata/connectors", MappingsDir: "testdata/mappings"}}
	s.Clock = func() time.Time { return now }
	for _, c := range change {
		c(&s)
	}
	cfg := config.Default()
	cfg.Connectors.Dir, cfg.Mappings.Dir, cfg.Egress.Allow = s.files.ConnectorsDir, s.files.MappingsDir, assembly.Loopback
	cfg.SecretKeys = []secret.Value{secret.New(strings.Repeat("k", config.KeyBytes))}
	cfg.Accounts.Static = []*account.Account{{
		ID: "acme-1", Connector: "acme", TenantID: "t1", BaseURLSet: true, Context: map[string]any{"base_url": upstream},
		Credentials: map[string]secret.Value{"key": secret.New(acmeKey)},
	}}
	cfg.Auth.Tokens = []config.Token{config.NewToken("test", secret.New("token-of-the-tests"), []string{"acme-1"}, true)}
	if s.configure != nil {
		s.configure(cfg)
	}
	if all := cfg.Accounts.Static; cfg.Overrides.Dir == "" && !slices.ContainsFunc(all, func(a *account.Account) bool { return a.Connector != all[0].Connector }) {
		s.Only = all[0].Connector // to load all for each test is most of its time
	}
	built, err := assembly.Build(cfg, s.Options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(built)
	h := &house{t: t, url: server.URL, House: built, client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() {
		h.client.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
		built.Close()
	})
	return h
}

// answer is what a client saw: broken says that the body did not end as it should.
type answer struct {
	status  int
	header  http.Header
	trailer http.Header
	body    string
	broken  error
}

// open asks for usage, with headers as name and value in turn.
func (h *house) open(ctx context.Context, query string, header ...string) (*http.Response, error) {
	h.t.Helper()
	path := "/unified/usage-metering/usage"
	if strings.HasPrefix(query, "/") {
		path = ""
	}
	if path != "" {
		path += "?"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+path+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer token-of-the-tests")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return h.client.Do(req)
}

// get asks for usage and reads the answer to its end, be it good or bad.
func (h *house) get(query string, header ...string) answer {
	h.t.Helper()
	resp, err := h.open(context.Background(), query, header...)
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, resp.Trailer, string(body), err}
}

// good is get for an answer that must be a complete 200.
func (h *house) good(query string, header ...string) answer {
	h.t.Helper()
	a := h.get(query, header...)
	if a.status != http.StatusOK || a.broken != nil {
		h.t.Fatalf("%s: %d, %v: %s", query, a.status, a.broken, a.body)
	}
	return a
}

// list is an answer's envelope.
type list struct {
	Result   []json.RawMessage `json:"result"`
	Next     *string           `json:"next_cursor"`
	Count    int               `json:"result_count"`
	Partial  bool              `json:"is_partial_response"`
	Warnings []struct{ Code, Message string }
	// of problems
	Code    string
	Message string
}

func (a answer) list(t testing.TB) list {
	t.Helper()
	var l list
	if err := json.Unmarshal([]byte(a.body), &l); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	return l
}

func (a answer) code(t testing.TB) string { t.Helper(); return a.list(t).Code }

// walk follows next_cursor to the end and gives the records.
func (h *house) walk(query string, each ...func(page int, l list)) []string {
	h.t.Helper()
	return h.walkFrom("", query, each...)
}

func (h *house) walkFrom(next, query string, each ...func(page int, l list)) []string {
	h.t.Helper()
	var out []string
	for n := 1; ; n++ {
		l := h.good(query + "&next_cursor=" + next).list(h.t)
		if l.Count != len(l.Result) {
			h.t.Fatalf("page %d has %d records and says %d", n, len(l.Result), l.Count)
		}
		if l.Next != nil && len(l.Result) == 0 {
			h.t.Fatalf("page %d is empty and has a cursor", n)
		}
		for _, r := range l.Result {
			out = append(out, string(r))
		}
		for _, e := range each {
			e(n, l)
		}
		if l.Next == nil {
			return out
		}
		next = *l.Next
	}
}

// ids are those of records.
func ids(t testing.TB, records []string) []string {
	t.Helper()
	var out []string
	for _, r := range records {
		var v struct{ ID string }
		if err := json.Unmarshal([]byte(r), &v); err != nil || v.ID == "" {
			t.Fatalf("a record without an id: %s", r)
		}
		out = append(out, v.ID)
	}
	return out
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %d, want %d: %s", what, len(got), len(want), firstDiff(got, want))
	}
}

// streamed is a stream of lines: its records, and what else it said.
type streamed struct {
	records     []string
	checkpoints []string
	end, fault  string // the last lines, "" where there are none
	next        string // of the error line or the trailer
	status      string // trailer
}

func (a answer) stream(t testing.TB) streamed {
	t.Helper()
	s := streamed{status: a.trailer.Get("Meterbridge-Status"), next: a.trailer.Get("Meterbridge-Next-Cursor")}
	for l := range strings.SplitSeq(strings.TrimSuffix(a.body, "\n"), "\n") {
		var v struct {
			ID         string
			Checkpoint *struct {
				Next string `json:"next_cursor"`
			}
			End   json.RawMessage
			Error *struct {
				Code string
				Next string `json:"next_cursor"`
			}
		}
		if l == "" && a.body == "" {
			break
		}
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			t.Fatalf("%v in the line %q", err, l)
		}
		switch {
		case s.fault != "" || s.end != "":
			t.Fatalf("something follows the last line: %s", l)
		case v.Error != nil:
			s.fault = v.Error.Code
			if s.next != v.Error.Next {
				t.Fatalf("the error line goes on at %q, the trailer at %q", v.Error.Next, s.next)
			}
		case v.End != nil:
			s.end = string(v.End)
		case v.Checkpoint != nil:
			s.checkpoints = append(s.checkpoints, v.Checkpoint.Next)
		default:
			s.records = append(s.records, l)
		}
	}
	return s
}

func answerWith(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

// failOn answers the n-th page with a server error, of those that are not tried again.
func failOn(n int) func(http.ResponseWriter, *http.Request, int) bool {
	return func(w http.ResponseWriter, _ *http.Request, at int) bool {
		if at == n {
			w.WriteHeader(http.StatusNotImplemented)
			io.WriteString(w, `{"error":"out of order"}`)
		}
		return at == n
	}
}
