package connector

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/record"
)

// jobOf is a list whose job has further keys, of the call and of the job.
func jobOf(call, job string) string {
	return `{ post: /q, query: { from: "{{ .window.start | date }}" }, window: { resolution: day }, items: rows` + call +
		`, job: { status: { get: "/q/{{ .job }}" }, ` + job + ` } }`
}

const idOf = `id: id, done: '.body.state == "done"', `

// TestPagesOfAJob: the request that gave a job's first page gives its others too, but for a list of links.
func TestPagesOfAJob(t *testing.T) {
	const page = `, page: { next_token: [next], token_param: t, size: { param: n, default: 5 } }`
	for _, c := range []struct {
		name, call, job string
		started         bool     // the job has an id; else it was ready at once
		links           int      // that it has
		want            []string // the submit, the request of the first page, and that of the second
	}{
		{"fetched", page, idOf + `fetch: { get: "/q/{{ .job }}/rows" }`, true, 0,
			[]string{"submit POST /q?from=2026-01-15(window)", "fetch GET /q/j1/rows?n=5(page)", "list GET /q/j1/rows?n=5(page)&t=2(page)"}},
		{"inline", page, idOf + `result: inline`, true, 0,
			[]string{"submit POST /q?from=2026-01-15(window)", "poll GET /q/j1?n=5(page)", "list GET /q/j1?n=5(page)&t=2(page)"}},
		{"ready at once", page, idOf + `result: inline, ready: .status == 200`, false, 0,
			[]string{"submit POST /q?from=2026-01-15(window)&n=5(page)", "", "list POST /q?from=2026-01-15(window)&n=5(page)&t=2(page)"}},
		{"links", ``, idOf + `download: urls`, true, 2,
			[]string{"submit POST /q?from=2026-01-15(window)", "", "submit POST /q?from=2026-01-15(window)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := method(t, jobOf(c.call, c.job)), scope("2026-01-15", "2026-03-10", "2026-05-01")
			p, _, err := m.First(s)
			if err != nil {
				t.Fatal(err)
			}
			say := func(call Call, err error) string {
				if err != nil {
					t.Fatal(err)
				}
				return call.Purpose + " " + render(call)
			}
			got := []string{say(m.At(s, p)), "", ""}
			if c.started {
				p.Job = []byte("j1")
			}
			switch spec := m.Call(p).Job; {
			case spec.FetchCall != nil:
				got[1] = say(m.Fetch(s, p, []byte(`{}`)))
			case spec.Inline() && c.started:
				got[1] = say(m.Poll(s, p))
			}
			n, more, _, err := m.Next(s, p, Facts{Envelope: []byte(`{"next":2}`), Links: c.links, Records: 1})
			if err != nil || !more || string(n.Job) != string(p.Job) {
				t.Fatalf("the second page: %+v %v %v", n, more, err)
			}
			got[2] = say(m.At(s, n))
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
			}
			if n, more, _, err = m.Next(s, n, Facts{Links: c.links, Records: 1}); more || err != nil {
				t.Errorf("behind the last page: %+v %v", n, err)
			}
		})
	}
}

func TestTheReportIsThereToFetchBy(t *testing.T) {
	m, s := method(t, jobOf("", idOf+`fetch: { post: "/r/{{ .report.handle }}/{{ .job }}" }`)), scope("2026-01-15", "2026-03-10", "2026-05-01")
	call, err := m.Fetch(s, record.Position{Job: []byte("j"), Window: s.Range.Start.Unix()}, []byte(`{"handle":"h/1"}`))
	if err != nil || render(call) != "POST /r/h%2F1/j?" || call.Purpose != "fetch" || call.NoAuth {
		t.Errorf("%+v %v", call, err)
	}
}

