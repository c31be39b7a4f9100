package connector

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

const queryList = `{ get: "/v1/{{ .context.base_url | length }}/usage", query: {
  z: last, from: "{{ .window.start | date }}", view: all, "filter[to]": "{{ .window.end | date }}",
  ids: "{{ .query.product_id }}", none: "{{ .query.user_id }}", part: "x{{ .query.user_id }}", size: "{{ .page_size }}", n: 1, on: "{{ 1 == 1 }}" },
  window: { max: 1 month, align: month },
  page: { next_url: [next], token_param: cursor, size: { param: limit, default: 100, max: 500 } } }`

const bodyList = `{ post: /report, body: { json: {
  from: "{{ .window.start | date }}", to: "{{ .window.end | date }}", flag: "{{ 1 == 1 }}", none: "{{ null }}", nil: null, n: 1.50,
  filter: { a: x, "b c": "{{ .granularity }}" }, list: [1, "{{ null }}", two] },
  types: { flag: boolean, n: number, count: integer, ids: array, "filter.deep": boolean } },
  window: { max: 1 month, align: month } }`

func TestAt(t *testing.T) {
	const from, to = "from=2026-01-15(window)&", "&filter[to]=2026-02-01(window)"
	const whole = "&filter[to]=2026-03-10(window)"
	const tail = "&ids=p1&ids=p2&size=100(page)&n=1&on=true"
	for _, c := range []struct {
		name, list, remote string
		at                 func(p *record.Position)
		want               string
	}{
		{"parameters in their order, null left out, lists repeated", queryList, "", nil,
			"GET /v1/24/usage?z=last&" + from + "view=all" + to + tail + "&limit=100(page)"},
		{"the size of the position", queryList, "", func(p *record.Position) { p.Size = 7 },
			"GET /v1/24/usage?z=last&" + from + "view=all" + to + strings.Replace(tail, "100", "7", 1) + "&limit=7(page)"},
		{"the size is at most the provider's", queryList, "", func(p *record.Position) { p.Size = 501 },
			"GET /v1/24/usage?z=last&" + from + "view=all" + to + strings.Replace(tail, "100", "500", 1) + "&limit=500(page)"},
		{"a token", queryList, "", func(p *record.Position) { p.Token = []byte("a b") },
			"GET /v1/24/usage?z=last&" + from + "view=all" + to + tail + "&limit=100(page)&cursor=a b(page)"},
		{"an absolute link", queryList, "", func(p *record.Position) { p.Token = []byte("https://api.acme.example/x?y=1") }, "GET /v1/24/usagehttps://api.acme.example/x?y=1?"},
		{"a relative link", queryList, "", func(p *record.Position) { p.Token = []byte("/x?y=1") }, "GET /v1/24/usage/x?y=1?"},
		{"a link's own query alone", queryList, "", func(p *record.Position) { p.Token = []byte("?y=1") }, "GET /v1/24/usage?y=1?"},
		{"remote_query is last and in the caller's order", queryList, "remote_query[b]=2&remote_query[a]=1&remote_query[b]=3", nil,
			"GET /v1/24/usage?z=last&" + from + "view=all" + to + tail + "&limit=100(page)&b=2(caller)&a=1(caller)&b=3(caller)"},
		{"it replaces the connector's", queryList, "remote_query[view]=none&remote_query[ids]=x", nil,
			"GET /v1/24/usage?z=last&" + from[:len(from)-1] + to + "&size=100(page)&n=1&on=true&limit=100(page)&view=none(caller)&ids=x(caller)"},
		{"brackets are a part of the key", queryList, "remote_query[filter][to]=2026-01-20&remote_query[filter][x]=1", nil,
			"GET /v1/24/usage?z=last&" + from + "view=all" + tail + "&limit=100(page)&filter[to]=2026-01-20(caller)&filter[x]=1(caller) unclipped"},
		{"the window's key turns slicing off", queryList, "remote_query[from]=2020-01-01", nil,
			"GET /v1/24/usage?z=last&view=all" + whole + tail + "&limit=100(page)&from=2020-01-01(caller) unclipped"},
		{"a page key on the first call", queryList, "remote_query[limit]=3&remote_query[cursor]=q", nil,
			"GET /v1/24/usage?z=last&" + from + "view=all" + to + tail + "&limit=3(caller)&cursor=q(caller)"},
		{"a page key after it is the connector's again", queryList, "remote_query[limit]=3&remote_query[cursor]=q&remote_query[view]=none", func(p *record.Position) { p.Token = []byte("t") },
			"GET /v1/24/usage?z=last&" + from[:len(from)-1] + to + tail + "&limit=100(page)&cursor=t(page)&view=none(caller)"},
		{"a link is followed as it was given", queryList, "remote_query[view]=none", func(p *record.Position) { p.Token = []byte("/x?y=1") }, "GET /v1/24/usage/x?y=1?"},
		{"a body with types", bodyList, "", nil,
			`POST /report? {"from":"2026-01-15","to":"2026-02-01","flag":true,"nil":null,"n":1.5,"filter":{"a":"x","b c":"month"},"list":[1,"two"]}`},
		{"remote_query goes into the body, typed", bodyList, "remote_query[flag]=false&remote_query[n]=2.50&remote_query[count]=3&remote_query[ids]=a,b&remote_query[text]=4&remote_query[filter][deep]=true", nil,
			`POST /report? {"from":"2026-01-15","to":"2026-02-01","nil":null,"filter":{"a":"x","b c":"month","deep":true},"list":[1,"two"],"flag":false,"n":2.50,"count":3,"ids":["a","b"],"text":"4"}`},
		{"null takes a key out, lists are replaced", bodyList, "remote_query[nil]=null&remote_query[filter][a]=null&remote_query[list][]=x&remote_query[list][]=y&remote_query[new][0][k]=v&remote_query[new][1]=w", nil,
			`POST /report? {"from":"2026-01-15","to":"2026-02-01","flag":true,"n":1.5,"filter":{"b c":"month"},"list":["x","y"],"new":[{"k":"v"},"w"]}`},
		{"the window's key of a body", bodyList, "remote_query[to]=2027-01-01", nil,
			`POST /report? {"from":"2026-01-15","flag":true,"nil":null,"n":1.5,"filter":{"a":"x","b c":"month"},"list":[1,"two"],"to":"2027-01-01"} unclipped`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := method(t, c.list), scope("2026-01-15", "2026-03-10", "2026-05-01")
			s.Context = map[string]any{"base_url": "https://api.acme.example"}
			s.Filters = map[string][]string{"product_id": {"p1", "p2"}}
			s.Remote = remote(t, c.remote)
			p, ok, err := m.First(s)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if c.at != nil {
				c.at(&p)
			}
			call, err := m.At(s, p)
			if err != nil {
				t.Fatal(err)
			}
			if got := render(call); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if again, _ := m.At(s, p); !reflect.DeepEqual(call, again) {
				t.Error("a second plan of the same position differs")
			}
			if v := new(any); json.Unmarshal(call.JSON(), v) != nil {
				t.Errorf("$call is no JSON: %s", call.JSON())
			}
			if windows := walk(t, m, s); call.Unclipped && len(windows) != 1 || !call.Unclipped && len(windows) != 3 {
				t.Errorf("windows %v", windows)
			}
		})
	}
}

