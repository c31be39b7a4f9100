package proxy

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// debug answers with the unified body and what was said to the provider for it. A planned call holds no credential, so
// there is none to be found here: what signing added is named and shown as [redacted].
func (q *request) debug(ctx context.Context, w http.ResponseWriter) error {
	ctx, trace := upstream.WithTrace(ctx)
	s := q.open(ctx)
	defer s.Close()
	shape := q.shaper()
	body := []byte(`{"result":{"result":[`)
	n := 0
	out := q.fill(ctx, s, q.params.limit, func(rec record.Rec) error {
		if n++; n > 1 {
			body = append(body, ',')
		}
		body = shape.append(body, rec)
		return held(len(body))
	})
	c := newCommit(w, contentJSON)
	if out.err != nil {
		return q.finish(ctx, c, out, "")
	}
	token, err := q.mint(ctx, out.next)
	if err != nil {
		return err
	}
	body = q.envelope(append(body, ']'), token, out.n)
	body = append(body, `,"debug":`...)
	body = append(body, debugJSON(trace, s, token, out.n)...)
	if err := held(len(body)); err != nil {
		return err
	}
	q.Observer.Records(q.conn.Name, q.mapped, string(Debug), out.n)
	q.stateLimits(w.Header())
	c.Write(append(body, '}'))
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
}

type exchangeView struct {
	Purpose string  `json:"purpose"`
	Method  string  `json:"method"`
	URL     string  `json:"url"`
	Status  int     `json:"status"`
	Ms      float64 `json:"ms"`
}

func debugJSON(trace *upstream.Trace, s source, token string, n int) json.RawMessage {
	v := debugView{Data: json.RawMessage("null"), ResultCount: n, IsEmptyResult: n == 0, Exchanges: []exchangeView{}, RequestOptions: map[string]any{}, ResponseHeaders: map[string]string{}}
	if token != "" {
		v.NextCursor = &token
	}
	for _, e := range trace.Exchanges() {
		v.Exchanges = append(v.Exchanges, exchangeView{e.Purpose, e.Method, e.URL, e.Status, e.Millis})
		if e.Purpose == "lookup" || e.Purpose == "token" || e.Purpose == "check" {
			continue
		}
		v.RequestURL = e.URL
		v.RequestOptions = map[string]any{"method": e.Method, "headers": e.RequestHeader}
		v.ResponseHeaders = map[string]string{}
		for k := range e.ResponseHeader {
			v.ResponseHeaders[k] = e.ResponseHeader.Get(k)
		}
	}
	if walk, ok := s.(*walk); ok {
		call, body := walk.said()
		if len(body) > 0 {
			v.Data = jsonOrText(body)
		}
		if len(call.Body) > 0 {
			v.RequestOptions["body"] = jsonOrText(call.Body)
		}
	}
	return marshal(v)
}

// jsonOrText is a body as JSON, or as a JSON string.
func jsonOrText(b []byte) json.RawMessage {
	if end, st := record.Scan(b, 0, true); st == record.Done && record.SkipSpace(b, end) == len(b) {
		return b
	}
	return quote(nil, string(b))
}
