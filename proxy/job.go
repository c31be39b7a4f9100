package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

const (
	jobMargin = 500 * time.Millisecond // what an answer needs after the last poll
	jobJoin   = 10 * time.Minute       // how long an identical request joins a job
)

// job lives through an asynchronous report: submit, poll, result. The job's id goes into the walk's position at once,
// so that a caller whose deadline comes first gets a cursor that goes on with the same job. A job that the provider has
// forgotten is started anew, once.
func (w *walk) job(submit connector.Call, spec *connector.JobSpec) (*upstream.Reply, error) {
	if len(w.pos.Job) == 0 {
		if reply, err := w.submit(submit, spec); reply != nil || err != nil {
			return reply, err
		}
	}
	restarted, refreshed := false, false
	for began, wait := time.Now(), spec.Interval; ; {
		st, err := w.poll(spec)
		switch {
		case gone(err) && !restarted:
			restarted = true
			if reply, err := w.restart(submit, spec); reply != nil || err != nil {
				return reply, err
			}
			continue
		case err != nil:
			w.forgetFailed(submit, err)
		case st.Done:
			reply, err := w.result(spec, st)
			switch {
			case !expired(err, spec), refreshed && restarted:
				return reply, refusedLink(err, spec)
			case !refreshed:
				refreshed = true // the next poll brings a fresh link
			default:
				restarted, refreshed = true, false
				if reply, err := w.restart(submit, spec); reply != nil || err != nil {
					return reply, err
				}
			}
			continue
		case time.Since(began) > spec.Timeout:
			err = problem.New(problem.JobFailed, "the provider's report was not ready after %s", spec.Timeout).AsRemote()
		case st.retryIn > 0:
			err = w.pause(min(st.retryIn, spec.Timeout)) // the provider knows best
		default:
			err = w.pause(wait)
			wait = min(2*wait, spec.MaxInterval)
		}
		if err != nil {
			return nil, err
		}
	}
}

// pause waits for the next poll, unless the request's deadline would come first.
func (w *walk) pause(d time.Duration) error {
	if deadline, ok := w.ctx.Deadline(); ok && time.Until(deadline) < d+jobMargin {
		p := problem.New(problem.JobPending, "the provider is still preparing the report; ask again with next_cursor, or the same request: both join the running job").AsRemote()
		p.RetryAfter = max(1, int(d.Round(time.Second)/time.Second))
		return p
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// polled is a status: what it says, when to ask again, and itself, which may be the result.
type polled struct {
	connector.JobState
	retryIn time.Duration
	reply   *upstream.Reply // of a job that is done; its body is there to be read
	body    []byte          // the same, where it was read
}

// poll asks for the job's status.
func (w *walk) poll(spec *connector.JobSpec) (st polled, err error) {
	call, err := w.method.Poll(w.scope, w.pos)
	if err != nil {
		return st, err
	}
	if st.reply, err = w.sess.Do(w.ctx, call); err != nil {
		return st, err
	}
	st.retryIn = time.Duration(st.reply.RetryIn) * time.Second
	if spec.StateReadsBody() {
		if st.body, err = buffer(st.reply, spec.Inline()); err != nil {
			return st, err
		}
		if len(st.body) > 0 && !spec.Inline() && !record.IsDocument(st.body) {
			return st, corrupt("it is not one JSON document")
		}
	}
	st.JobState = spec.State(connector.Answer{Status: st.reply.Status, Header: st.reply.Header, Body: st.body})
	if !st.Done {
		_, _ = upstream.ReadAll(st.reply, maxEnvelope) // the next poll has its connection
	}
	if st.Failed != "" {
		p := problem.New(problem.JobFailed, "the provider's report failed: %s", st.Failed).AsRemote()
		p.Raw, p.Insight = st.body[:min(len(st.body), upstream.MaxErrorBody)], &problem.Insight{Remote: st.Failed}
		return st, p
	}
	return st, nil
}

// result is the page of a job that is done, at the walk's position.
func (w *walk) result(spec *connector.JobSpec, st polled) (*upstream.Reply, error) {
	if spec.Inline() {
		return st.reply, nil
	}
	if spec.FetchCall != nil {
		call, err := w.method.Fetch(w.scope, w.pos, st.body)
		if err != nil {
			return nil, err
		}
		return w.sess.Do(w.ctx, call)
	}
	w.links = len(st.Links)
	i, ok := connector.LinkIndex(w.pos)
	switch {
	case i == 0 && len(st.Links) == 0: // a list without a file
		return &upstream.Reply{Status: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Empty: true}, nil
	case !ok || i >= len(st.Links):
		return nil, problem.New(problem.CursorStale, "the provider's report no longer has the file that the cursor stands in; start again without a cursor")
	}
	return w.sess.Do(w.ctx, spec.Download(st.Links[i]))
}

// buffer reads an answer that has to be read before it is known what it is, and leaves it to be read again. What may be the
// result is as large as an answer that is held whole.
func buffer(reply *upstream.Reply, result bool) ([]byte, error) {
	most := int64(maxEnvelope)
	if result {
		most = maxBuffered
	}
	body, err := upstream.ReadAll(reply, most)
	reply.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

func gone(err error) bool {
	var p *problem.Problem
	return errors.As(err, &p) && p.Remote && (p.Status == 404 || p.Status == 410)
}

func expired(err error, spec *connector.JobSpec) bool {
	var p *problem.Problem
	if !errors.As(err, &p) || !p.Remote {
		return false
	}
	return spec.Expired.Has(theirStatus(p))
}

// theirStatus is the provider's own, which a problem's need not be.
func theirStatus(p *problem.Problem) int {
	if status, known := p.Details["status"].(int); known {
		return status
	}
	return p.Status
}

// refusedLink adds to the refusal of a download what its reader can do about it. A link that expires is the provider's
// affair; one that the connector does not know to expire is the connector's author's.
func refusedLink(err error, spec *connector.JobSpec) error {
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != problem.JobFailed || spec.FetchCall != nil {
		return err
	}
	if status := theirStatus(p); status != http.StatusUnauthorized && status != http.StatusForbidden {
		return err
	}
	if expired(err, spec) {
		p.Message += "; the provider's link expired again, after a new link and a new report: ask once more later"
	} else {
		p.Message += "; the call carries no credentials of the account: where links expire, set job.expired in the connector"
	}
	return p
}
