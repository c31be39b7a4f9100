package proxy_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// misdeed is an answer to the n-th call for a page of lines; the right one is body.
type misdeed func(w http.ResponseWriter, r *http.Request, n int, body string)

// each time, and once: then comes the right answer.
func each(f func(w http.ResponseWriter, r *http.Request, body string)) misdeed {
	return func(w http.ResponseWriter, r *http.Request, _ int, body string) { f(w, r, body) }
}

func once(f misdeed) misdeed {
	return func(w http.ResponseWriter, r *http.Request, n int, body string) {
		if n == 1 {
			f(w, r, n, body)
		} else {
			io.WriteString(w, body)
		}
	}
}

// status is an error of the provider's, with headers as name and value in turn.
func status(code int, header ...string) misdeed {
	return func(w http.ResponseWriter, _ *http.Request, _ int, _ string) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		io.WriteString(w, `{"error":"so it is"}`)
	}
}

// says answers with something else in place of the page.
func says(text string, header ...string) misdeed {
	return func(w http.ResponseWriter, _ *http.Request, _ int, _ string) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		io.WriteString(w, text)
	}
}

// cut sends part of the answer, from nothing (-1) and its headers alone (0) to all but its last byte, and resets the connection
// or closes it.
func cut(part float64, reset bool) misdeed {
	return each(func(w http.ResponseWriter, _ *http.Request, body string) { cutOff(w, body, part, reset) })
}

func cutOff(w http.ResponseWriter, body string, part float64, reset bool) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if part >= 0 {
		fmt.Fprintf(buf, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:int(part*float64(len(body)))])
		buf.Flush()
	}
	if reset {
		conn.(*net.TCPConn).SetLinger(0)
	}
	conn.Close()
}

// zipped sends the page compressed, after somebody has been at it.
func zipped(change func([]byte) []byte) misdeed {
	return each(func(w http.ResponseWriter, _ *http.Request, body string) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(change(gzipOf(body)))
	})
}

func gzipOf(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.Bytes()
}

// pageOf is a page with this text as its first item.
func pageOf(item string) string { return `{"data":{"lines":[` + item + `]},"meta":{"next":null}}` }

