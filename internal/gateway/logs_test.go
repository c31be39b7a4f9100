package gateway_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/database"
)

// logged is a page of either log.
type logPage struct {
	Result []struct {
		ID, At, Actor, Action, Target, From string
		Fields                              []string
		RequestID                           string `json:"request_id"`
		Account                             string `json:"integrated_account_id"`
		Tenant                              string `json:"tenant_id"`
		Route, Code, Token, Caller          string
		Status, Records                     int
		Calls                               int   `json:"upstream_calls"`
		Duration                            int64 `json:"duration_us"`
	}
	Next  *string `json:"next_cursor"`
	Count int     `json:"result_count"`
}

func (e *estate) log(t *testing.T, target string) (p logPage) {
	t.Helper()
	got := e.do(t, http.StatusOK, http.MethodGet, target, "")
	if err := json.Unmarshal(got.body, &p); err != nil || p.Count != len(p.Result) {
		t.Fatalf("%s: %v", got.body, err)
	}
	return p
}

// lines are the entries as who did what to what, and the fields.
func (p logPage) lines() (out []string) {
	for _, a := range p.Result {
		out = append(out, strings.TrimSpace(a.Actor+" "+a.Action+" "+a.Target+" "+strings.Join(a.Fields, ",")))
	}
	return out
}

func TestWhatOperatorsDoIsAudited(t *testing.T) {
	e := newEstate(t)
	made := e.do(t, 201, "POST", "/integrated-account", first)
	e.do(t, 200, "PATCH", "/integrated-account/first", `{"credentials": {"api_key": "canary-of-a-secret"}, "tenant_id": "south"}`)
	e.do(t, 200, "PATCH", "/integrated-account/first", `{"status": "blocked"}`)
	e.do(t, 200, "POST", "/integrated-account/first/check", "")
	e.do(t, 204, "DELETE", "/integrated-account/first", "")
	// What is refused, asked or not there changes nothing and leaves nothing.
	e.do(t, 400, "POST", "/integrated-account", `{"connector": "acme", "credentials": {"canary_of_a_name": "x"}}`)
	e.do(t, 404, "DELETE", "/integrated-account/first", "")
	e.do(t, 200, "GET", "/integrated-account", "")
	e.admin.ask(t, "DELETE", "/integrated-account/first", bob)
	all := e.log(t, "/audit-log")
	want := []string{
		"alice deleteAccount /integrated-account/first", "alice checkAccount /integrated-account/first/check", "alice updateAccount /integrated-account/first status",
		"alice updateAccount /integrated-account/first credentials.api_key,tenant_id", "alice createAccount /integrated-account connector,context.base_url,credentials.api_key,id,tenant_id",
	}
	if got := all.lines(); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if of := all.Result[4]; of.From != "127.0.0.1" || of.RequestID != made.header.Get("X-Request-Id") || of.At == "" || of.ID == "" {
		t.Errorf("of the first: %+v", of)
	}
	if got := e.log(t, "/audit-log?action=updateAccount&limit=1"); len(got.Result) != 1 || got.Next == nil {
		t.Errorf("a page: %+v", got)
	} else if rest := e.log(t, "/audit-log?action=updateAccount&limit=1&next_cursor="+*got.Next); !slices.Equal(rest.lines(), want[3:4]) || rest.Next != nil {
		t.Errorf("the next: %q", rest.lines())
	}
	if text := string(e.do(t, 200, "GET", "/audit-log", "").body); strings.Contains(text, "canary") || strings.Contains(text, e.base) || strings.Contains(text, "south") {
		t.Errorf("a value is in the trail: %s", text)
	}
}

// TestWhatCanNotBeAuditedIsNotDone: the change is taken back, and the operator told.
func TestWhatCanNotBeAuditedIsNotDone(t *testing.T) {
	e := newEstate(t)
	e.do(t, 201, "POST", "/integrated-account", first)
	db, err := database.Open(t.Context(), e.store)
	if err == nil {
		_, err = db.Exec(t.Context(), `ALTER TABLE audit_log RENAME TO audit_gone`)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/integrated-account", strings.Replace(first, `"first"`, `"second"`, 1)}, {"PATCH", "/integrated-account/first", `{"tenant_id": "south"}`},
		{"PATCH", "/integrated-account/first", `{"status": "blocked"}`}, {"DELETE", "/integrated-account/first", ""}, {"POST", "/integrated-account/first/check", ""},
	} {
		e.do(t, 500, c.method, c.path, c.body)
	}
	e.do(t, 404, "GET", "/integrated-account/second", "")
	if v := e.do(t, 200, "GET", "/integrated-account/first", "").view(t); v.Status != "active" || *v.TenantID != "north" {
		t.Errorf("changed without a trace: %+v", v)
	}
}

func TestRequestsAreInTheRequestLog(t *testing.T) {
	e := newEstate(t)
	e.do(t, 201, "POST", "/integrated-account", first)
	good := e.data.ask(t, "GET", "/unified/usage-metering/usage?integrated_account_id=first&start_date=2026-09-01&end_date=2026-09-30&remote_query[a]=canary", tenant)
	e.data.ask(t, "GET", "/unified/usage-metering/usage?integrated_account_id=nobody", everyone)
	e.data.ask(t, "GET", "/integrated-account", "a-token-that-nobody-has")
	e.data.ask(t, "GET", "/healthz", "")
	e.flush(t)
	all := e.log(t, "/request-log")
	if len(all.Result) != 2 {
		t.Fatalf("%+v", all)
	}
	if r := all.Result[1]; r.RequestID != good.header.Get("X-Request-Id") || r.Account != "first" || r.Tenant != "north" || r.Route != "/unified/:model/:resource" || r.Status != 200 ||
		r.Code != "" || r.Records != 1 || r.Calls != 1 || r.Caller != "tenant" || r.Token == "" || r.Duration <= 0 || r.At == "" {
		t.Errorf("got %+v", r)
	}
	if r := all.Result[0]; r.Account != "" || r.Status != 404 || r.Code != "account_not_found" || r.Caller != "everyone" {
		t.Errorf("got %+v", r)
	}
	for query, want := range map[string]int{
		"integrated_account_id=first": 1, "tenant_id=north": 1, "tenant_id=south": 0, "status=4xx": 1, "status=404": 1, "status=2xx": 1, "status=5xx": 0, "connector=acme": 1,
		"code=account_not_found": 1, "token=" + all.Result[1].Token: 1, "end_date=2020-01-01": 0, "start_date=2020-01-01T00:00:00Z": 2,
	} {
		if got := e.log(t, "/request-log?"+query); got.Count != want {
			t.Errorf("%s: %d rows, want %d", query, got.Count, want)
		}
	}
	for query, parameter := range map[string]string{
		"status=6xx": "status", "status=99": "status", "status=600": "status", "status=x": "status", "status=4x": "status", "limit=0": "limit", "limit=1001": "limit", "start_date=soon": "start_date", "end_date=2026-13": "end_date",
		"next_cursor=abc": "next_cursor", "next_cursor=MA": "next_cursor", "account=x": "account", "status=4xx&status=5xx": "status",
	} {
		if got := e.do(t, 400, "GET", "/request-log?"+query, "").problem(t); got.Details["parameter"] != parameter {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if text := string(e.do(t, 200, "GET", "/request-log", "").body); strings.Contains(text, "canary") {
		t.Errorf("a query is in the log: %s", text)
	}
}