// TestConditionsOfAJob: they read the status and the headers too, and where they read no more the body is nobody's.
func TestConditionsOfAJob(t *testing.T) {
	for _, c := range []struct {
		name, job    string
		answer       Answer
		ready        bool
		state        JobState
		readsReady   bool
		readsOfState bool
	}{
		{"by status, ready", `id: id, result: inline, ready: .status == 200, done: .status == 200`, Answer{Status: 200}, true, JobState{Done: true}, false, false},
		{"by status, not ready", `id: id, result: inline, ready: .status == 200, done: .status == 200`, Answer{Status: 202}, false, JobState{}, false, false},
		{"by header", `id: id, result: inline, ready: '.headers["x-state"] == "done"', done: '.headers["x-state"] == "done"'`,
			Answer{Status: 200, Header: http.Header{"X-State": {"done"}}}, true, JobState{Done: true}, false, false},
		{"by body", `id: id, result: inline, ready: .body.rows != null, done: .body.rows != null`, Answer{Body: []byte(`{"rows":[]}`)}, true, JobState{Done: true}, true, true},
		{"never ready", `id: id, result: inline, done: "false"`, Answer{Status: 200}, false, JobState{}, false, false},
		{"a failure has a reason", `id: id, result: inline, done: .status == 200, failed: .status == 203, error: [why]`,
			Answer{Status: 203, Body: []byte(`{"why":"too old"}`)}, false, JobState{Failed: "too old"}, false, true},
		{"a body that is not yet there", `id: id, download: url, done: .status == 200`, Answer{Status: 202}, false, JobState{}, false, true},
		{"a body that should be there", `id: id, download: url, done: .status == 200`, Answer{Status: 200}, false, JobState{Failed: "its status is not JSON"}, false, true},
		{"a condition that can't be asked", `id: id, result: inline, ready: .body.a.b == 1, done: .body.a.b == 1`, Answer{Body: []byte(`{"a":1}`)}, false,
			JobState{Failed: "its status can't be read: slot `.body.a.b == 1` in line 4: expected an object but got: number (1)"}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := method(t, jobOf("", c.job)).Calls[0].Job
			if got := job.IsReady(c.answer); got != c.ready || job.ReadyReadsBody() != c.readsReady {
				t.Errorf("ready %v, reads the body %v", got, job.ReadyReadsBody())
			}
			if got := job.State(c.answer); !reflect.DeepEqual(got, c.state) || job.StateReadsBody() != c.readsOfState {
				t.Errorf("%+v, reads the body %v", got, job.StateReadsBody())
			}
		})
	}
}

func TestLinksOfAJob(t *testing.T) {
	job := method(t, jobOf("", idOf+`download: files, link: url.href`)).Calls[0].Job
	files := func(n int) string {
		return `{"state":"done","files":[` + strings.TrimSuffix(strings.Repeat(`{"url":{"href":"/x"}},`, n), ",") + `]}`
	}
	for _, c := range []struct {
		body   string
		links  int
		failed string
	}{
		{files(0), 0, ""}, {files(2), 2, ""}, {files(maxLinks), maxLinks, ""},
		{files(maxLinks + 1), 0, "it has more than 1000 links"}, {`{"state":"done","files":[{"url":"/x"}]}`, 0, "no link"}, {`{"state":"done","files":{}}`, 0, "no link"},
	} {
		if got := job.State(Answer{Body: []byte(c.body)}); len(got.Links) != c.links || (got.Failed == "") != (c.failed == "") || !strings.Contains(got.Failed, c.failed) {
			t.Errorf("%.60s: %d links, %q", c.body, len(got.Links), got.Failed)
		}
	}
	for token, want := range map[string]string{"": "0 true", "1": "1 true", "12": "12 true", "0": "0 false", "-1": "-1 false", "x": "0 false"} {
		i, ok := LinkIndex(record.Position{Token: []byte(token)})
		if got := fmt.Sprint(i, ok); got != want {
			t.Errorf("%q: %s", token, got)
		}
	}
}

func TestAJobWithoutAnID(t *testing.T) {
	c, finds := Parse("acme.yaml", []byte(minimal(`resources: { usage: { list: { post: /q, items: rows, job: { status: { get: /q/last }, done: .status == 200, result: inline } } } }`)))
	if c == nil {
		t.Fatal(finds)
	}
	if id, err := c.Resources["usage"].List.Calls[0].Job.ID(nil); id == "" || err != nil {
		t.Errorf("%q %v", id, err)
	}
}
