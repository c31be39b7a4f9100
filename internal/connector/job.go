package connector

import (
	"strconv"
	"time"

	"github.com/tidwall/gjson"
	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// JobSpec is an asynchronous job: the call starts it, its status is polled, and its result carries the items. The result
// is a file or several, the answer of a further request, or the last status itself.
type JobSpec struct {
	IDPath      string        `yaml:"id" form:"path" doc:"dotted path of the job's id in the answer that started it; none where result: inline has no need of it"`
	Ready       *Expr         `yaml:"ready" scope:"reply" doc:"holds when the answer that should start the job is its result already"`
	StatusCall  Request       `yaml:"status" need:"true" doc:"how to ask for its status; .job is its id"`
	Interval    time.Duration `yaml:"interval" default:"1s" doc:"the first pause between two polls; it doubles. Retry-After of a status goes over it"`
	MaxInterval time.Duration `yaml:"max_interval" default:"5s" doc:"the longest pause"`
	Timeout     time.Duration `yaml:"timeout" default:"10m" doc:"after this the job counts as failed"`
	Done        *Expr         `yaml:"done" need:"true" scope:"report" doc:"holds when the job is done"`
	Failed      *Expr         `yaml:"failed" scope:"report" doc:"holds when the job has failed"`
	Error       []string      `yaml:"error" form:"path" doc:"dotted paths of the reason, the first that is text"`
	DownloadAt  string        `yaml:"download" form:"path" doc:"dotted path of the link to the report, fetched without credentials; of a list of links each is a page"`
	LinkAt      string        `yaml:"link" form:"path" doc:"dotted path of the link within an element of that list; without it the elements are the links"`
	Result      string        `yaml:"result" enum:"inline" doc:"the status of a job that is done has the items itself"`
	FetchCall   *Request      `yaml:"fetch" scope:"fetch" doc:"how to ask for the result of a job that is done; .report is its status"`
	Expired     Statuses      `yaml:"expired" doc:"statuses of the result that ask for a new link"`
}

// maxLinks bounds the files of one job.
const maxLinks = 1_000

func (j *JobSpec) check(d *decoder, n *yaml.Node) {
	given := func(key string) bool { return d.at(n, key) != n }
	var results []string
	for _, key := range []string{"download", "result", "fetch"} {
		if given(key) {
			results = append(results, key)
		}
	}
	switch {
	case len(results) == 0:
		d.add(n, "missing", "the job has no result", "add download: the path of its link, result: inline, or fetch: a request")
	case len(results) > 1:
		d.add(d.key(n, results[1]), "exclusive", results[0]+" and "+results[1]+" are both there", "keep one of them")
	}
	if !given("id") && !given("result") {
		d.add(n, "missing", "id is missing", "add id: dotted path of the job's id in the answer that started it")
	}
	if given("link") && !given("download") {
		d.add(d.key(n, "link"), "unused", "link without download", "say with download where the list of links stands")
	}
	if given("fetch") && j.FetchCall != nil {
		j.FetchCall.checkRequest(d, d.at(n, "fetch"))
	}
	if status := d.at(n, "status"); status != n {
		j.StatusCall.checkRequest(d, status)
		switch reads := j.StatusCall.reads("job", ""); {
		case given("id") && !reads:
			d.add(status, "value", "the status call does not say which job it means", "put {{ .job }} into its path")
		case !given("id") && reads:
			d.add(status, "value", "the status call reads .job, and the job has no id", "add id: dotted path of the job's id")
		}
	}
	if j.MaxInterval < j.Interval && j.MaxInterval > 0 {
		d.add(d.at(n, "interval"), "value", "interval is longer than max_interval", "")
	}
}

// noID is the id of a job that has none, so that a position knows that it was started.
const noID = "-"

// ID is the job's id in the answer that started it.
func (j *JobSpec) ID(body []byte) (string, error) {
	switch {
	case j.IDPath == "":
		return noID, nil
	case !record.IsDocument(body):
		return "", problem.New(problem.UpstreamUnexpected, "the answer that should start a job is not JSON").AsRemote()
	}
	if id := firstText(body, []string{j.IDPath}); id != "" {
		return id, nil
	}
	return "", problem.New(problem.UpstreamUnexpected, "the answer that should start a job has no id at %s", j.IDPath).AsRemote()
}

// Inline says whether a status that is done has the items itself.
func (j *JobSpec) Inline() bool { return j.Result == "inline" }

// IsReady says whether the answer that should start a job is its result already. A condition that fails says no.
func (j *JobSpec) IsReady(a Answer) bool {
	if j.Ready == nil {
		return false
	}
	ok, err := j.Ready.holds(a.input())
	return err == nil && ok
}

// ReadyReadsBody says whether IsReady needs the answer's body; else that can be passed on as it comes.
func (j *JobSpec) ReadyReadsBody() bool { return j.Ready.reads("body", "") }

// StateReadsBody says whether State needs the body of a status; else that can be passed on as it comes.
func (j *JobSpec) StateReadsBody() bool {
	return !j.Inline() || j.Failed != nil || j.Done.reads("body", "")
}

// JobState is what a status says. Neither done nor failed means that the job is still running.
type JobState struct {
	Done   bool
	Failed string   // the reason
	Links  []string // of a job that is done, where it is downloaded
}

// State reads a status. One that can't be read has failed, and the reason says why.
func (j *JobSpec) State(a Answer) JobState {
	in := a.input()
	failed, done := false, false
	var err error
	if j.Failed != nil {
		failed, err = j.Failed.holds(in)
	}
	if err == nil && !failed {
		done, err = j.Done.holds(in)
	}
	sound := record.IsDocument(a.Body)
	switch {
	case err != nil && !sound:
		return JobState{Failed: "its status is not JSON"}
	case err != nil:
		return JobState{Failed: "its status can't be read: " + err.Error()}
	case failed && sound && firstText(a.Body, j.Error) != "":
		return JobState{Failed: firstText(a.Body, j.Error)}
	case failed:
		return JobState{Failed: "the provider gives no reason"}
	case done && j.DownloadAt != "":
		return j.links(a.Body, sound)
	}
	return JobState{Done: done}
}

// links is the state of a job that is done and downloaded.
func (j *JobSpec) links(body []byte, sound bool) JobState {
	if !sound {
		return JobState{Failed: "its status is not JSON"}
	}
	none := JobState{Failed: "it is done and gives no link at " + j.DownloadAt}
	at := find(body, j.DownloadAt)
	if !at.IsArray() {
		if link := firstText(body, []string{j.DownloadAt}); link != "" {
			return JobState{Done: true, Links: []string{link}}
		}
		return none
	}
	links := []string{}
	at.ForEach(func(_, e gjson.Result) bool {
		if j.LinkAt != "" {
			e = e.Get(j.LinkAt)
		}
		if e.Type != gjson.String || e.Str == "" {
			links = nil
			return false
		}
		links = append(links, e.Str)
		return len(links) <= maxLinks
	})
	switch {
	case links == nil:
		return none
	case len(links) > maxLinks:
		return JobState{Failed: "it has more than " + strconv.Itoa(maxLinks) + " links; ask for a shorter range"}
	}
	return JobState{Done: true, Links: links}
}
