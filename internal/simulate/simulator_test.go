package simulate

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// client talks to a simulator as a provider's client does.
type client struct {
	t    *testing.T
	base string
	sim  *Simulator
	http *http.Client
}

func newClient(t *testing.T, shift bool, now string) *client {
	t.Helper()
	tapes, err := LoadAll(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	sim, err := New(Config{Cassettes: tapes, Shift: shift, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	c := srv.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{t: t, base: srv.URL, sim: sim, http: c}
}

const (
	basic   = "Authorization: Basic ZGVtby1rZXk6ZGVtby1zZWNyZXQ="
	noShift = "2026-10-05T12:00:00Z"
)

func (c *client) do(method, target, body string, header ...string) (*http.Response, string, error) {
	c.t.Helper()
	if !strings.HasPrefix(target, "http") {
		target = c.base + target
	}
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, h := range header {
		k, v, _ := strings.Cut(h, ": ")
		req.Header.Set(k, v)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res, string(text), err
}

// want demands a status and gives the body.
func (c *client) want(status int, method, target, body string, header ...string) string {
	c.t.Helper()
	res, text, err := c.do(method, target, body, header...)
	if err != nil {
		c.t.Fatal(err)
	}
	if res.StatusCode != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, target, res.StatusCode, status, text)
	}
	return text
}

var idText = regexp.MustCompile(`"id": "([^"]*)"`)

func ids(body string) string {
	var out []string
	for _, m := range idText.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return strings.Join(out, " ")
}

func costs(start, end string) string {
	return "/acme/v1/costs?start_date=" + start + "&end_date=" + end
}

func TestReplayIsExact(t *testing.T) {
	c := newClient(t, false, noShift)
	page := c.want(200, "GET", costs("2026-09-01", "2026-10-01")+"&page_size=1", "", basic)
	want := `{
  "data": [
    {"id": "a1", "start_date": "2026-09-01", "end_date": "2026-09-02", "amount": 1.10, "created": "2026-08-15T10:00:00Z"},
    {"id": "a28", "start_date": "2026-09-28 00:00:00", "end_date": "2026-09-29 00:00:00", "amount": 2}
  ],
  "next": "` + c.base + `/acme/v1/costs?start_date=2026-09-01&end_date=2026-10-01&page_size=1&page_token=p2"
}
`
	if page != want {
		t.Errorf("page one is\n%s\nwant\n%s", page, want)
	}
	var first struct{ Next string }
	if err := json.Unmarshal([]byte(page), &first); err != nil {
		t.Fatal(err)
	}
	if got := ids(c.want(200, "GET", first.Next, "", basic)); got != "b5" {
		t.Errorf("page two has %q", got)
	}
	if got := c.sim.Hits("acme"); got["costs"] != 1 || got["costs-2"] != 1 {
		t.Errorf("hits are %v", got)
	}
}

func TestItemsFollowTheRange(t *testing.T) {
	cases := []struct {
		name       string
		shift      bool
		now        string
		path       string
		ids        string
		has, hasNo []string
	}{
		{name: "replay drops what the range does not hold", now: noShift, path: costs("2026-09-01", "2026-09-28"), ids: "a1"},
		{name: "replay knows its own month alone", now: noShift, path: costs("2026-08-01", "2026-09-02"), ids: "a1"},
		{name: "fill tells every day", shift: true, now: "2026-10-05T12:00:00Z", path: costs("2026-02-26", "2026-03-02"),
			ids: "a1-20260226 a1-20260227 a28-20260228 a1-20260301",
			has: []string{`"start_date": "2026-02-28 00:00:00", "end_date": "2026-03-01 00:00:00"`, `"start_date": "2026-02-26", "end_date": "2026-02-27"`, `"created": "2026-01-15T10:00:00Z"`}},
		{name: "fill leaves the cassette's own days alone", shift: true, now: "2026-10-05T12:00:00Z", path: costs("2026-09-01", "2026-09-03"), ids: "a1 a1-20260902"},
		{name: "the future is empty", shift: true, now: "2026-10-05T12:00:00Z", path: costs("2026-10-04", "2026-10-31"), ids: "a1-20261004 a1-20261005"},
		{name: "a month is repeated for each month asked for", shift: true, now: "2026-10-05T12:00:00Z", path: costs("2026-07-01", "2026-10-01") + "&page_token=p2", ids: "b5-202607 b5-202608 b5"},
		{name: "twelve months back", shift: true, now: "2026-10-05T12:00:00Z", path: costs("2025-10-05", "2025-11-01") + "&page_token=p2", ids: "b5-202510"},
		{name: "thirteen months back", shift: true, now: "2026-10-05T12:00:00Z", path: costs("2025-09-01", "2025-10-01") + "&page_token=p2"},
		{name: "an age that the exchange holds", shift: true, now: "2026-10-05T12:00:00Z", path: "/acme/v1/mtd?month=2026-09", has: []string{`[{"month": "2026-09", "cost": 1}]`}},
		{name: "an age past it", shift: true, now: "2026-10-05T12:00:00Z", path: "/acme/v1/mtd?month=2026-08", has: []string{`[]`}},
		{name: "ages hold in a replay too", now: noShift, path: "/acme/v1/mtd?month=2026-09", has: []string{`"cost"`}},
		{name: "no range: the clock's month, a month's end stays one", shift: true, now: "2027-02-03T00:00:00Z", path: "/acme/v1/forecast", ids: "f-202702", has: []string{"2027-02-28T00:00:00Z"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := newClient(t, tc.shift, tc.now)
			body := c.want(200, "GET", tc.path, "", basic)
			if got := ids(body); got != tc.ids {
				t.Errorf("items are %q, want %q", got, tc.ids)
			}
			for _, h := range tc.has {
				if !strings.Contains(body, h) {
					t.Errorf("%s is missing in %s", h, body)
				}
			}
			if !json.Valid([]byte(body)) {
				t.Errorf("not JSON: %s", body)
			}
		})
	}
}

func TestJob(t *testing.T) {
	c := newClient(t, true, "2026-10-05T12:00:00Z")
	submit := `{"startDate":"2026-07-02","endDate":"2026-08-01","options":[{"kind":"x\"y","n":1}],"more":true}`
	var job struct{ JobID string }
	if err := json.Unmarshal([]byte(c.want(200, "POST", "/acme/v1/report", submit, basic, "Accept: application/json")), &job); err != nil {
		t.Fatal(err)
	}
	status := "/acme/v1/report/" + job.JobID + "/status"
	if got := c.want(200, "GET", status, "", basic); !strings.Contains(got, "InProgress") {
		t.Errorf("the first poll says %s", got)
	}
	var done struct{ Status, From, URL string }
	for range 2 {
		if err := json.Unmarshal([]byte(c.want(200, "GET", status, "", basic)), &done); err != nil {
			t.Fatal(err)
		}
	}
	if done.Status != "Success" || done.From != "2026-07-02 to 2026-08" {
		t.Errorf("the later polls say %+v", done)
	}
	u, err := url.Parse(done.URL)
	if err != nil || u.Hostname() != "localhost" {
		t.Fatalf("the download is at %s, want another host", done.URL)
	}
	own := c.base + u.RequestURI() // the test's listener may not have the other name
	want := "Date,\"Total, all\",Month\n07/02/26,\"1,000.00\",2026-07\n08/01/26,12.50,2026-08\n"
	if got := c.want(200, "GET", own, ""); got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
	c.want(400, "GET", own, "", basic)
	c.want(404, "GET", "/acme/v1/report/99/status", "", basic)

	short := `{"startDate":"2026-09-01","endDate":"2026-09-30","short":true}`
	if err := json.Unmarshal([]byte(c.want(200, "POST", "/acme/v1/report", short, basic)), &job); err != nil {
		t.Fatal(err)
	}
	if got := c.want(200, "GET", "/acme/download/"+job.JobID+".csv?X-Expires=600", ""); got != "Date,Total\n09/01/26,7\n" {
		t.Errorf("the report of the other exchange is %q", got)
	}
}

func TestCredentials(t *testing.T) {
	c := newClient(t, false, noShift)
	for name, header := range map[string]string{"missing": "X: y", "wrong": "Authorization: Basic eDp5"} {
		if got := c.want(401, "GET", costs("2026-09-01", "2026-10-01"), "", header); !strings.Contains(got, "bad key") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if n := c.sim.Hits("acme")["costs"]; n != 0 {
		t.Errorf("refused requests count as %d hits", n)
	}

	form, grant := "Content-Type: application/x-www-form-urlencoded", "grant_type=client_credentials"
	if got := c.want(401, "POST", "/globex/oauth/token", grant, form); !strings.Contains(got, "invalid_client") {
		t.Errorf("a wrong client: %s", got)
	}
	var tok struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(c.want(200, "POST", "/globex/oauth/token", grant, form, "Authorization: Basic ZGVtbzpzM2NyZXQ=")), &tok); err != nil {
		t.Fatal(err)
	}
	usage := "/globex/api/usage?filter=" + url.QueryEscape("month eq '2026-09'")
	c.want(401, "GET", usage, "", "Authorization: Bearer made-up")
	page := c.want(200, "GET", usage, "", "Authorization: Bearer "+tok.Token)
	if !strings.Contains(page, "&page=2") || ids(page) != "u1" {
		t.Errorf("page one is %s", page)
	}
	if got := ids(c.want(200, "GET", usage+"&page=2", "", "Authorization: Bearer "+tok.Token)); got != "u2" {
		t.Errorf("page two has %q", got)
	}
	c.want(204, "DELETE", "/_simulate/tokens?connector=globex", "")
	c.want(401, "GET", usage, "", "Authorization: Bearer "+tok.Token)
}

func TestMonthsOfAFilter(t *testing.T) {
	c := newClient(t, true, "2026-10-05T12:00:00Z")
	c.sim.tapes["globex"].tokens["x"] = true
	filter := url.QueryEscape("(month eq '2026-10' or month eq '2026-06') and account_id eq 'a'")
	got := c.want(200, "GET", "/globex/api/usage?filter="+filter, "", "Authorization: Bearer x")
	if ids(got) != "u1-202606 u1-202610" || !strings.Contains(got, `"month": "2026-06"`) {
		t.Errorf("the months are %s", got)
	}
}
