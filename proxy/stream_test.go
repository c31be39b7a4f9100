package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const asStream = "&truto_response_format=stream"

// twelve are items of none to three records in three pages of a month, for faults at each of them.
func twelve() []line {
	var out []line
	for i := range 12 {
		var records []string
		for k := range []int{1, 2, 0, 3}[i%4] {
			records = append(records, totalRecord(fmt.Sprintf("r%02d-%d", i, k), "2026-01-05", "1.10"))
		}
		out = append(out, linesOf("2026-01-05", records...))
	}
	return out
}

// TestAStreamSaysHowItEnded: by its trailer, by its last line for who asks for one, and by its headers.
func TestAStreamSaysHowItEnded(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	acme.per = 4
	h := newHouse(t, acme.URL)
	for _, c := range []struct {
		name, query, status string
		records             int
		more                bool
	}{
		{"complete", "", "complete", 18, false},
		{"a limit that is not reached", "&limit=1000", "complete", 18, false},
		{"a limit that is just reached", "&limit=18", "complete", 18, false},
		{"a limit one short of all", "&limit=17", "limited", 17, true},
		{"a limit at a page's end", "&limit=6", "limited", 6, true},
		{"a limit within an item", "&limit=2", "limited", 2, true},
		{"nothing", "&product_id=none", "complete", 0, false},
		{"nothing within a limit", "&product_id=none&limit=1", "complete", 0, false},
		{"ignore_limit is for pages", "&truto_ignore_limit=1", "complete", 18, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, meta := range []bool{false, true} {
				a := h.good(fmt.Sprintf("start_date=2026-01&stream_meta=%v%s%s", meta, asStream, c.query))
				s := a.stream(t)
				if s.status != c.status || len(s.records) != c.records || (s.next != "") != c.more || s.fault != "" {
					t.Errorf("meta %v: %q, %d records, cursor %q, fault %q", meta, s.status, len(s.records), s.next, s.fault)
				}
				if ct := a.header.Get("Content-Type"); ct != "application/x-ndjson; charset=utf-8" {
					t.Errorf("Content-Type is %q", ct)
				}
				if !strings.Contains(a.header.Get("Meterbridge-Range"), `"start":"2026-01-01T00:00:00Z"`) {
					t.Errorf("Meterbridge-Range is %q", a.header.Get("Meterbridge-Range"))
				}
				if !meta {
					if s.end != "" {
						t.Errorf("an end line that nobody asked for: %s", s.end)
					}
					continue
				}
				var end struct {
					Status   string
					Count    int
					Next     *string `json:"next_cursor"`
					Range    struct{ Start string }
					Warnings []any
				}
				if err := json.Unmarshal([]byte(s.end), &end); err != nil {
					t.Fatalf("%v in the end line %q", err, s.end)
				}
				if end.Status != c.status || end.Count != c.records || (end.Next != nil) != c.more || end.Range.Start == "" || end.Warnings == nil {
					t.Errorf("the end line is %s", s.end)
				}
			}
		})
	}
}

// fault breaks a page after its first k items, at their boundary or within the next.
type fault struct {
	name string
	do   func(w http.ResponseWriter, body string)
}

func faults() []fault {
	hijack := func(w http.ResponseWriter, how func(c *net.TCPConn)) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		how(conn.(*net.TCPConn))
		conn.Close()
	}
	return []fault{
		{"reset", func(w http.ResponseWriter, body string) {
			hijack(w, func(c *net.TCPConn) {
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n%s", body)
				c.SetLinger(0)
			})
		}},
		{"short of its length", func(w http.ResponseWriter, body string) {
			hijack(w, func(c *net.TCPConn) {
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n%s", body)
			})
		}},
		{"cut and ended cleanly", func(w http.ResponseWriter, body string) { io.WriteString(w, body) }},
		{"malformed", func(w http.ResponseWriter, body string) { io.WriteString(w, body+`{"records":[nope]}]}}`) }},
		{"an item that the mapping can't read", func(w http.ResponseWriter, body string) {
			io.WriteString(w, body+`{"records":[{"id":"bad1"},{"id":"bad2","charges":7}]}]}}`)
		}},
		{"a server error", func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusNotImplemented) }},
	}
}

