package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/upstream"
)

// longCosts is an answer of n costs that is longer than any error, and what stands behind them.
func longCosts(n int, behind string) string {
	var b strings.Builder
	b.WriteString(`{"data":{"costs":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"c%d","day":"2026-01-05","amount":%d,"pad":"%s"}`, i, i, strings.Repeat("x", upstream.MaxErrorBody/n))
	}
	return b.String() + `]}` + behind + `}`
}

// TestALongAnswerIsJudgedAtItsEnd: an answer that passes what an error may have is read as it comes, and may still turn out
// to be the provider's error before its page counts.
func TestALongAnswerIsJudgedAtItsEnd(t *testing.T) {
	t.Parallel()
	pad := `"pad":"` + strings.Repeat("x", upstream.MaxErrorBody) + `"`
	const refused = "the graph refuses: no more"
	for _, c := range []struct {
		name, body string
		status     int
		message    string
		records    int // of a stream, before its error
	}{
		{"no error", longCosts(3, ""), 200, "", 3},
		{"null is no error", longCosts(3, `,"errors":null`), 200, "", 3},
		{"an error behind the items", longCosts(3, `,"errors":[{"message":"no more"}]`), 400, refused, 3},
		{"a word for nothing beside items is none", longCosts(3, `,"errors":[{"code":"NONE"}]`), 200, "", 3},
		{"an error that will pass", longCosts(3, `,"errors":[{"code":"BUSY","message":"later"}]`), 503, "out of order", 3},
		{"beside no data", `{` + pad + `,"data":null,"errors":[{"message":"no more"}]}`, 400, refused, 0},
		{"before no data", `{"errors":[{"message":"no more"}],` + pad + `,"data":null}`, 400, refused, 0},
		{"without data", `{` + pad + `,"errors":[{"message":"no more"}]}`, 400, refused, 0},
		{"beside data that is no list", `{"data":{"costs":"none"},` + pad + `,"errors":[{"message":"no more"}]}`, 400, refused, 0},
		{"beside data that is no object", `{"data":[],` + pad + `,"errors":[{"message":"no more"}]}`, 400, refused, 0},
		{"no list, and no error", `{"data":{},` + pad + `}`, 502, `no list at "data.costs"`, 0},
		{"cut off, whatever else", `{"errors":[{"message":"no more"}],` + pad + `,"data":{"costs":[`, 502, "cut off", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t)
			acme.handle("/graph", answerWith(c.body))
			h := houseOf(t, "acme-rules", acme.URL)
			for _, format := range []string{"unified", "raw", "normalized"} {
				a := h.get("date=2026-01-05&truto_ignore_remote_data=1&truto_response_format=" + format)
				if format == "raw" && c.status == 502 {
					continue // it passes on what can't be read
				}
				if a.status != c.status || c.message != "" && !strings.Contains(a.list(t).Message, c.message) {
					t.Errorf("%s: %d %.300s; want %d %s", format, a.status, a.body, c.status, c.message)
				}
			}
			a := h.get("date=2026-01-05" + asStream)
			if a.status != 200 {
				if c.records > 0 || a.status != c.status {
					t.Errorf("a stream: %d %.300s", a.status, a.body)
				}
				return
			}
			if s := a.stream(t); len(s.records) != c.records || (s.fault == "") != (c.status == 200) {
				t.Errorf("a stream of %d records ends with %q", len(s.records), s.fault)
			}
		})
	}
}

// TestAKeptPageIsJudgedToo: the error behind its items is found by whoever comes to them, with a cursor and without asking again.
func TestAKeptPageIsJudgedToo(t *testing.T) {
	t.Parallel()
	acme := newAcme(t)
	acme.handle("/graph", answerWith(longCosts(3, `,"errors":[{"message":"no more"}]`)))
	h := houseOf(t, "acme-rules", acme.URL)
	next := *h.good("date=2026-01-05&limit=1").list(t).Next
	if a := h.get("date=2026-01-05&limit=5&next_cursor=" + next); a.status != 400 || !strings.Contains(a.body, "the graph refuses: no more") {
		t.Errorf("%d %.300s", a.status, a.body)
	}
	if n := acme.asked("/graph"); n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// TestALookupIsJudgedToo: what a plan waits for may be an error in a good status, and a lookup that is cut can't be planned with.
func TestALookupIsJudgedToo(t *testing.T) {
	t.Parallel()
	week := "start_date=2026-01-05&end_date=2026-01-11&granularity=week"
	for name, c := range map[string]struct {
		answer        http.HandlerFunc
		status        int
		code, message string
	}{
		"an error in a good status": {answerWith(`{"teams":[{"id":"t","pad":"` + strings.Repeat("x", upstream.MaxErrorBody) + `"}],"errors":[{"message":"no more"}]}`), 400, "remote_error", "without the lookup teams: the graph refuses: no more; the credentials need teams.read"},
		"too many": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"teams":[1`+strings.Repeat(",1", 10_000)+`]}`)
		}, 502, "upstream_too_large", "the lookup teams has more entries"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acme := newAcme(t)
			acme.handle("/teams", c.answer)
			h := houseOf(t, "acme-rules", acme.URL)
			if a := h.get(week); a.status != c.status || a.code(t) != c.code || !strings.Contains(a.list(t).Message, c.message) {
				t.Errorf("%d %.300s", a.status, a.body)
			}
		})
	}
}
