package proxy_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const asRaw = "&truto_response_format=raw"

// TestRawIsTheProvidersBytes: nothing of them is parsed, sliced or written again.
func TestRawIsTheProvidersBytes(t *testing.T) {
	t.Parallel()
	item := `{"records":[` + totalRecord("a", "2026-01-05", "1.10") + `]}`
	for _, c := range []struct{ name, query, path, contentType, body string }{
		{"white space and member order", "", "/lines", "application/json", " \n{\t\"zeta\" : 1.50,\r\n \"data\": { \"lines\" :[ " + item + " ,\n" + item + "]} , \"alpha\":null }\n\n"},
		{"a byte order mark", "", "/lines", "application/json; charset=utf-8", "\xEF\xBB\xBF{\"data\":{\"lines\":[" + item + "]}}"},
		{"characters beyond ASCII, escaped and not", "", "/lines", "application/vnd.acme+json", `{"data":{"lines":[{"records":[],"n":"Zürich \u00fc 日本 🜁 \/"}]}}`},
		{"duplicate keys and odd numbers", "", "/lines", "application/json", `{"a":1,"a":2,"data":{"lines":[{"records":[],"n":1E400}]}}`},
		{"a table", "&granularity=month", "/table.csv", "text/csv; header=present; charset=iso-8859-1", "\xEF\xBB\xBFid,product,amount,day\r\na,\"p \"\"1\"\"\",1.10,2026-01-05\r\nb,p,2,2026-01-06"},
		{"a table of a report", "&granularity=week", "/download", "application/octet-stream", "id,product,amount,day\na,p,1,2026-01-05\n"},
		{"a list of nothing", "", "/lines", "application/json", `{ "data":{"lines":[ ]}}`},
		{"what is not the list it should be", "", "/lines", "application/json", `{"data":{"rows":[1,2,3]}}`},
		{"what is no JSON", "", "/lines", "text/plain", "it is a fine day\n"},
		{"a list that is malformed in its middle", "", "/lines", "application/json", `{"data":{"lines":[{"records":[]},{"n":NaN},{"n":2}]}}` + strings.Repeat(" ", 100_000) + "."},
		{"nothing at all", "", "/lines", "application/json", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t)
			serveReports(acme)
			acme.handle(c.path, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				io.WriteString(w, c.body)
			})
			a := newHouse(t, acme.URL).good("start_date=2026-01" + c.query + asRaw)
			if a.body != c.body {
				t.Errorf("got  %q\nwant %q", a.body, c.body)
			}
			if got := a.header.Get("Content-Type"); got != c.contentType {
				t.Errorf("Content-Type is %q, not %q", got, c.contentType)
			}
			if a.header.Get("Meterbridge-Next-Cursor") != "" {
				t.Error("there is a cursor and nothing to follow")
			}
			if !strings.Contains(a.header.Get("Meterbridge-Range"), `"start":"202`) {
				t.Errorf("Meterbridge-Range is %q", a.header.Get("Meterbridge-Range"))
			}
		})
	}
}

// TestRawSaysThatItCanNotFindANextPage: without a cursor a client takes the answer for the last.
func TestRawSaysThatItCanNotFindANextPage(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.handle("/lines", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<no>") })
	a := newHouse(t, acme.URL).good("start_date=2026-01" + asRaw)
	if w := a.header.Get("Meterbridge-Warning"); a.body != "<no>" || !strings.HasPrefix(w, "answer_unreadable ") {
		t.Errorf("the warning is %q, the body %q", w, a.body)
	}
}

// TestRawFollowsThePagesOfTheProvider: limit is its page size, the cursor is in the header, and what is empty is passed over.
func TestRawFollowsThePagesOfTheProvider(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, totalLine("a", "2026-01-02", "1"), totalLine("b", "2026-01-03", "2"), totalLine("c", "2026-01-04", "3"), totalLine("d", "2026-03-01", "4"))
	h := newHouse(t, acme.URL)
	var bodies []string
	next := ""
	for {
		a := h.good("start_date=2026-01&end_date=2026-03&limit=2" + asRaw + "&next_cursor=" + next)
		bodies = append(bodies, a.body)
		if next = a.header.Get("Meterbridge-Next-Cursor"); next == "" {
			break
		}
	}
	if len(bodies) != 3 || !strings.Contains(bodies[0], `"b"`) || !strings.Contains(bodies[1], `"c"`) || !strings.Contains(bodies[2], `"d"`) {
		t.Errorf("the pages are %q", bodies)
	}
	if !slices.ContainsFunc(acme.calls, func(c string) bool { return strings.Contains(c, "size=2") && strings.Contains(c, "cursor=o2") }) {
		t.Errorf("the provider was asked %q", acme.calls)
	}
	if n := acme.asked("/teams"); n != 0 {
		t.Errorf("names were looked up %d times for bytes that nobody maps", n)
	}
	if got := ids(t, h.walk("start_date=2026-01&end_date=2026-03&limit=1")); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("unified has %v", got)
	}
}