// faulty are the faults of a provider's answer, and what a client is told: the code of a problem, or nothing where the answer is
// right all the same. Each is met by every format.
var faulty = []struct {
	name string
	do   misdeed
	code string
	raw  string // raw's, which does not read what it passes on: "right" for the provider's own bytes
}{
	{"nothing is wrong", says(pageOf(totalLine("a", "2026-01-05", "1").raw)), "", "right"},
	{"reset before the headers, once", once(cut(-1, true)), "", ""},
	{"reset before the headers", cut(-1, true), "upstream_reset", ""},
	{"closed before the headers, once", once(cut(-1, false)), "", ""},
	{"closed before the headers", cut(-1, false), "upstream_reset", ""},
	{"reset behind the headers", cut(0, true), "upstream_reset", ""},
	{"reset in the body", cut(.5, true), "upstream_reset", ""},
	{"closed in the body", cut(.5, false), "upstream_reset", ""},
	{"closed before the last byte", cut(.999, false), "upstream_reset", ""},

	{"gzip", zipped(func(b []byte) []byte { return b }), "", ""},
	{"gzip cut off", zipped(func(b []byte) []byte { return b[:len(b)-12] }), "upstream_corrupt", ""},
	{"gzip with a wrong sum", zipped(func(b []byte) []byte { b[len(b)-6] ^= 1; return b }), "upstream_corrupt", ""},
	{"gzip of two members", zipped(func(b []byte) []byte { return append(b, gzipOf(" ")...) }), "upstream_corrupt", ""},
	{"something behind the gzip", zipped(func(b []byte) []byte { return append(b, "junk"...) }), "upstream_corrupt", ""},
	{"no gzip at all", says("{}", "Content-Encoding", "gzip"), "upstream_corrupt", ""},
	{"an encoding that nobody asked for", says("{}", "Content-Encoding", "br"), "upstream_corrupt", ""},

	{"a byte order mark", each(func(w http.ResponseWriter, _ *http.Request, body string) { io.WriteString(w, "\ufeff"+body) }), "", ""},
	{"UTF-16", says("{\x00}\x00"), "upstream_corrupt", "right"},
	{"NaN", says(pageOf(`{"amount":NaN}`)), "upstream_corrupt", "right"},
	{"cut JSON in a whole body", says(`{"data":{"lines":[`), "upstream_corrupt", "right"},
	{"two documents", says(pageOf("") + pageOf("")), "upstream_corrupt", "right"},

	{"a login page", says("<!doctype html><title>Sign in</title>", "Content-Type", "text/html; charset=utf-8"), "upstream_unexpected", "upstream_unexpected"},
	{"an empty 200", says(""), "upstream_unexpected", "right"},
	{"204", each(func(w http.ResponseWriter, _ *http.Request, _ string) { w.WriteHeader(http.StatusNoContent) }), "upstream_unexpected", "right"},
	{"200 with an error object", says(`{"error":"no"}`), "upstream_unexpected", "right"},
	{"a list in the place of the object", says(`[]`), "upstream_unexpected", "right"},

	{"500 once", once(status(500)), "", ""},
	{"502 once", once(status(502)), "", ""},
	{"503 once", once(status(503)), "", ""},
	{"504 once", once(status(504)), "", ""},
	{"500", status(500), "upstream_failed", ""},
	{"503", status(503), "upstream_failed", ""},
	{"503 that says when", status(503, "Retry-After", "30"), "upstream_failed", ""},
	{"429 in seconds, once", once(status(429, "Retry-After", "1")), "", ""},
	{"429 of an hour", status(429, "Retry-After", "3600"), "remote_rate_limited", ""},
	{"429 as a date", status(429, "Retry-After", now.Add(time.Hour).Format(http.TimeFormat)), "remote_rate_limited", ""},
	{"429 of thirty years", status(429, "Retry-After", "1000000000"), "remote_rate_limited", ""},
	{"429 that says it as a limit", status(429, "X-RateLimit-Reset", "60"), "remote_rate_limited", ""},
	{"401", status(401), "needs_reauth", ""},
	{"404", status(404), "remote_error", ""},
	{"418", status(418), "remote_error", ""},

	{"a redirect", status(302, "Location", "/lines?again"), "upstream_redirect", ""},
	{"a redirect to a cloud's metadata", status(307, "Location", "http://169.254.169.254/latest/"), "upstream_redirect", ""},
	{"a redirect to a file", status(302, "Location", "file:///etc/passwd"), "upstream_redirect", ""},
	{"a redirect that names nothing", status(301), "upstream_redirect", ""},

	{"the same cursor again", says(`{"data":{"lines":[]},"meta":{"next":"o1"}}`), "pagination_loop", "pagination_loop"},
	{"empty pages without end", func(w http.ResponseWriter, _ *http.Request, n int, _ string) {
		fmt.Fprintf(w, `{"data":{"lines":[]},"meta":{"next":"n%d"}}`, n)
	}, "pagination_loop", "pagination_loop"},
}

// TestFaultsOfAProvider: whatever it does, a client has the right answer or a problem of the contract, never half of one that
// looks whole; and nothing hangs, and nothing is left behind (TestMain). I3
func TestFaultsOfAProvider(t *testing.T) {
	t.Parallel()
	lines := someLines(3)
	want := newHouse(t, newAcme(t, lines...).URL).walk("start_date=2026-01&end_date=2026-02")
	for _, c := range faulty {
		for format, ask := range map[string]struct{ query, accept string }{"a page": {}, "lines": {asStream, ""}, "events": {"", "text/event-stream"}, "a table": {"", "text/csv"}, "sums": {"&summary_by=product_id", ""}, "raw": {asRaw, ""}} {
			t.Run(c.name+", "+format, func(t *testing.T) {
				t.Parallel()
				acme := newAcme(t, lines...)
				acme.hook = func(w http.ResponseWriter, r *http.Request, n int) bool {
					c.do(w, r, n, acme.page(r.URL.Query()))
					return true
				}
				code := c.code
				if format == "raw" && c.raw != "" {
					code = strings.TrimPrefix(c.raw, "right")
				}
				a := newHouse(t, acme.URL).get("start_date=2026-01&end_date=2026-02"+ask.query, "Accept", ask.accept)
				switch {
				case code != "":
					a.says(t, code)
				case a.status != http.StatusOK || a.broken != nil:
					t.Errorf("%d, %v: %.300s", a.status, a.broken, a.body)
				case format == "a page" && c.name != faulty[0].name:
					var got []string
					for _, r := range a.list(t).Result {
						got = append(got, string(r))
					}
					same(t, "records", got, want)
				}
			})
		}
	}
}

