package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestDebugShowsWhatWasSaidAndNoCredential: none of the account's, and none that stands in a link.
func TestDebugShowsWhatWasSaidAndNoCredential(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	acme.per = 4
	h := newHouse(t, acme.URL)
	a := h.good("start_date=2026-01&limit=8&truto_response_format=debug")
	var v struct {
		Result list
		Debug  struct {
			RequestURL     string `json:"requestUrl"`
			RequestOptions struct{ Headers map[string][]string }
			Data           struct {
				Data struct{ Lines []json.RawMessage }
			}
			ResponseHeaders map[string]string
			NextCursor      *string
			IsLooping       *bool
			IsEmptyResult   *bool
			ResultCount     int
			Exchanges       []struct {
				Purpose, Method, URL string
				Status               int
				Ms                   *float64
			}
		}
	}
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatal(err)
	}
	d := v.Debug
	if v.Result.Count != 8 || d.ResultCount != 8 || d.NextCursor == nil || *d.NextCursor != *v.Result.Next || d.IsLooping == nil || *d.IsLooping || d.IsEmptyResult == nil || *d.IsEmptyResult {
		t.Errorf("got %s", a.body)
	}
	if !strings.Contains(d.RequestURL, "/lines?") || len(d.Data.Data.Lines) != 4 || d.ResponseHeaders["Content-Type"] != "application/json" {
		t.Errorf("the last exchange is %+v", d)
	}
	if key := d.RequestOptions.Headers["X-Api-Key"]; len(key) != 1 || key[0] != "[redacted]" {
		t.Errorf("the key is shown as %q", key)
	}
	if len(d.Exchanges) != 3 || d.Exchanges[0].Status != 200 || d.Exchanges[0].Ms == nil { // two pages and the lookup
		t.Errorf("the exchanges are %+v", d.Exchanges)
	}
	if strings.Contains(a.body, acmeKey) {
		t.Error("the key is in it")
	}
	plain := h.good("start_date=2026-01&limit=8")
	if got, want := a.body[len(`{"result":`):strings.Index(a.body, `,"next_cursor":`)], plain.body[:strings.Index(plain.body, `,"next_cursor":`)]; got != want {
		t.Errorf("the unified body is %s, not %s", got, want)
	}
	serveReports(acme)
	acme.handle("/download", answerWith("id,product,amount,day\na,p,1.10,2026-01-05\n"))
	a = h.good("start_date=2026-01&granularity=week&truto_response_format=debug")
	if strings.Contains(a.body, "s3cr3t-signature") || strings.Contains(a.body, acmeKey) {
		t.Errorf("a signed link is in it: %s", a.body)
	}
	for _, purpose := range []string{"submit", "poll", "download"} {
		if !strings.Contains(a.body, `"purpose":"`+purpose+`"`) {
			t.Errorf("there is no exchange to %s: %s", purpose, a.body)
		}
	}
	if !strings.Contains(a.body, `"data":"id,product,amount,day\na,p,1.10,2026-01-05\n"`) {
		t.Errorf("the table is not in it: %s", a.body)
	}
	slow := newAcme(t, twelve()...)
	said := make(chan struct{})
	slow.hook = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		io.WriteString(w, strings.Repeat(" ", 16<<20)) // more than the sockets hold: who has read it has the headers
		io.WriteString(w, slow.page(r.URL.Query()))
		close(said)
		return true
	}
	slow.handle("/teams", func(w http.ResponseWriter, _ *http.Request) {
		<-said // its answer is the last
		io.WriteString(w, `{"data":[]}`)
	})
	if a := newHouse(t, slow.URL).good("start_date=2026-01&truto_response_format=debug"); !strings.Contains(a.body, `"requestUrl":"`+slow.URL+`/lines?`) {
		t.Errorf("what was asked for names is not the request: %s", a.body)
	}
	acme.handle("/lines", answerWith(`{"data":{"lines":[]}}`))
	if a = h.good("start_date=2026-01&truto_response_format=debug"); !strings.Contains(a.body, `"isEmptyResult":true,"resultCount":0`) || !strings.Contains(a.body, `"data":{"data":{"lines":[]}}`) {
		t.Errorf("of nothing: %s", a.body)
	}
}

