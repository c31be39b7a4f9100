package proxy

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// debug answers with the unified body and what was said to the provider for it. A planned call holds no credential, so
// there is none to be found here: what signing added is named and shown as [redacted].
func (q *request) debug(ctx context.Context, w http.ResponseWriter) error {
	if q.params.explain > 0 && q.program != nil && q.program.Apart(q.mapped) {
		return problem.Param(problem.InvalidParameter, "explain", "an override of this account is untrusted and runs apart, so that what it does can't be explained; leave explain out")
	}
	ctx, trace := upstream.WithTrace(ctx)
	s := q.open(ctx)
	defer s.Close()
	s.tune(nil, maxHeld)
	x := q.explain(s)
	r := q.results(x.watch(q.shaper().append))
	out := q.fillPage(ctx, s, r)
	token, p := q.ended(ctx, out)
	if p != nil {
		return q.withExchanges(p, trace)
	}
	v, err := q.debugOf(ctx, trace, s, x)
	if err != nil {
		return err
	}
	if v.ResultCount, v.IsEmptyResult = out.n, out.n == 0; token != "" {
		v.NextCursor = &token
	}
	return q.debugged(w, q.envelope(r.end(r.held.Bytes()), out.n, token), v)
}

// debugged answers with a body and, beside it, what was said for it.
func (q *request) debugged(w http.ResponseWriter, body []byte, v debugView) error {
	beside := marshal(v)
	if err := tooLarge(len(body) + len(beside)); err != nil {
		return err
	}
	c := newCommit(w, contentJSON)
	c.head = q.stateLimits
	for _, part := range [][]byte{[]byte(`{"result":`), body, []byte(`,"debug":`), beside, {'}'}} {
		c.Write(part)
	}
	return c.end()
}

// debugView is the contract's debug member, in its order.
type debugView struct {
	RequestURL      string            `json:"requestUrl"`
	RequestOptions  map[string]any    `json:"requestOptions"`
	Data            json.RawMessage   `json:"data"`
	ResponseHeaders map[string]string `json:"responseHeaders"`
	NextCursor      *string           `json:"nextCursor"`
	IsLooping       bool              `json:"isLooping"`
	IsEmptyResult   bool              `json:"isEmptyResult"`
	ResultCount     int               `json:"resultCount"`
	Exchanges       []exchangeView    `json:"exchanges"`
	Explain         *Explanation      `json:"explain,omitempty"`
}

type exchangeView struct {
	Purpose string  `json:"purpose"`
	Method  string  `json:"method"`
	URL     string  `json:"url"`
	Status  int     `json:"status"`
	Ms      float64 `json:"ms"`
	Bytes   *int64  `json:"bytes,omitempty"` // with an explanation
}

func (q *request) viewOf(e upstream.Exchange) exchangeView {
	v := exchangeView{Purpose: e.Purpose, Method: e.Method, URL: e.URL, Status: e.Status, Ms: e.Millis}
	if q.params.explain > 0 {
		v.Bytes = &e.Bytes
	}
	return v
}

// withExchanges tells beside a problem what was said to the provider until it came, where an explanation is asked for.
func (q *request) withExchanges(p *problem.Problem, trace *upstream.Trace) *problem.Problem {
	if q.params.explain == 0 {
		return p
	}
	list := []exchangeView{}
	for _, e := range trace.Exchanges() {
		list = append(list, q.viewOf(e))
	}
	with := *p // it may be shared by all who waited for one flight
	if with.Details = maps.Clone(p.Details); with.Details == nil {
		with.Details = map[string]any{}
	}
	with.Details["exchanges"] = list
	return &with
}

// aside are the calls that carry no records.
var aside = []string{"lookup", "token", "check"}

func (q *request) debugOf(ctx context.Context, trace *upstream.Trace, s source, x *explaining) (v debugView, err error) {
	call, body := s.said() // first, since it reads what is left of the answer
	if q.params.explain > 0 {
		if v.Explain, err = q.explained(ctx, x); err != nil {
			return v, err
		}
	}
	v.Data, v.Exchanges, v.RequestOptions, v.ResponseHeaders = json.RawMessage("null"), []exchangeView{}, map[string]any{}, map[string]string{}
	for _, e := range trace.Exchanges() {
		v.Exchanges = append(v.Exchanges, q.viewOf(e))
		if slices.Contains(aside, e.Purpose) {
			continue
		}
		v.RequestURL = e.URL
		v.RequestOptions = map[string]any{"method": e.Method, "headers": e.RequestHeader}
		v.ResponseHeaders = map[string]string{}
		for k := range e.ResponseHeader {
			v.ResponseHeaders[k] = e.ResponseHeader.Get(k)
		}
	}
	if len(body) > 0 {
		v.Data = jsonOrText(body)
	}
	if len(call.Body) > 0 {
		v.RequestOptions["body"] = jsonOrText(call.Body)
	}
	return v, nil
}

// jsonOrText is a body as JSON, or as a JSON string.
func jsonOrText(b []byte) json.RawMessage {
	if record.IsDocument(b) {
		return b
	}
	return quote(nil, string(b))
}