// TestRawCursorsLeadOnInUnified: a page that gave items is not forgotten where a call to fall back on is decided.
func TestRawCursorsLeadOnInUnified(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.handle("/final", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			fmt.Fprintf(w, `{"data":{"lines":[%s]},"meta":{"next":"2"}}`, linesOf("", totalRecord("a", "2026-01-05", "1")).raw)
			return
		}
		io.WriteString(w, `{"data":{"lines":[]}}`)
	})
	acme.handle("/estimate", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"data":{"lines":[%s]}}`, linesOf("", totalRecord("z", "2026-01-05", "9")).raw)
	})
	h := newHouse(t, acme.URL)
	a := h.good("start_date=2026-01&granularity=hour" + asRaw)
	next := a.header.Get("Meterbridge-Next-Cursor")
	if next == "" || !strings.Contains(a.body, `"a"`) {
		t.Fatalf("the first page is %q, its cursor %q", a.body, next)
	}
	for _, format := range []string{"unified", "raw"} {
		if b := h.good("start_date=2026-01&granularity=hour&truto_response_format=" + format + "&next_cursor=" + next).body; strings.Contains(b, `"z"`) {
			t.Errorf("%s fell back on an estimate for a window that has records: %s", format, b)
		}
	}
}

// TestRawFallsBackLikeUnified: an empty answer is no answer where another call stands in for it.
func TestRawFallsBackLikeUnified(t *testing.T) {
	t.Parallel()
	for name, final := range map[string]http.HandlerFunc{
		"an empty list": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"data":{"lines":[]}}`) },
		"an error that means nothing": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"error":"nothing"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t)
			acme.handle("/final", final)
			body := fmt.Sprintf(`{"data":{"lines":[%s]}}`, linesOf("", totalRecord("z", "2026-01-05", "9")).raw)
			acme.handle("/estimate", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) })
			h := newHouse(t, acme.URL)
			if a := h.good("date=2026-01-05&granularity=hour" + asRaw); a.body != body {
				t.Errorf("raw is %q", a.body)
			}
			if l := h.good("date=2026-01-05&granularity=hour").list(t); l.Count != 1 {
				t.Errorf("unified has %d records", l.Count)
			}
			acme.handle("/estimate", final)
			if a := h.get("date=2026-01-05&granularity=hour" + asRaw); a.status >= 300 {
				t.Errorf("raw of nothing is %d %s", a.status, a.body)
			}
			if l := h.good("date=2026-01-05&granularity=hour").list(t); l.Count != 0 || len(l.Warnings) != 1 || l.Warnings[0].Code != "no_data_yet" {
				t.Errorf("unified of nothing is %+v", l)
			}
		})
	}
}

// TestRawThatBreaksIsNeverACleanEnd: before a mebibyte it is a status, after it a broken connection.
func TestRawThatBreaksIsNeverACleanEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		bytes int
		clean bool
	}{{"before the first mebibyte", 900 << 10, true}, {"after it", 1200 << 10, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t)
			acme.handle("/lines", func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, `{"data":{"lines":[`+strings.Repeat(`{"records":[]},`, c.bytes/15))
				http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			})
			a := newHouse(t, acme.URL).get("start_date=2026-01" + asRaw)
			switch {
			case c.clean && (a.status != http.StatusBadGateway || a.broken != nil || a.code(t) != "upstream_reset"):
				t.Errorf("%d, %v, %.200s", a.status, a.broken, a.body)
			case !c.clean && (a.status != http.StatusOK || a.broken == nil):
				t.Errorf("%d with %d bytes ended cleanly", a.status, len(a.body))
			}
		})
	}
}

// TestALargeRawAnswerHasItsCursorInTheTrailer: its headers left long before.
func TestALargeRawAnswerHasItsCursorInTheTrailer(t *testing.T) {
	t.Parallel()
	body := `{"meta":{"next":"o1"},"data":{"lines":[` + strings.TrimSuffix(strings.Repeat(`{"records":[]},`, 100_000), ",") + `]}}`
	acme := newAcme(t)
	acme.handle("/lines", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Limit", "7")
		io.WriteString(w, body)
	})
	a := newHouse(t, acme.URL).good("start_date=2026-01" + asRaw)
	if a.body != body || a.trailer.Get("Meterbridge-Next-Cursor") == "" || a.header.Get("ratelimit-limit") != "7" || a.header.Get("Meterbridge-Range") == "" {
		t.Errorf("%d bytes of %d, trailer %v, header %v", len(a.body), len(body), a.trailer, a.header)
	}
}

// serveReports answers for acme's jobs: done at the first poll, with the download at /download.
func serveReports(a *acme) {
	a.handle("/reports", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"job":"j1"}`) })
	a.handle("/reports/j1", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"state":"done","url":"%s/download?sig=s3cr3t-signature"}`, a.URL)
	})
	if a.paths["/download"] == nil {
		a.handle("/download", func(w http.ResponseWriter, _ *http.Request) {
			c := csv.NewWriter(w)
			c.Write([]string{"id", "product", "amount", "day"})
			for _, l := range a.lines {
				c.Write(strings.Split(l.raw, ","))
			}
			c.Flush()
		})
	}
}

// TestRawDoesNotReadItsItems: what leads on stands beside them, and what is wrong with one of them is for others to find.
func TestRawDoesNotReadItsItems(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	const odd = `{"data":{"lines":[{"records":[]},{"records":NaN}]},"meta":{"next":"more"}}`
	acme.handle("/lines", answerWith(odd))
	h := newHouse(t, acme.URL)
	a := h.good("start_date=2026-01&" + strings.TrimPrefix(asRaw, "&"))
	if a.body != odd || a.header.Get("Meterbridge-Next-Cursor") == "" || a.header.Get("Meterbridge-Warning") != "" {
		t.Errorf("%q, %v", a.body, a.header)
	}
}
