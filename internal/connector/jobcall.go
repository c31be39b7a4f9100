package connector

import (
	"net/url"
	"strconv"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Poll is the call that asks for the status of the position's job. Where that is the result too, it is the first page.
func (m *Method) Poll(s *Scope, p record.Position) (Call, error) {
	c := m.Call(p)
	if c.Job.Inline() {
		return m.ofJob(s, p, "poll", &c.Job.StatusCall, c.Page, nil)
	}
	return m.ofJob(s, p, "poll", &c.Job.StatusCall, nil, nil)
}

// Fetch is the call that asks for the result of a job that is done; report is its status.
func (m *Method) Fetch(s *Scope, p record.Position, report []byte) (Call, error) {
	c := m.Call(p)
	return m.ofJob(s, p, "fetch", c.Job.FetchCall, c.Page, report)
}

// ofJob is a call about a job, signed like the one that started it.
func (m *Method) ofJob(s *Scope, p record.Position, purpose string, req *Request, page *Page, report []byte) (Call, error) {
	w, c := m.Window(s, p), m.Call(p)
	in := s.input(p, w)
	if v, err := jq.Decode(report); err == nil {
		in.report = v
	}
	b := builder{req: req, in: in, call: Call{Purpose: purpose, Name: c.Name, Auth: c.Request.Auth, Window: w}}
	return b.build(page, page.size(s, p), page.first())
}

// Download is the call that fetches one file of a report. It goes without credentials: the link is its own.
func (j *JobSpec) Download(link string) Call {
	c := Call{Purpose: "download", Method: "GET", URL: link, Accept: "*/*", NoAuth: true}
	if u, err := url.Parse(link); err == nil && u.Host == "" { // below the base URL: the provider itself answers
		c.NoAuth = false
	}
	return c
}

// LinkIndex is which of a job's links a position is at, false for one that is no index.
func LinkIndex(p record.Position) (int, bool) {
	if len(p.Token) == 0 {
		return 0, true
	}
	i, err := strconv.Atoi(string(p.Token))
	return i, err == nil && i > 0
}

// nextLink is the token of a job's next file, "" where there is none.
func (c *CallSpec) nextLink(p record.Position, f Facts) string {
	if c.Job == nil || c.Job.DownloadAt == "" {
		return ""
	}
	if i, ok := LinkIndex(p); ok && i+1 < f.Links {
		return strconv.Itoa(i + 1)
	}
	return ""
}

// result is the request that gives a started job's result, and its further pages.
func (j *JobSpec) result() *Request {
	if j.FetchCall != nil {
		return j.FetchCall
	}
	return &j.StatusCall
}