// says that the answer is a problem: by its status, or at its end where it was under way.
func (a answer) says(t *testing.T, code string) {
	t.Helper()
	switch {
	case a.status >= 400:
		a.isProblem(t, code)
	case strings.HasPrefix(a.header.Get("Content-Type"), "application/x-ndjson"):
		if s := a.stream(t); s.fault != code || s.status != "error" {
			t.Errorf("the stream ends with %q and %q", s.fault, s.status)
		}
	case strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream"):
		if _, last, _ := strings.Cut(a.body, "event: error\n"); !strings.Contains(last, `"code":"`+code+`"`) {
			t.Errorf("the events end with %q", a.body[max(0, len(a.body)-300):])
		}
	default:
		t.Errorf("%d, %v: %.300s; want %s", a.status, a.broken, a.body, code)
	}
}

// isProblem says that an answer is a problem of the contract: a clean status, since nothing of it was under way.
func (a answer) isProblem(t *testing.T, code string) {
	t.Helper()
	l := a.list(t)
	switch {
	case a.status < 400 || a.broken != nil || l.Code != code || l.Message == "":
		t.Errorf("%d, %v: %.300s; want %s", a.status, a.broken, a.body, code)
	case a.header.Get("Content-Type") == "" || a.header.Get("X-Request-Id") == "":
		t.Errorf("its headers are %v", a.header)
	case strings.Contains(a.body, acmeKey):
		t.Error("the credential is in it")
	}
	if after, err := strconv.Atoi(a.header.Get("Retry-After")); a.status == http.StatusTooManyRequests && (err != nil || after < 1) {
		t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
}

// thousand is how often what is left to chance is tried.
func thousand() int {
	if raceEnabled {
		return 40
	}
	return 1000
}

// TestAnAnswerThatBreaksAnywhere: a thousand walks meet one broken answer each, wherever it breaks; none has a record twice, and
// none lacks one, whether the page was asked for again or its error led on.
func TestAnAnswerThatBreaksAnywhere(t *testing.T) {
	t.Parallel()
	runs, workers := thousand(), 10
	lines := someLines(12)
	var again atomic.Int32
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			acme := newAcme(t, lines...)
			acme.per = 5
			h := newHouse(t, acme.URL)
			want := h.walk(twoMonths)
			for range runs / workers {
				breaks := 1 + rand.N(3)
				acme.mu.Lock()
				acme.pages, acme.hook = 0, func(w http.ResponseWriter, r *http.Request, n int) bool {
					if n == breaks {
						cutOff(w, acme.page(r.URL.Query()), rand.Float64()*1.2-.2, worker%2 == 0)
					}
					return n == breaks
				}
				acme.mu.Unlock()
				var got []string
				for next := ""; ; {
					l := h.get(twoMonths + "&limit=7&next_cursor=" + next).list(t)
					for _, r := range l.Result {
						got = append(got, string(r))
					}
					if l.Code != "" {
						again.Add(1)
						if l.Code != "upstream_reset" {
							t.Errorf("%s: %s", l.Code, l.Message)
							return
						}
					}
					if l.Next == nil && l.Code == "" {
						break
					}
					if next = ""; l.Next != nil {
						next = *l.Next
					}
				}
				same(t, "records", got, want)
			}
		})
	}
	all.Wait()
	t.Logf("%d of %d broken answers were the client's to meet", again.Load(), runs)
}

// TestAStreamThatBreaksSaysSo: to a thousand clients, in each form that is under way when it breaks.
func TestAStreamThatBreaksSaysSo(t *testing.T) {
	t.Parallel()
	runs, workers := thousand(), 10
	lines := bulkyLines(20, 60<<10) // more than is held back before the first byte leaves
	acme := newAcme(t, lines...)
	acme.hook = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		cutOff(w, acme.page(r.URL.Query()), .9+rand.Float64()*.099, rand.N(2) == 0)
		return true
	}
	h := newHouse(t, acme.URL)
	forms := []struct{ query, accept string }{{asStream, ""}, {"", "text/event-stream"}, {"", "text/csv"}, {asRaw, ""}}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for n := range runs / workers {
				form := forms[n%len(forms)]
				a := h.get("start_date=2026-01"+form.query, "Accept", form.accept)
				switch {
				case a.status >= 400 && a.code(t) == "upstream_reset": // before anything was under way
				case form.accept == "text/event-stream" && strings.Contains(a.body, "event: error\n") && strings.Contains(a.body, "upstream_reset"):
				case form.query == asStream && a.trailer.Get("Meterbridge-Status") == "error" && a.stream(t).fault == "upstream_reset" && a.stream(t).next != "":
				case form.accept == "text/csv" && a.broken != nil, form.query == asRaw && a.broken != nil:
				default:
					t.Errorf("%v: %d, %v, with %d bytes that end in %q", form, a.status, a.broken, len(a.body), a.body[max(0, len(a.body)-80):])
				}
			}
		})
	}
	all.Wait()
}