// TestABrokenStreamResumesBehindItsLastRecord: none lost and none twice, whatever breaks it and wherever.
func TestABrokenStreamResumesBehindItsLastRecord(t *testing.T) {
	t.Parallel()
	lines := twelve()
	whole := newAcme(t, lines...)
	want := newHouse(t, whole.URL).good("start_date=2026-01" + asStream).stream(t).records
	for _, f := range faults() {
		for _, resume := range []string{"stream", "unified", "sse"} {
			t.Run(f.name+", resumed as "+resume, func(t *testing.T) {
				t.Parallel()
				acme := newAcme(t, lines...)
				acme.per = 4
				h := newHouse(t, acme.URL)
				for k := range len(lines) + 1 {
					acme.breakOnce(f, k)
					got, next := h.untilBroken(resume, "start_date=2026-01"+asStream)
					switch {
					case next == "":
						if len(got) > 0 {
							t.Fatalf("item %d: %d records and no cursor", k, len(got))
						}
						got = nil
						fallthrough
					case resume == "stream":
						got = append(got, h.good("start_date=2026-01"+asStream+"&next_cursor="+next).stream(t).records...)
					case resume == "unified":
						got = append(got, h.walkFrom(next, "start_date=2026-01&limit=5")...)
					default:
						for _, e := range events(t, h.good("start_date=2026-01", "Accept", "text/event-stream", "Last-Event-ID", next).body) {
							if e.kind == "record" {
								got = append(got, e.data)
							}
						}
					}
					same(t, fmt.Sprintf("broken at item %d", k), got, want)
				}
			})
		}
	}
}

// breakOnce lets the page with item k break there, the first time it is asked for.
func (a *acme) breakOnce(f fault, k int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	broken := false
	page := min(k/a.per, (len(a.lines)-1)/a.per)
	a.hook = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		at := 0
		fmt.Sscanf(r.URL.Query().Get("cursor"), "o%d", &at)
		if broken || at != page*a.per {
			return false
		}
		broken = true
		body := `{"data":{"lines":[`
		for i := at; i < k; i++ {
			body += a.lines[i].raw + ","
		}
		f.do(w, body)
		return true
	}
}

// untilBroken reads a stream that breaks: its records, and where it goes on.
func (h *house) untilBroken(as, query string) (records []string, next string) {
	h.t.Helper()
	if as == "sse" {
		a := h.get(query, "Accept", "text/event-stream")
		if a.status != http.StatusOK {
			return nil, ""
		}
		kind := ""
		for _, e := range events(h.t, a.body) {
			if kind = e.kind; kind == "record" {
				records, next = append(records, e.data), e.id
			}
		}
		if kind != "error" {
			h.t.Fatalf("the last event is %q", kind)
		}
		return records, next
	}
	a := h.get(query)
	if a.broken != nil {
		h.t.Fatalf("the stream itself broke: %v", a.broken)
	}
	if a.status != http.StatusOK {
		var p struct {
			Code string
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || p.Code == "" {
			h.t.Fatalf("%d %s", a.status, a.body)
		}
		return nil, p.Next
	}
	s := a.stream(h.t)
	if s.fault == "" || s.status != "error" || s.next == "" {
		h.t.Fatalf("the stream ended with %q, fault %q, cursor %q", s.status, s.fault, s.next)
	}
	return s.records, s.next
}

// TestCheckpointsLeadOn: each of them, and the cursor of each event, is as good as the end's.
func TestCheckpointsLeadOn(t *testing.T) {
	t.Parallel()
	var lines []line
	for i := range 25 {
		var records []string
		for k := range 100 {
			records = append(records, fmt.Sprintf(`{"id":"%02d-%02d","start_date":"2026-01-05T00:00:00Z"}`, i, k))
		}
		lines = append(lines, linesOf("2026-01-05", records...))
	}
	acme := newAcme(t, lines...)
	acme.per = 6
	h := newHouse(t, acme.URL)
	const q = "start_date=2026-01&truto_ignore_remote_data=1" + asStream
	s := h.good(q + "&stream_meta=true").stream(t)
	if len(s.records) != 2500 || len(s.checkpoints) != 2 {
		t.Fatalf("%d records, %d checkpoints", len(s.records), len(s.checkpoints))
	}
	for i, c := range s.checkpoints {
		rest := h.good(q + "&next_cursor=" + c).stream(t)
		same(t, "behind a checkpoint", rest.records, s.records[1000*(i+1):])
		l := h.good("start_date=2026-01&truto_ignore_remote_data=1&limit=3&next_cursor=" + c).list(t)
		for k, r := range l.Result {
			if string(r) != s.records[1000*(i+1)+k] {
				t.Errorf("unified goes on with %s", r)
			}
		}
	}
	// And a cursor of unified leads on as a stream.
	l := h.good("start_date=2026-01&truto_ignore_remote_data=1&limit=777").list(t)
	same(t, "behind a page", h.good(q+"&next_cursor="+*l.Next).stream(t).records, s.records[777:])
}

// event is one server-sent event.
type event struct{ kind, id, data string }

func events(t testing.TB, body string) []event {
	t.Helper()
	var out []event
	for block := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		var e event
		for l := range strings.SplitSeq(block, "\n") {
			name, value, ok := strings.Cut(l, ": ")
			switch {
			case strings.HasPrefix(l, ":"):
			case !ok:
				t.Fatalf("%q is no line of an event", l)
			case name == "event":
				e.kind = value
			case name == "id":
				e.id = value
			case name == "data":
				e.data = value
			default:
				t.Fatalf("an event has no %q", name)
			}
		}
		out = append(out, e)
	}
	return out
}

