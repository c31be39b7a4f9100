package proxy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/connectors"
	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/secret"
)

var update = flag.Bool("update", false, "write the answers of testdata/providers")

// TestProviders plays the scripts of testdata/providers: each is one behaviour of one provider, over real HTTP. A script
// says which requests the provider must get, to the byte of the query, what it answers, what a client asks, and what it
// must be given. Every exchange has to happen as often as it says, and no other may.
//
//	-- account --          connector, now, context as JSON, deadline, read only: a line each
//	-- provider --         exchanges, an empty line between two:
//	                         METHOD URI [xN | x* | x+]       how often, default once
//	                         Header: value                   expected; `!Header` must be absent; `> body` is the body
//	                         STATUS [Header: value; …]       the answer, and below it the body
//	-- request [NAME] --   METHOD URI [xN]                   N at a time, all answered alike
//	                       Header: value; `@after 36h` moves the clock before
//	-- answer [NAME] --    what the client must be given
//
// {base} and {other} are the provider's two hosts; {cursor} is the last cursor that an answer had.
func TestProviders(t *testing.T) {
	files, err := filepath.Glob("testdata/providers/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			playScript(t, file)
		})
	}
}

type section struct{ name, text string }

// sections splits a script at its markers; the first is its comment.
func sections(text string) []section {
	out := []section{{}}
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(name, " --") {
			out = append(out, section{name: strings.TrimSuffix(name, " --")})
			continue
		}
		out[len(out)-1].text += line
	}
	return out
}

type scriptAccount struct {
	Connector string
	Now       time.Time
	Context   map[string]any
	Deadline  time.Duration
	ReadOnly  bool // the token may not write
}

