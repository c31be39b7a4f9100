package simulate

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	month := costs("2026-09-01", "2026-10-01")
	type step struct {
		path   string
		status int // 0: the body breaks off
	}
	cases := []struct {
		name, fault string
		steps       []step
		header      map[string]string // of the first answer
		body        string            // in the first answer
	}{
		{name: "the cassette's answer of that status", fault: "fault=429", steps: []step{{month, 429}, {month, 200}}, header: map[string]string{"Retry-After": "7", "X-Ratelimit-Remaining": "0"}},
		{name: "another retry time", fault: "fault=429&retry_after=3&times=2", steps: []step{{month, 429}, {month, 429}, {month, 200}}, header: map[string]string{"Retry-After": "3"}},
		{name: "an answer by name", fault: "fault=moved", steps: []step{{month, 301}, {month, 200}}},
		{name: "a status without an answer", fault: "fault=503", steps: []step{{month, 503}, {month, 200}}, body: "a fault that was asked for"},
		{name: "until cleared", fault: "fault=500&times=0", steps: []step{{month, 500}, {month, 500}, {month, 500}}},
		{name: "after some", fault: "fault=403&skip=1", steps: []step{{month, 200}, {month, 403}, {month, 200}}},
		{name: "on a path", fault: "fault=403&path=/v1/forecast", steps: []step{{month, 200}, {"/acme/v1/forecast", 403}, {"/acme/v1/forecast", 200}}},
		{name: "cut", fault: "fault=cut", steps: []step{{month, 0}, {month, 200}}},
		{name: "cut while compressed", fault: "fault=cut", steps: []step{{"/acme/v1/forecast", 0}}},
		{name: "slow", fault: "fault=slow&delay=1ms", steps: []step{{month, 200}}, body: "a28"},
		{name: "stall", fault: "fault=stall&delay=1ms", steps: []step{{month, 200}}, body: "a28"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := newClient(t, false, noShift)
			c.want(201, "POST", "/_simulate/faults?connector=acme&"+tc.fault, "")
			for i, s := range tc.steps {
				res, body, err := c.do("GET", s.path, "", basic)
				if s.status == 0 {
					if err == nil {
						t.Fatalf("step %d: the body ended cleanly: %s", i, body)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if res.StatusCode != s.status {
					t.Fatalf("step %d: status %d, want %d", i, res.StatusCode, s.status)
				}
				for k, v := range tc.header {
					if got := res.Header.Get(k); i == 0 && got != v {
						t.Errorf("%s is %q, want %q", k, got, v)
					}
				}
				if i == 0 && !strings.Contains(body, tc.body) {
					t.Errorf("%q is missing in %s", tc.body, body)
				}
			}
			c.want(204, "DELETE", "/_simulate/faults", "")
			c.want(200, "GET", month, "", basic)
		})
	}
}

func TestMalformedEndsCleanly(t *testing.T) {
	c := newClient(t, false, noShift)
	whole := c.want(200, "GET", costs("2026-09-01", "2026-10-01"), "", basic)
	c.want(201, "POST", "/_simulate/faults?connector=acme&fault=malformed", "")
	if got := c.want(200, "GET", costs("2026-09-01", "2026-10-01"), "", basic); got != whole[:len(whole)/2] {
		t.Errorf("the body is %q", got)
	}
}

func TestStallLeavesWithTheClient(t *testing.T) {
	c := newClient(t, false, noShift)
	c.want(201, "POST", "/_simulate/faults?connector=acme&fault=stall", "")
	c.http = &http.Client{Timeout: 20 * time.Millisecond}
	if _, _, err := c.do("GET", costs("2026-09-01", "2026-10-01"), "", basic); err == nil {
		t.Error("a stalled request was answered")
	}
}

func TestFaultsAreChecked(t *testing.T) {
	c := newClient(t, false, noShift)
	for query, status := range map[string]int{
		"connector=acme&fault=299": 400, "connector=acme&fault=300": 201,
		"connector=acme&fault=599": 201, "connector=acme&fault=600": 400,
		"connector=acme&fault=nonsense": 400, "connector=acme": 400, "fault=429": 400, "connector=nobody&fault=429": 404,
		"connector=acme&fault=429&times=x": 400, "connector=acme&fault=429&skip=-1": 400,
		"connector=acme&fault=slow&delay=10m": 201, "connector=acme&fault=slow&delay=10m1ms": 400,
	} {
		c.want(status, "POST", "/_simulate/faults?"+query, "")
	}
	if got := c.want(200, "GET", "/_simulate/faults?connector=acme", ""); strings.Count(got, `"fault"`) != 3 {
		t.Errorf("the faults that are left: %s", got)
	}
	c.want(404, "GET", "/_simulate/nothing", "")
	c.want(200, "GET", "/", "")
}

func TestScale(t *testing.T) {
	c := newClient(t, true, "2026-10-05T12:00:00Z")
	for n, status := range map[string]int{"0": 400, strconv.Itoa(maxScale): 204, strconv.Itoa(maxScale + 1): 400} {
		c.want(status, "POST", "/_simulate/scale?connector=acme&times="+n, "")
	}
	c.want(204, "POST", "/_simulate/scale?connector=acme&times=3", "")
	got := c.want(200, "GET", costs("2026-08-01", "2026-10-01")+"&page_token=p2", "", basic)
	if want := "b5-202608 b5-202608-x2 b5-202608-x3 b5 b5-x2 b5-x3"; ids(got) != want {
		t.Errorf("items are %q, want %q", ids(got), want)
	}
}

func TestRequestsAreRemembered(t *testing.T) {
	c := newClient(t, false, noShift)
	for i := range maxSeen + 1 {
		c.sim.tapes["acme"].note(Seen{Query: strconv.Itoa(i)})
	}
	seen := c.sim.Seen("acme")
	if len(seen) != maxSeen || seen[0].Query != "1" {
		t.Errorf("%d requests, the first %s", len(seen), seen[0].Query)
	}
	for range maxJobs + 1 {
		c.sim.tapes["acme"].start("", captured{})
	}
	if n := len(c.sim.tapes["acme"].jobs); n != maxJobs {
		t.Errorf("%d jobs", n)
	}
	big := strings.Repeat("x", maxRequestBody)
	c.want(404, "POST", "/acme/v1/report", big, basic)
	c.want(413, "POST", "/acme/v1/report", big+"x", basic)
}
