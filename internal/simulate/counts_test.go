package simulate

import (
	"strings"
	"testing"
)

func TestDatesThatAreNumbersMove(t *testing.T) {
	cases := []struct {
		name, method, path, body string
		want                     []string
	}{
		{"seconds", "GET", "/initech/buckets?from=1785542400&to=1788220800", "", // August
			[]string{`{"start_time": 1785974400, "end_time": 1786060800, "n": 1788652800}`}},
		{"rows that are arrays", "GET", "/initech/rows?from=2026-08-01&to=2026-09-01", "",
			[]string{`[1.5, 20260806, "20671", "1785976200.250"]`, `["x", 20260807, "20672", null]`}},
		{"a part of the rows", "GET", "/initech/rows?from=2026-08-07&to=2026-09-01", "", []string{`"rows": [ ["x", 20260807`}},
		{"lines", "GET", "/initech/lines?from=2026-08-01&to=2026-08-07", "", []string{"{\"At\":\"2026-08-06T00:00:00Z\",\"Id\":\"l6-202608\"}\n"}},
		{"milliseconds in a body", "POST", "/initech/events", `{"from":1785542400000,"to":1788220800000,"page":1}`, []string{`"1785974400123"`}},
		{"a page without the other's key", "POST", "/initech/pages", `{"from":"2026-08-01","to":"2026-09-01"}`, []string{`{"page": 1}`}},
		{"a page by its key", "POST", "/initech/pages", `{"from":"2026-08-01","to":"2026-09-01","token":"t2"}`, []string{`{"page": 2}`}},
		{"an id as it was", "GET", "/initech/invoices/inv-1", "", []string{`[{"id": "l1", "day": "2026-09-06"}]`}},
		{"an id that moved", "GET", "/initech/invoices/inv-1-202607", "", []string{`[{"id": "l1-202607", "day": "2026-07-06"}]`}},
		{"year and month", "GET", "/initech/calendar?year=2026&month=7", "", []string{`[{"id": "c1-202607", "day": "2026-07-06"}]`}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got := newClient(t, true, "2026-10-05T12:00:00Z").want(200, tc.method, tc.path, tc.body, "X-Key: demo")
			for _, w := range tc.want {
				if !strings.Contains(got, w) {
					t.Errorf("%s is missing in %s", w, got)
				}
			}
		})
	}
	c := newClient(t, true, "2026-10-05T12:00:00Z")
	c.want(404, "POST", "/initech/pages", `{"from":"2026-08-01","to":"2026-09-01","token":"t9"}`, "X-Key: demo")
	c.want(404, "POST", "/initech/events", `{"from":"1785542400000","to":true,"page":1}`, "X-Key: demo")
	c.want(404, "GET", "/initech/calendar?year=2026&month=July", "", "X-Key: demo")
	c.want(404, "GET", "/initech/invoices/inv-1-2026", "", "X-Key: demo")
}