func readAccount(t *testing.T, text string) (a scriptAccount) {
	for line := range strings.Lines(text) {
		var err error
		switch name, v, _ := strings.Cut(strings.TrimSpace(line), ": "); name {
		case "connector":
			a.Connector = v
		case "now":
			a.Now, err = time.Parse(time.RFC3339, v)
		case "context":
			err = json.Unmarshal([]byte(v), &a.Context)
		case "read only":
			a.ReadOnly = v == "true"
		case "deadline":
			a.Deadline, err = time.ParseDuration(v)
		default:
			err = fmt.Errorf("what is %q", line)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func playScript(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := sections(string(text))
	fake := newFake(t)
	var house *assembly.House
	var clock atomic.Int64
	cursor := ""
	for i, s := range parts {
		kind, _, _ := strings.Cut(s.name, " ")
		switch kind {
		case "provider":
			fake.script(s.text)
		case "account":
			a := readAccount(t, s.text)
			clock.Store(a.Now.UnixNano())
			house = houseFor(t, a, fake, assembly.Options{Clock: func() time.Time { return time.Unix(0, clock.Load()).UTC() }})
		case "request":
			if i+1 == len(parts) || !strings.HasPrefix(parts[i+1].name, "answer") {
				t.Fatalf("%s has no answer behind it", s.name)
			}
			var got string
			got, cursor = ask(t, house, fake, s.text, cursor, &clock)
			if *update {
				parts[i+1].text = got
			} else if got != parts[i+1].text {
				t.Errorf("%s\ngot  %s\nwant %s\n%s", s.name, got, parts[i+1].text, firstLine(got, parts[i+1].text))
			}
		case "", "answer":
		default:
			t.Fatalf("unknown section %q", s.name)
		}
	}
	fake.finish()
	if *update {
		var b strings.Builder
		b.WriteString(parts[0].text)
		for _, s := range parts[1:] {
			fmt.Fprintf(&b, "-- %s --\n%s", s.name, s.text)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func firstLine(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("first differing line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return "one is longer"
}

// scriptConnectors are those that scripts name an account of, to know what it takes.
var scriptConnectors = sync.OnceValue(func() *connector.Set {
	set, _ := connector.Load(connectors.FS, os.DirFS("testdata/connectors"))
	return set
})

const scriptToken = "token-of-a-scripted-client"

// houseFor is a gateway whose token is bound to one account at the fake.
func houseFor(t *testing.T, a scriptAccount, f *fake, o assembly.Options) *assembly.House {
	t.Helper()
	files := assembly.Files{ConnectorsDir: "testdata/connectors", MappingsDir: "testdata/mappings"}
	conn := scriptConnectors().Get(a.Connector)
	given := map[string]any{"base_url": f.base.URL}
	if _, ok := conn.ContextVar("token_url"); ok {
		given["token_url"] = f.base.URL + "/oauth/token"
	}
	maps.Copy(given, a.Context)
	for k, v := range given {
		if s, ok := v.(string); ok {
			given[k] = f.fill(s)
		}
	}
	credentials := map[string]secret.Value{}
	for _, c := range conn.Credentials {
		credentials[c.Name] = secret.New("the-" + c.Name)
	}
	cfg := config.Default()
	cfg.Egress.Allow, cfg.Connectors.Dir, cfg.Mappings.Dir = assembly.Loopback, files.ConnectorsDir, files.MappingsDir
	cfg.Cursors.TTL = 100 * 24 * time.Hour
	cfg.Accounts.Static = []*account.Account{{ID: "acct-1", Connector: a.Connector, TenantID: "acme", Context: given, Credentials: credentials, BaseURLSet: true}}
	cfg.Auth.Tokens = []config.Token{config.NewToken("script", secret.New(scriptToken), []string{"acct-1"}, !a.ReadOnly)}
	o.Hurry, o.Only = a.Deadline == 0, a.Connector
	house, err := assembly.Build(cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { house.Close() })
	if served := house.Catalog().Connectors.Get(a.Connector); served.Errors.Confirm > 0 {
		served.Errors.Confirm = time.Millisecond
	}
	if a.Deadline > 0 {
		house.Proxy.Deadline = a.Deadline
	}
	return house
}

var (
	aCursor    = regexp.MustCompile(`c1\.[A-Za-z0-9_-]+`)
	aRequestID = regexp.MustCompile(`"request_id":"[^"]*"`)
	millis     = regexp.MustCompile(`"ms":[0-9.e+-]+`)
	aDate      = regexp.MustCompile(`"Date":"[A-Z][a-z]{2}, [^"]*"`)
	timesMark  = regexp.MustCompile(` x(\d+|\*|\+)$`)
)

// ask makes a request and gives its answer as a script has it, and the cursor that it ended with.
func ask(t *testing.T, house *assembly.House, f *fake, text, cursor string, clock *atomic.Int64) (string, string) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	times := 1
	if m := timesMark.FindStringSubmatch(lines[0]); m != nil {
		times, _ = strconv.Atoi(m[1])
		lines[0] = strings.TrimSuffix(lines[0], m[0])
	}
	method, uri, _ := strings.Cut(lines[0], " ")
	uri = strings.ReplaceAll(f.fill(uri), "{cursor}", cursor)
	header, body := http.Header{"Authorization": {"Bearer " + scriptToken}}, ""
	for _, l := range lines[1:] {
		if d, ok := strings.CutPrefix(l, "@after "); ok {
			after, err := time.ParseDuration(d)
			if err != nil {
				t.Fatal(err)
			}
			clock.Add(int64(after))
		} else if b, ok := strings.CutPrefix(l, "> "); ok {
			body = b
		} else if name, v, ok := strings.Cut(l, ": "); ok {
			header.Set(name, strings.ReplaceAll(v, "{cursor}", cursor))
		}
	}
	answers := make([]*http.Response, times)
	bodies := make([]string, times)
	var wg sync.WaitGroup
	for i := range times {
		wg.Go(func() {
			req := httptest.NewRequest(method, uri, strings.NewReader(body))
			maps.Copy(req.Header, header)
			w := httptest.NewRecorder()
			defer func() {
				if v := recover(); v != nil && v != http.ErrAbortHandler {
					panic(v)
				}
				answers[i] = w.Result()
				b, _ := io.ReadAll(answers[i].Body)
				bodies[i] = string(b)
			}()
			house.ServeHTTP(w, req)
		})
	}
	wg.Wait()
	got := render(answers[0], f.settle(bodies[0]))
	for i := range times {
		if other := render(answers[i], f.settle(bodies[i])); other != got {
			t.Errorf("parallel answers differ:\n%s\n%s", got, other)
		}
	}
	found := aCursor.FindAllString(bodies[0]+" "+answers[0].Header.Get("Meterbridge-Next-Cursor")+" "+answers[0].Trailer.Get("Meterbridge-Next-Cursor"), -1)
	if len(found) > 0 {
		cursor = found[len(found)-1]
	}
	return got, cursor
}

// shownHeaders are those of an answer that a script shows.
var shownHeaders = []string{
	"Content-Type", "Retry-After", "Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset",
	"Meterbridge-Next-Cursor", "Meterbridge-Range", "Meterbridge-Warning", "Meterbridge-Status",
}

var recordLines = strings.NewReplacer(
	`"result":[{`, "\"result\":[\n{", `},{"id":"`, "},\n{\"id\":\"", `},{"integrated`, "},\n{\"integrated", `},{"usage_id":`, "},\n{\"usage_id\":",
	`}],"next_cursor":`, "}\n],\"next_cursor\":", `}],"included":`, "}\n],\"included\":",
)

// render writes an answer so that a change of one record is a change of one line.
func render(r *http.Response, body string) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.StatusCode)
	for _, h := range []http.Header{r.Header, r.Trailer} {
		for _, name := range shownHeaders {
			for _, v := range h.Values(name) {
				if v != "application/json; charset=utf-8" {
					fmt.Fprintf(&b, "%s: %s\n", name, aCursor.ReplaceAllString(v, "<cursor>"))
				}
			}
		}
	}
	var v struct{ Result json.RawMessage }
	if json.Unmarshal([]byte(body), &v) == nil && len(v.Result) > 2 {
		body = recordLines.Replace(body)
	}
	b.WriteString(body)
	if !strings.HasSuffix(body, "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}

// fake is a scripted provider with two hosts.
type fake struct {
	t           *testing.T
	base, other *httptest.Server
	mu          sync.Mutex
	exchanges   []*exchange
	odd         []string
}

type exchange struct {
	method, uri string
	least, most int
	want        map[string]string
	absent      []string
	body        string
	status      int
	header      http.Header
	answer      string
	seen        int
	onOtherHost bool
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t}
	f.base = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, false) }))
	f.other = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, true) }))
	t.Cleanup(f.base.Close)
	t.Cleanup(f.other.Close)
	return f
}

