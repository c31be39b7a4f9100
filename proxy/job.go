package proxy

import (
	"context"
	"errors"
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

// job lives through an asynchronous report: submit, poll, download. The job's id goes into the walk's position at once,
// so that a caller whose deadline comes first gets a cursor that goes on with the same job.
func (w *walk) job(submit connector.Call, spec *connector.JobSpec) (*upstream.Reply, error) {
	resubmitted := false
	if len(w.pos.Job) == 0 {
		if err := w.submit(submit, spec); err != nil {
			return nil, err
		}
	}
	began, wait := time.Now(), spec.Interval
	for {
		url, done, err := w.poll(spec)
		if gone(err) && !resubmitted { // the provider has forgotten the job: once more from the start
			resubmitted = true
			w.forget(submit)
			w.pos.Job = nil
			if err := w.submit(submit, spec); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			w.forgetFailed(submit, err)
			return nil, err
		}
		if done {
			reply, err := w.sess.Do(w.ctx, spec.Download(w.scope, w.pos, url))
			if expired(err, spec) && !resubmitted {
				resubmitted = true // the link has expired: the next poll brings a fresh one
				continue
			}
			return reply, err
		}
		if time.Since(began) > spec.Timeout {
			return nil, problem.New(problem.JobFailed, "the provider's report was not ready after %s", spec.Timeout).AsRemote()
		}
		if err := w.pause(wait); err != nil {
			return nil, err
		}
		wait = min(2*wait, spec.MaxInterval)
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

// submit starts the job, or joins the one that an identical request has started. A submit is never repeated after an
// unclear result, since it may have been understood.
func (w *walk) submit(call connector.Call, spec *connector.JobSpec) error {
	key := w.jobKey(call)
	v, err, _ := w.jobs.Do(string(key[:]), func() (any, error) {
		if id, ok := w.Pages.Get(w.ctx, key); ok && len(id) > 0 {
			return id, nil
		}
		reply, err := w.sess.Do(context.WithoutCancel(w.ctx), call)
		if err != nil {
			return nil, err
		}
		body, err := readDocument(reply)
		if err != nil {
			return nil, err
		}
		id, err := spec.ID(body)
		if err != nil {
			return nil, err
		}
		w.Pages.PutTTL(context.WithoutCancel(w.ctx), key, []byte(id), jobJoin)
		return []byte(id), nil
	})
	if err != nil {
		return err
	}
	w.pos.Job = v.([]byte)
	return nil
}

func (w *walk) poll(spec *connector.JobSpec) (url string, done bool, err error) {
	call, err := spec.Poll(w.scope, w.pos)
	if err != nil {
		return "", false, err
	}
	reply, err := w.sess.Do(w.ctx, call)
	if err != nil {
		return "", false, err
	}
	body, err := readDocument(reply)
	if err != nil {
		return "", false, err
	}
	done, failed, reason, url := spec.Status(body)
	if failed {
		p := problem.New(problem.JobFailed, "the provider's report failed: %s", reason).AsRemote()
		p.Raw = body
		return "", false, p
	}
	return url, done, nil
}

// readDocument reads a small answer whole and lets no parser see it before its grammar and depth are known.
func readDocument(reply *upstream.Reply) ([]byte, error) {
	body, err := upstream.ReadAll(reply, maxEnvelope)
	if err != nil {
		return nil, err
	}
	if end, st := record.Scan(body, 0, true); st != record.Done || record.SkipSpace(body, end) != len(body) {
		return nil, corrupt("it is not one JSON document")
	}
	return body, nil
}

// jobKey names a job by account and submitted call: an identical request joins it, on every replica.
func (w *walk) jobKey(call connector.Call) [32]byte {
	return w.Pages.Key([]byte(w.acct.ID), []byte("job"), []byte(call.Path), call.Body)
}

func (w *walk) forget(submit connector.Call) {
	w.Pages.PutTTL(context.WithoutCancel(w.ctx), w.jobKey(submit), nil, time.Millisecond)
}

func (w *walk) forgetFailed(submit connector.Call, err error) {
	if p := problem.From(err); p.Code == problem.JobFailed {
		w.forget(submit)
		w.pos.Job = nil
	}
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
	return spec.Expired.Has(p.Status)
}
