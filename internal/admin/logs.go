package admin

import (
	"encoding/base64"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/audit"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/requestlog"
	"github.com/meterbridge/meterbridge/proxy"
)

// Logs are what is kept of requests, and of what operators do.
type Logs struct {
	Requests *requestlog.Log // nil: none is kept
	Trail    *audit.Trail    // nil: there is no database to keep it in
}

// Request is a row of the request log.
type Request struct {
	ID string `json:"id"`
	At string `json:"at"` // when it began
	requestlog.Entry
}

// RequestList is a page of the request log.
type RequestList struct {
	Result []Request `json:"result"`
	Next   *string   `json:"next_cursor"`
	Prev   *string   `json:"prev_cursor"`
	Count  int       `json:"result_count"`
}

// Action is an entry of the audit log.
type Action struct {
	ID string `json:"id"`
	At string `json:"at"`
	audit.Entry
}

// ActionList is a page of the audit log.
type ActionList struct {
	Result []Action `json:"result"`
	Next   *string  `json:"next_cursor"`
	Prev   *string  `json:"prev_cursor"`
	Count  int      `json:"result_count"`
}

var pageParameters = []Parameter{
	{"start_date", "Not before this date or RFC 3339 instant.", "2026-09-01"},
	{"end_date", "Before this instant; a date includes it whole.", "2026-09-30"},
	{"limit", "Rows of a page, 1 to 1000; 100 where it is not given.", "100"},
	{"next_cursor", "The next page: `next_cursor` of the last answer.", "NDI"},
}

var requestParameters = append([]Parameter{
	{"integrated_account_id", "Only requests for this account.", "acme-1"},
	{"tenant_id", "Only requests for accounts of this customer.", "acme"},
	{"token", "Only requests with the token of this id.", "config:billing-app"},
	{"connector", "Only requests for accounts of this connector.", "acme"},
	{"status", "Only answers of this status, or of this class of statuses.", "4xx"},
	{"code", "Only answers with this code of a problem.", "remote_rate_limited"},
}, pageParameters...)

var actionParameters = append([]Parameter{
	{"actor", "Only what the operator with the token of this name did.", "alice"},
	{"action", "Only this: the id of an operation of this document.", "updateAccount"},
	{"target", "Only what was done to this path.", "/integrated-account/acme-1"},
}, pageParameters...)

const tagLogs = "Logs"

// Routes are the rows of the logs.
func (x *Logs) Routes() []Route {
	problems := []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable}
	return []Route{
		{Method: "GET", Path: "/request-log", Policy: Operator, Handle: x.requests, ID: "listRequests", Tag: tagLogs, Summary: "List requests for data",
			Text: "Who called which account, when, and how it went: the newest first, as far back as `request_log` of the configuration keeps them. A row appears about a second after its request. Times are in microseconds.", Query: requestParameters, Answer: reflect.TypeFor[RequestList](), Problems: problems},
		{Method: "GET", Path: "/audit-log", Policy: Operator, Handle: x.actions, ID: "listActions", Tag: tagLogs, Summary: "List what operators did",
			Text: "Who did what to what, when and from where, the newest first; which fields were set, and never to what. An entry is written in the transaction of the change that it is about, so that there is never the one without the other.", Query: actionParameters, Answer: reflect.TypeFor[ActionList](), Problems: problems},
	}
}

