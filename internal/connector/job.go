package connector

import (
	"net/url"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// JobSpec is an asynchronous job: the call starts it, its status is polled, and its download carries the items.
type JobSpec struct {
	IDPath      string        `yaml:"id" form:"path" need:"true" doc:"dotted path of the job's id in the answer that started it"`
	StatusCall  Request       `yaml:"status" need:"true" doc:"how to ask for its status; .job is its id"`
	Interval    time.Duration `yaml:"interval" default:"1s" doc:"the first pause between two polls; it doubles"`
	MaxInterval time.Duration `yaml:"max_interval" default:"5s" doc:"the longest pause"`
	Timeout     time.Duration `yaml:"timeout" default:"10m" doc:"after this the job counts as failed"`
	Done        *Expr         `yaml:"done" need:"true" scope:"report" doc:"holds when the job is done"`
	Failed      *Expr         `yaml:"failed" scope:"report" doc:"holds when the job has failed"`
	Error       []string      `yaml:"error" form:"path" doc:"dotted paths of the reason, the first that is text"`
	Link        string        `yaml:"download" form:"path" need:"true" doc:"dotted path of the link to the report, fetched without credentials"`
	Expired     Statuses      `yaml:"expired" doc:"statuses of the download that ask for a new link"`
}

func (j *JobSpec) check(d *decoder, n *yaml.Node) {
	if status := d.at(n, "status"); status != n {
		j.StatusCall.checkRequest(d, status)
		if !j.StatusCall.reads("job", "") {
			d.add(status, "value", "the status call does not say which job it means", "put {{ .job }} into its path")
		}
	}
	if j.MaxInterval < j.Interval && j.MaxInterval > 0 {
		d.add(d.at(n, "interval"), "value", "interval is longer than max_interval", "")
	}
}

// ID is the job's id in the answer that started it.
func (j *JobSpec) ID(body []byte) (string, error) {
	if !record.IsDocument(body) {
		return "", problem.New(problem.UpstreamUnexpected, "the answer that should start a job is not JSON").AsRemote()
	}
	if id := firstText(body, []string{j.IDPath}); id != "" {
		return id, nil
	}
	return "", problem.New(problem.UpstreamUnexpected, "the answer that should start a job has no id at %s", j.IDPath).AsRemote()
}

// Poll is the call that asks for the status of the position's job.
func (j *JobSpec) Poll(s *Scope, p record.Position) (Call, error) {
	w := Range{}
	if !s.Range.IsZero() {
		w = s.Range
	}
	b := builder{req: &j.StatusCall, in: s.input(p, w), call: Call{Purpose: "poll"}}
	return b.build(nil, 0, "")
}

// Status reads a status answer. Neither done nor failed means that the job is still running; a status that can't be
// read has failed, and reason says why.
func (j *JobSpec) Status(body []byte) (done, failed bool, reason, link string) {
	if !record.IsDocument(body) {
		return false, true, "its status is not JSON", ""
	}
	in := Answer{Body: body}.input()
	var err error
	if j.Failed != nil {
		if failed, err = j.Failed.holds(in); failed {
			if reason = firstText(body, j.Error); reason == "" {
				reason = "the provider gives no reason"
			}
			return false, true, reason, ""
		}
	}
	if err == nil {
		done, err = j.Done.holds(in)
	}
	if err != nil {
		return false, true, "its status can't be read: " + err.Error(), ""
	}
	if !done {
		return false, false, "", ""
	}
	if link = firstText(body, []string{j.Link}); link == "" {
		return false, true, "it is done and gives no link at " + j.Link, ""
	}
	return true, false, "", link
}

// Download is the call that fetches the report. It goes without credentials: the link is its own.
func (j *JobSpec) Download(s *Scope, p record.Position, link string) Call {
	c := Call{Purpose: "download", Method: "GET", URL: link, Accept: "*/*", NoAuth: true}
	if u, err := url.Parse(link); err == nil && u.Host == "" { // below the base URL: the provider itself answers
		c.NoAuth = false
	}
	return c
}