func (f *fake) fill(s string) string {
	return strings.NewReplacer("{base}", f.base.URL, "{other}", f.other.URL).Replace(s)
}

// settle takes out of an answer what differs from run to run.
func (f *fake) settle(body string) string {
	body = strings.NewReplacer(f.base.URL, "{base}", f.other.URL, "{other}").Replace(body)
	body = strings.NewReplacer(strings.TrimPrefix(f.base.URL, "http://"), "{base}", strings.TrimPrefix(f.other.URL, "http://"), "{other}").Replace(body)
	body = aCursor.ReplaceAllString(body, "<cursor>")
	body = aRequestID.ReplaceAllString(body, `"request_id":"<id>"`)
	body = aDate.ReplaceAllString(body, `"Date":"<date>"`)
	return millis.ReplaceAllString(body, `"ms":0`)
}

// script reads exchanges.
func (f *fake) script(text string) {
	for block := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		lines := strings.Split(strings.Trim(block, "\n"), "\n")
		e := &exchange{least: 1, most: 1, want: map[string]string{}, header: http.Header{}}
		if m := timesMark.FindStringSubmatch(lines[0]); m != nil {
			lines[0] = strings.TrimSuffix(lines[0], m[0])
			switch m[1] {
			case "*":
				e.least, e.most = 0, 1<<30
			case "+":
				e.most = 1 << 30
			default:
				e.least, _ = strconv.Atoi(m[1])
				e.most = e.least
			}
		}
		e.method, e.uri, _ = strings.Cut(lines[0], " ")
		if rest, ok := strings.CutPrefix(e.uri, "{other}"); ok {
			e.uri, e.onOtherHost = rest, true
		}
		i := 1
		for ; i < len(lines); i++ {
			l := lines[i]
			if l[0] >= '0' && l[0] <= '9' {
				break
			}
			if name, ok := strings.CutPrefix(l, "!"); ok {
				e.absent = append(e.absent, name)
			} else if body, ok := strings.CutPrefix(l, "> "); ok {
				e.body = f.fill(body)
			} else if name, v, ok := strings.Cut(l, ": "); ok {
				e.want[name] = v
			} else {
				f.t.Fatalf("%s: what is %q?", lines[0], l)
			}
		}
		if i == len(lines) {
			f.t.Fatalf("%s has no answer", lines[0])
		}
		status, headers, _ := strings.Cut(lines[i], " ")
		e.status, _ = strconv.Atoi(status)
		e.header.Set("Content-Type", "application/json")
		last := ""
		for h := range strings.SplitSeq(headers, "; ") {
			if name, v, ok := strings.Cut(h, ": "); ok {
				e.header.Set(name, f.fill(v))
				last = name
			} else if last != "" { // a parameter of the header before
				e.header.Set(last, e.header.Get(last)+"; "+h)
			}
		}
		e.answer = f.fill(strings.Join(lines[i+1:], "\n"))
		f.exchanges = append(f.exchanges, e)
	}
}

