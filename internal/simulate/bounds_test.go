package simulate

import (
	"strings"
	"testing"
)

const boundTape = okMeta + `-- exchange/days --
GET /days?from={start:date}&to={end:last_date}
max_days: 31

200
-- exchange/month --
GET /month?from={start:time}&to={end:time}
within: month

200
-- exchange/day --
GET /day?from={start:unix}&to={end:unix}
within: day

200
-- exchange/reset --
GET /reset
auth: none

200
Content-Type: application/json
X-Reset: {now:unix}

{"reset": {now+60:unix}, "day": "{now+86400:date}", "text": "{now+:unix} {now:later} {then:unix}"}
-- answer/rate_limited --
429
X-Reset: {now+30:unix_ms}
`

func ofTape(t *testing.T, text string) *client {
	t.Helper()
	c, err := Parse("acme.txtar", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	cl := newClient(t, false, noShift)
	cl.sim.tapes["acme"].Cassette = c
	return cl
}

func TestRangesThatAProviderRefuses(t *testing.T) {
	cl := ofTape(t, boundTape)
	for _, c := range []struct {
		name, target string
		status       int
		says         string
	}{
		{"as many days as it takes", "/days?from=2026-09-01&to=2026-10-01", 200, ""},
		{"a day more", "/days?from=2026-09-01&to=2026-10-02", 400, "exchange/days: the range is 2026-09-01T00:00:00Z to 2026-10-03T00:00:00Z (exclusive), and may have 31 days at most"},
		{"a whole month", "/month?from=2026-09-01T00:00:00Z&to=2026-10-01T00:00:00Z", 200, ""},
		{"a second of the next", "/month?from=2026-09-01T00:00:00Z&to=2026-10-01T00:00:01Z", 400, "has to lie inside one month"},
		{"a whole day", "/day?from=1788220800&to=1788307200", 200, ""},
		{"a second of the day after", "/day?from=1788220800&to=1788307201", 400, "has to lie inside one day"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl.t = t
			if body := cl.want(c.status, "GET", "/acme"+c.target, "", "X-Key: demo"); !strings.Contains(body, c.says) {
				t.Errorf("it says %s", body)
			}
		})
	}
	cl.t = t
	cl.want(401, "GET", "/acme/days?from=2026-09-01&to=2026-10-02", "") // who may not ask learns nothing of ranges
}

func TestTheClockInAnswers(t *testing.T) {
	cl := ofTape(t, boundTape)
	res, body, err := cl.do("GET", "/acme/reset", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("X-Reset"); got != "1791201600" {
		t.Errorf("the header is %q", got)
	}
	if want := `{"reset": 1791201660, "day": "2026-10-06", "text": "{now+:unix} {now:later} {then:unix}"}`; strings.TrimSpace(body) != want {
		t.Errorf("the body is %s", body)
	}
	cl.want(201, "POST", "/_simulate/faults?connector=acme&fault=rate_limited", "")
	if res, _, _ = cl.do("GET", "/acme/reset", ""); res.Header.Get("X-Reset") != "1791201630000" {
		t.Errorf("the fault's header is %q", res.Header.Get("X-Reset"))
	}
	if body := cl.want(400, "POST", "/_simulate/faults?connector=acme&fault=answer/rate_limited", ""); !strings.Contains(body, "by its name after answer/: rate_limited") {
		t.Errorf("a fault of another name: %s", body)
	}
}