// TestDebugShowsAPageThatIsTooLargeForTheCache.
func TestDebugShowsAPageThatIsTooLargeForTheCache(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, bulkyLines(40, 60<<10)...)
	h := newHouse(t, acme.URL)
	a := h.good("start_date=2026-01&limit=1&truto_response_format=debug")
	if !strings.Contains(a.body, `"data":{"data":{"lines":[{"records":[{"id":"b0000"`) || !strings.Contains(a.body, `"id":"b0039"`) {
		t.Errorf("%d bytes without the page", len(a.body))
	}
}

// TestFormatsThatAreHeldStopAtTheirBound: with an error that says what to do, and not before.
func TestFormatsThatAreHeldStopAtTheirBound(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceEnabled {
		t.Skip("builds 32 MiB")
	}
	acme := newAcme(t, bulkyLines(33, 1<<20)...)
	acme.per = 4
	h := newHouse(t, acme.URL)
	for _, c := range []struct{ name, query string }{
		{"normalized", "&truto_response_format=normalized"}, {"keyed", "&truto_key_by=id&truto_ignore_remote_data=1"}, {"debug", "&truto_response_format=debug&truto_ignore_remote_data=1"},
	} {
		a := h.get("start_date=2026-01" + c.query)
		if a.status != 400 || a.code(t) != "response_too_large" || !strings.Contains(a.list(t).Message, "limit") {
			t.Errorf("%s: %d, %v, %.300s", c.name, a.status, a.broken, a.body)
		}
		if a = h.good("start_date=2026-01&limit=27" + c.query); len(a.body) < 27<<20 {
			t.Errorf("%s of less: %d bytes", c.name, len(a.body))
		}
	}
	if a := h.good("start_date=2026-01&truto_ignore_remote_data=1"); len(a.body) < 33<<20 {
		t.Errorf("a list is not held, and has %d bytes", len(a.body))
	}
}

// TestAPageDoesNotWaitForWhatTheNextOneNeeds: a provider that stalls behind the last record of a page holds up whoever
// asks for the next one.
func TestAPageDoesNotWaitForWhatTheNextOneNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, query string }{{"a page", ""}, {"a stream", asStream}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lines := someJanuaryLines(5)
			acme := newAcme(t, lines...)
			acme.hook = func(w http.ResponseWriter, r *http.Request, n int) bool {
				if n == 1 {
					fmt.Fprintf(w, `{"data":{"lines":[%s,%s,%s,`, lines[0].raw, lines[1].raw, lines[2].raw)
					http.NewResponseController(w).Flush()
					<-r.Context().Done()
				}
				return n == 1
			}
			h := newHouse(t, acme.URL)
			began := time.Now()
			a := h.good("start_date=2026-01&limit=2" + c.query)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			next := a.trailer.Get("Meterbridge-Next-Cursor")
			if c.query == "" {
				next = *a.list(t).Next
			}
			same(t, "behind it", ids(t, h.walkFrom(next, "start_date=2026-01&limit=2")), []string{"j2", "j3", "j4"})
		})
	}
}

// TestHeadOfEveryFormat: it has the headers of GET, and no body.
func TestHeadOfEveryFormat(t *testing.T) {
	t.Parallel()
	acme := newAcme(t, twelve()...)
	h := newHouse(t, acme.URL)
	for _, c := range []struct{ query, accept string }{{"", ""}, {asStream, ""}, {asRaw, ""}, {"", "text/csv"}, {"", "text/event-stream"}} {
		req, err := http.NewRequest(http.MethodHead, h.url+"/unified/usage-metering/usage?start_date=2026-01"+c.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer token-of-the-tests")
		req.Header.Set("Accept", c.accept)
		resp, err := h.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if get := h.good("start_date=2026-01"+c.query, "Accept", c.accept); err != nil || len(body) > 0 || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != get.header.Get("Content-Type") {
			t.Errorf("%s %s: %d, %v, %d bytes, %v", c.query, c.accept, resp.StatusCode, resp.Header, len(body), err)
		}
	}
}