func (x *Logs) requests(r *http.Request) (any, error) {
	given, err := Query(r, requestParameters)
	if err != nil {
		return nil, err
	}
	if x.Requests == nil {
		return nil, problem.New(problem.NotFound, "no request log is kept: it lies in the database of accounts.store, for as long as request_log.keep says")
	}
	p, err := readPage(given)
	if err != nil {
		return nil, err
	}
	status, err := readStatus(given["status"])
	if err != nil {
		return nil, err
	}
	rows, next, err := x.Requests.List(r.Context(), requestlog.Filter{
		AccountID: given["integrated_account_id"], TenantID: given["tenant_id"], TokenID: given["token"], Connector: given["connector"], Code: given["code"],
		Status: status, From: p.from, To: p.to, Before: p.before, Limit: p.limit,
	})
	if err != nil {
		return nil, unread(err)
	}
	out := &RequestList{Result: []Request{}, Count: len(rows), Next: cursorOf(next)}
	for _, e := range rows {
		out.Result = append(out.Result, Request{strconv.FormatInt(e.ID, 10), stamp(e.At), e})
	}
	return out, nil
}

func (x *Logs) actions(r *http.Request) (any, error) {
	given, err := Query(r, actionParameters)
	if err != nil {
		return nil, err
	}
	if x.Trail == nil {
		return nil, problem.New(problem.NotFound, "no audit log is kept: it lies in the database of accounts.store, and without one nothing can be changed here")
	}
	p, err := readPage(given)
	if err != nil {
		return nil, err
	}
	entries, next, err := x.Trail.List(r.Context(), audit.Filter{
		Actor: given["actor"], Action: given["action"], Target: given["target"], From: p.from, To: p.to, Before: p.before, Limit: p.limit,
	})
	if err != nil {
		return nil, unread(err)
	}
	out := &ActionList{Result: []Action{}, Count: len(entries), Next: cursorOf(next)}
	for _, e := range entries {
		out.Result = append(out.Result, Action{strconv.FormatInt(e.ID, 10), stamp(e.At), e})
	}
	return out, nil
}

func unread(err error) error {
	if errors.Is(err, database.ErrUnavailable) {
		return problem.Wrap(problem.StoreUnavailable, err, "the database does not answer; try again")
	}
	return err
}

// stamp is a time with milliseconds, of which several requests may have the same second.
func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z07:00") }

// page is which rows of a log are asked for.
type page struct {
	from, to time.Time
	before   int64
	limit    int
}

func readPage(given map[string]string) (p page, err error) {
	p.limit = proxy.DefaultLimit
	if text := given["limit"]; text != "" {
		if p.limit, err = strconv.Atoi(text); err != nil || p.limit < 1 || p.limit > proxy.MaxLimit {
			return p, problem.Param(problem.InvalidParameter, "limit", "limit is a whole number from 1 to %d", proxy.MaxLimit)
		}
	}
	if p.from, err = instant(given["start_date"], "start_date", 0); err != nil {
		return p, err
	}
	if p.to, err = instant(given["end_date"], "end_date", 24*time.Hour); err != nil {
		return p, err
	}
	if text := given["next_cursor"]; text != "" {
		plain, err := base64.RawURLEncoding.DecodeString(text)
		if err == nil {
			p.before, err = strconv.ParseInt(string(plain), 10, 64)
		}
		if err != nil || p.before < 1 {
			return p, problem.Param(problem.CursorInvalid, "next_cursor", "the cursor was altered; start again without one")
		}
	}
	return p, nil
}

func cursorOf(before int64) *string {
	if before == 0 {
		return nil
	}
	s := base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, before, 10))
	return &s
}

// instant reads a date, to which whole is added, or an instant.
func instant(text, name string, whole time.Duration) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Add(whole), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, problem.Param(problem.InvalidParameter, name, "%s is a date such as 2026-09-01 or an instant such as 2026-09-01T12:00:00Z", name)
	}
	return at, nil
}

// readStatus is a status, or the first digit of a class of them; 0 is any.
func readStatus(text string) (int, error) {
	digits, class := strings.CutSuffix(text, "xx")
	n, err := strconv.Atoi(digits)
	switch {
	case text == "":
		return 0, nil
	case err != nil, class && (n < 1 || n > 5), !class && (n < 100 || n > 599):
		return 0, problem.Param(problem.InvalidParameter, "status", "status is a status such as 404, or a class of them such as 4xx")
	}
	return n, nil
}