func TestAtRefuses(t *testing.T) {
	for _, c := range []struct{ name, list, remote, id, code, text string }{
		{"a boolean", bodyList, "remote_query[flag]=maybe", "", "invalid_parameter", "true or false"},
		{"a number", bodyList, "remote_query[n]=1e", "", "invalid_parameter", "number"},
		{"an empty number", bodyList, "remote_query[n]=", "", "invalid_parameter", "number"},
		{"an integer", bodyList, "remote_query[count]=1.5", "", "invalid_parameter", "integer"},
		{"a list out of order", bodyList, "remote_query[list][1]=x", "", "invalid_parameter", ""},
		{"a nameless key", queryList, "remote_query[]=x", "", "invalid_parameter", "name"},
		{"a header with a line break", `{ get: /x, headers: { X-A: "{{ .id }}" } }`, "", "a\r\nb", "internal", "control character"},
		{"an object as a parameter", `{ get: /x, query: { a: "{{ {} }}" } }`, "", "", "internal", "object"},
		{"two values", `{ get: /x, query: { a: "{{ 1, 2 }}" } }`, "", "", "internal", "more than one value"},
		{"an id of dots", `{ get: "/x/{{ .id }}/y" }`, "", "..", "invalid_parameter", ".."},
		{"half an id of dots", `{ get: "/x/.{{ .id }}" }`, "", ".", "invalid_parameter", ".."},
		{"no id", `{ get: "/x/{{ .id }}" }`, "", "", "internal", "no text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind := "list"
			if strings.Contains(c.list, ".id") {
				kind = "get"
			}
			con, finds := Parse("acme.yaml", []byte(minimal("resources: { usage: { "+kind+": "+c.list+" } }\n")))
			if con == nil {
				t.Fatal(finds)
			}
			m := con.Resources["usage"].List
			if kind == "get" {
				m = con.Resources["usage"].Get
			}
			s := scope("2026-01-15", "2026-03-10", "2026-05-01")
			s.Context = map[string]any{"base_url": "x"}
			s.Remote, s.ID = remote(t, c.remote), c.id
			p, _, err := m.First(s)
			if err == nil {
				_, err = m.At(s, p)
			}
			if err == nil || string(problem.From(err).Code) != c.code || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestPathIsOneSegment(t *testing.T) {
	c, finds := Parse("acme.yaml", []byte(minimal(`resources: { users: { get: { get: "/users/{{ .id }}/x" } } }`)))
	if c == nil {
		t.Fatal(finds)
	}
	m := c.Resources["users"].Get
	for id, want := range map[string]string{
		"a": "/users/a/x", "a/b": "/users/a%2Fb/x", "../../admin": "/users/..%2F..%2Fadmin/x", "%2e%2e": "/users/%252e%252e/x",
		"//evil.example": "/users/%2F%2Fevil.example/x", "a?b#c": "/users/a%3Fb%23c/x", "ä;\x00": "/users/%C3%A4%3B%00/x", "...": "/users/.../x",
	} {
		call, err := m.At(&Scope{ID: id}, record.Position{})
		if err != nil || call.Path != want || call.Purpose != "get" || call.Accept != "application/json" {
			t.Errorf("%q: %+v %v, want %s", id, call, err, want)
		}
	}
}

func TestCallJSON(t *testing.T) {
	w := Range{at("2026-01-01"), at("2026-02-01")}
	for _, c := range []struct {
		name string
		call Call
		want string
	}{
		{"a query", Call{Purpose: "list", Name: "daily", Method: "GET", Path: "/a%2Fb", Window: w, Query: []Param{{Key: "x", Value: "1"}, {Key: "y", Value: "\"é"}, {Key: "x", Value: "2"}}},
			`{"name":"daily","purpose":"list","method":"GET","path":"/a/b","query":{"x":["1","2"],"y":"\"é"},"body":null,"window":{"start":"2026-01-01T00:00:00Z","end":"2026-02-01T00:00:00Z"}}`},
		{"a body", Call{Purpose: "submit", Method: "POST", Path: "/r", Body: []byte(`{"a":1}`)},
			`{"name":"","purpose":"submit","method":"POST","path":"/r","query":{},"body":{"a":1},"window":null}`},
		{"a link", Call{Purpose: "list", Method: "GET", URL: "https://api.acme.example/v1/a?x=1+2&x=%26&bad=%zz&y"},
			`{"name":"","purpose":"list","method":"GET","path":"/v1/a","query":{"x":["1 2","&"],"y":""},"body":null,"window":null}`},
	} {
		if got := string(c.call.JSON()); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

const jobList = `{ post: /reports, body: { json: { from: "{{ .window.start | date }}" } }, window: { resolution: day }, format: csv,
  job: { id: jobId, status: { get: "/reports/{{ .job }}/status" }, interval: 500ms, done: '.body.status == "done"', failed: '.body.status == "failed"',
         error: [error.message, reason], download: link, expired: [403] } }`

func TestJob(t *testing.T) {
	m, s := method(t, jobList), scope("2026-01-15", "2026-03-10", "2026-05-01")
	p, _, err := m.First(s)
	if err != nil {
		t.Fatal(err)
	}
	submit, err := m.At(s, p)
	if err != nil || submit.Purpose != "submit" || render(submit) != `POST /reports? {"from":"2026-01-15"}` {
		t.Fatalf("%+v %v", submit, err)
	}
	job := m.Call(p).Job
	for body, want := range map[string]string{`{"jobId":"a/1"}`: "a/1", `{"jobId":123}`: "123", `{"jobId":null}`: "", `{}`: "", `<html>`: "", ``: ""} {
		if id, err := job.ID([]byte(body)); id != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", body, id, err)
		}
	}
	p.Job = []byte("a/1")
	if poll, err := m.Poll(s, p); err != nil || poll.Purpose != "poll" || render(poll) != "GET /reports/a%2F1/status?" {
		t.Errorf("%+v %v", poll, err)
	}
	for body, want := range map[string]JobState{
		`{"status":"running"}`:                                         {},
		`{"status":"done","link":"https://s3.example/x"}`:              {Done: true, Links: []string{"https://s3.example/x"}},
		`{"status":"done","link":["https://s3.example/x","/y"]}`:       {Done: true, Links: []string{"https://s3.example/x", "/y"}},
		`{"status":"done","link":[]}`:                                  {Done: true, Links: []string{}},
		`{"status":"done","link":["https://s3.example/x",null]}`:       {Failed: "it is done and gives no link at link"},
		`{"status":"done"}`:                                            {Failed: "it is done and gives no link at link"},
		`{"status":"failed","reason":"too old"}`:                       {Failed: "too old"},
		`{"status":"failed","error":{"message":"no"},"reason":"that"}`: {Failed: "no"},
		`{"status":"failed"}`:                                          {Failed: "the provider gives no reason"},
		`<html>`:                                                       {Failed: "its status is not JSON"},
	} {
		if got := job.State(Answer{Status: 200, Body: []byte(body)}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", body, got)
		}
	}
	if got := job.State(Answer{Body: []byte(`[]`)}); got.Done || !strings.Contains(got.Failed, "can't be read") {
		t.Errorf("a status that is a list: %+v", got)
	}
	for link, noAuth := range map[string]bool{"https://s3.example/x?sig=1": true, "/reports/1.csv": false} {
		if c := job.Download(link); c.URL != link || c.NoAuth != noAuth || c.Purpose != "download" || c.Method != "GET" {
			t.Errorf("%+v", c)
		}
	}
	next, more, _, err := m.Next(s, p, Facts{Records: 3})
	if more || err != nil {
		t.Errorf("after a job: %+v %v", next, err)
	}
}