// TestBombs: what is small on the wire, or one thing without end, is refused within bounded memory, and the process lives on.
func TestBombs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector multiplies memory")
	}
	t.Parallel()
	const most = 64 << 20
	big := strings.Repeat("x", 16<<20)
	keys := func() string {
		var b strings.Builder
		for i := range 1_000_000 {
			fmt.Fprintf(&b, `"k%d":0,`, i)
		}
		return pageOf("{" + strings.TrimSuffix(b.String(), ",") + "}")
	}()
	var now atomic.Pointer[bomb]
	acme := newAcme(t)
	acme.hook = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		b := now.Load()
		if b.zip {
			w.Header().Set("Content-Encoding", "gzip")
		}
		w.Write(b.body)
		return true
	}
	h, pid := startChild(t, acme.URL)
	h.get("/integrated-account")
	before := peak(t, pid)
	for _, c := range []bomb{
		{"a mebibyte that is a gibibyte", "upstream_too_large", gibibyte(), true},
		{"lists in lists", "upstream_corrupt", bytes.Repeat([]byte("["), 16<<20), false},
		{"lists in lists of an item", "upstream_corrupt", []byte(pageOf(strings.Repeat("[", 6<<20))), false},
		{"one text", "upstream_too_large", []byte(pageOf(`"` + big + `"`)), false},
		{"one number", "upstream_too_large", []byte(pageOf(strings.Repeat("1", 16<<20))), false},
		{"a million keys", "upstream_too_large", []byte(keys), false},
		{"one key", "upstream_too_large", []byte(`{"` + big + `":1}`), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			now.Store(&c)
			for _, query := range []string{"", asStream} {
				h.get("start_date=2026-01"+query).isProblem(t, c.code)
			}
			if grown := peak(t, pid) - before; grown > most {
				t.Errorf("they took %d MiB", grown>>20)
			}
		})
	}
	if a := h.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("then /healthz is %d", a.status)
	}
}

type bomb struct {
	name, code string
	body       []byte
	zip        bool
}

// gibibyte is a list of a gibibyte of nothing, compressed.
func gibibyte() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, `{"data":{"lines":[`)
	for range 1 << 10 {
		z.Write(bytes.Repeat([]byte(" "), 1<<20))
	}
	z.Close()
	return b.Bytes()
}

// TestNoCredentialReachesASecondHost: by a redirect, by a next link, by a link to a file; not in a header, a cookie, the query
// or a Referer. I1
func TestNoCredentialReachesASecondHost(t *testing.T) {
	t.Parallel()
	var met atomic.Int32
	second := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		met.Add(1)
		for name, values := range r.Header {
			for _, v := range values {
				if strings.Contains(v, acmeKey) || name == "Referer" || name == "Authorization" || name == "Cookie" || name == "X-Api-Key" {
					t.Errorf("%s: %s", name, v)
				}
			}
		}
		if strings.Contains(r.URL.RawQuery, acmeKey) {
			t.Errorf("the query is %s", r.URL.RawQuery)
		}
		io.WriteString(w, "id,product,amount,day\na,p1,1.10,2026-01-05\n")
	}))
	defer second.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		acme := newAcme(t, someLines(3)...)
		acme.hook = func(w http.ResponseWriter, r *http.Request, n int) bool {
			status(code, "Location", second.URL+"/lines")(w, r, n, "")
			return true
		}
		newHouse(t, acme.URL).get("start_date=2026-01").isProblem(t, "upstream_redirect")
	}
	if n := met.Load(); n != 0 {
		t.Errorf("a redirect was followed %d times", n)
	}
	acme := newAcme(t)
	serveReports(acme)
	acme.handle("/reports/j1", answerWith(`{"state":"done","url":"`+second.URL+`/report"}`))
	h := newHouse(t, acme.URL)
	if l := h.good("start_date=2026-01-05&end_date=2026-01-18&granularity=week").list(t); l.Count != 1 || met.Load() != 1 {
		t.Errorf("the file at another host: %d records, %d calls", l.Count, met.Load())
	}
}