// serve answers by the first exchange that fits and is not used up.
func (f *fake) serve(w http.ResponseWriter, r *http.Request, other bool) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	fits := func(e *exchange) bool {
		return e.seen < e.most && e.onOtherHost == other && e.method == r.Method && readable(e.uri) == readable(r.RequestURI) && (e.body == "" || e.body == string(body))
	}
	i := slices.IndexFunc(f.exchanges, func(e *exchange) bool { return fits(e) && e.oddHeader(r.Header) == "" })
	if i < 0 {
		i = slices.IndexFunc(f.exchanges, fits)
	}
	if i < 0 {
		f.odd = append(f.odd, fmt.Sprintf("%s %s %s", r.Method, readable(r.RequestURI), body))
		f.mu.Unlock()
		w.WriteHeader(http.StatusTeapot)
		return
	}
	e := f.exchanges[i]
	e.seen++
	if odd := e.oddHeader(r.Header); odd != "" {
		f.odd = append(f.odd, fmt.Sprintf("%s %s: %s", r.Method, r.RequestURI, odd))
	}
	f.mu.Unlock()
	maps.Copy(w.Header(), e.header)
	w.WriteHeader(e.status)
	io.Copy(w, bytes.NewReader([]byte(e.answer)))
}

// oddHeader says which header is not as the exchange expects it, "" where all are.
func (e *exchange) oddHeader(h http.Header) string {
	for name, v := range e.want {
		if got := h.Get(name); got != v {
			return fmt.Sprintf("%s is %q, want %q", name, got, v)
		}
	}
	for _, name := range e.absent {
		if _, ok := h[http.CanonicalHeaderKey(name)]; ok {
			return name + " was sent"
		}
	}
	return ""
}

// readable undoes the escapes that make a query hard to read in a script.
func readable(uri string) string {
	return strings.NewReplacer("%5B", "[", "%5D", "]", "%20", " ", "%27", "'", "%28", "(", "%29", ")", "%3A", ":", "%2C", ",").Replace(uri)
}

// finish holds the provider to its script.
func (f *fake) finish() {
	f.mu.Lock() // names may still be looked up beside an answer that has failed
	defer f.mu.Unlock()
	for _, o := range f.odd {
		f.t.Errorf("the provider was asked what the script does not have: %s", o)
	}
	for _, e := range f.exchanges {
		if e.seen < e.least {
			f.t.Errorf("the provider was asked %s %s %d times, want %d", e.method, e.uri, e.seen, e.least)
		}
	}
}