// TestServerSentEventsResumeByTheirIds: after each of them.
func TestServerSentEventsResumeByTheirIds(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	acme.per = 4
	h := newHouse(t, acme.URL)
	want := h.good("start_date=2026-01" + asStream).stream(t).records
	a := h.good("start_date=2026-01", "Accept", "text/event-stream")
	if ct := a.header.Get("Content-Type"); ct != "text/event-stream; charset=utf-8" || a.trailer.Get("Meterbridge-Status") != "complete" {
		t.Errorf("Content-Type is %q, the status %q", ct, a.trailer.Get("Meterbridge-Status"))
	}
	all := events(t, a.body)
	if last := all[len(all)-1]; last.kind != "end" || !strings.HasPrefix(last.data, `{"status":"complete","count":18,"next_cursor":null,`) {
		t.Errorf("the last event is %+v", last)
	}
	for i, e := range all[:len(all)-1] {
		if e.kind != "record" || e.data != want[i] || e.id == "" {
			t.Fatalf("event %d is %+v", i, e)
		}
		var rest []string
		for _, e := range events(t, h.good("start_date=2026-01", "Accept", "text/event-stream", "Last-Event-ID", e.id).body) {
			if e.kind == "record" {
				rest = append(rest, e.data)
			}
		}
		same(t, "behind event "+fmt.Sprint(i), rest, want[i+1:])
	}
	acme.breakOnce(faults()[0], 10)
	all = events(t, h.good("start_date=2026-01", "Accept", "text/event-stream").body)
	if last := all[len(all)-1]; last.kind != "error" || !strings.HasPrefix(last.data, `{"error":{"statusCode":502,`) || !strings.Contains(last.data, `"next_cursor":"c1.`) {
		t.Errorf("the last event is %+v", last)
	}
	limited := events(t, h.good("start_date=2026-01&limit=3", "Accept", "text/event-stream").body)
	if last := limited[len(limited)-1]; last.kind != "end" || !strings.Contains(last.data, `"status":"limited"`) || !strings.Contains(last.data, `"next_cursor":"c1.`) {
		t.Errorf("the last event is %+v", last)
	}
}

// TestALineOfAStreamIsOneRecord: whatever line ends the provider's items have.
func TestALineOfAStreamIsOneRecord(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, line{"2026-01-05", "{\r\n\t\"records\": [\n" + totalRecord("a", "2026-01-05", "1.10") + "\n],\n \"text\": \"two\\nlines\", \"sep\": \"\u2028\" }"})
	h := newHouse(t, acme.URL)
	s := h.good("start_date=2026-01" + asStream).stream(t)
	if len(s.records) != 1 {
		t.Fatalf("%d lines: %q", len(s.records), s.records)
	}
	unified := h.good("start_date=2026-01").list(t).Result[0]
	if encode(t, decode(t, []byte(s.records[0]))) != encode(t, decode(t, unified)) {
		t.Errorf("the line is %s", s.records[0])
	}
	if e := events(t, h.good("start_date=2026-01", "Accept", "text/event-stream").body); len(e) != 2 || e[0].data != s.records[0] {
		t.Errorf("the events are %q", e)
	}
}

// TestWarningsOfAStreamAreHeadersAndTrailers: known at its start, and at its end.
func TestWarningsOfAStreamAreHeadersAndTrailers(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	acme.handle("/teams", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	h := newHouse(t, acme.URL)
	a := h.good("start_date=2026-01&nonsense=1" + asStream)
	if w := a.header.Values("Meterbridge-Warning"); len(w) == 0 || !strings.HasPrefix(w[0], "unknown_parameter ") {
		t.Errorf("headers: %q", w)
	}
	if w := a.trailer.Values("Meterbridge-Warning"); !slices.ContainsFunc(w, func(s string) bool { return strings.HasPrefix(s, "lookup_failed ") }) {
		t.Errorf("trailers: %q", w)
	}
}

// TestAStreamThatCanNotBeginIsAStatus.
func TestAStreamThatCanNotBeginIsAStatus(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	acme.hook = failOn(1)
	h := newHouse(t, acme.URL)
	for i, accept := range []string{"", "text/event-stream"} {
		acme.mu.Lock()
		acme.pages = 0
		acme.mu.Unlock()
		a := h.get("start_date=2026-01"+asStream, "Accept", accept)
		if a.status != http.StatusBadGateway || a.header.Get("Content-Type") != "application/json; charset=utf-8" || a.code(t) != "upstream_failed" || len(a.trailer) > 0 {
			t.Errorf("%d: %d %v %s", i, a.status, a.header, a.body)
		}
	}
	if a := h.get("start_date=2026-01&next_cursor=" + url.QueryEscape("c1.nonsense") + asStream); a.status != 400 || a.code(t) != "cursor_invalid" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
