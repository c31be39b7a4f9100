package proxy

import (
	"bytes"
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
// so that a caller whose deadline comes first gets a cursor that goes on with the same job. A job that the provider has
// forgotten is started anew, once.
func (w *walk) job(submit connector.Call, spec *connector.JobSpec) (*upstream.Reply, error) {
	if len(w.pos.Job) == 0 {
		if err := w.submit(submit, spec); err != nil {
			return nil, err
		}
	}
	restarted, refreshed := false, false
	for began, wait := time.Now(), spec.Interval; ; {
		link, done, err := w.poll(spec)
		switch {
		case gone(err) && !restarted:
			restarted = true
			err = w.restart(submit, spec)
		case err != nil:
			w.forgetFailed(submit, err)
		case done:
			reply, err := w.sess.Do(w.ctx, spec.Download(w.scope, w.pos, link))
			switch {
			case !expired(err, spec), refreshed && restarted:
				return reply, err
			case !refreshed:
				refreshed = true // the next poll brings a fresh link
			default:
				restarted, refreshed = true, false
				if err := w.restart(submit, spec); err != nil {
					return nil, err
				}
			}
			continue
		case time.Since(began) > spec.Timeout:
			err = problem.New(problem.JobFailed, "the provider's report was not ready after %s", spec.Timeout).AsRemote()
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

// submit starts the job, or joins the one that an identical request has started. A submit is never repeated after an
// unclear result, since it may have been understood; so it outlives a caller who leaves, and is known to the next one.
func (w *walk) submit(call connector.Call, spec *connector.JobSpec) error {
	key := w.jobKey(call)
	flight := w.jobs.DoChan(string(key[:]), func() (any, error) {
		ctx := context.WithoutCancel(w.ctx)
		if id, ok := w.Pages.Get(ctx, key); ok && len(id) > 0 {
			return id, nil
		}
		reply, err := w.sess.Do(ctx, call)
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
		w.Pages.PutTTL(ctx, key, []byte(id), jobJoin)
		return []byte(id), nil
	})
	select {
	case r := <-flight:
		if r.Err != nil {
			return r.Err
		}
		w.pos.Job = r.Val.([]byte)
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
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
		p.Raw, p.Insight = body[:min(len(body), upstream.MaxErrorBody)], &problem.Insight{Remote: reason}
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
	if !record.IsDocument(body) {
		return nil, corrupt("it is not one JSON document")
	}
	return body, nil
}

// jobKey names a job by account and submitted call: an identical request joins it, on every replica.
func (w *walk) jobKey(call connector.Call) [32]byte {
	base, _ := w.context["base_url"].(string)
	return w.Pages.Key([]byte(w.acct.ID), []byte("job"), []byte(base), marshal(call.Query), marshal(call.Header), []byte(call.Path), call.Body)
}

// restart starts a job in the place of one that is gone, or joins who has done so already.
func (w *walk) restart(submit connector.Call, spec *connector.JobSpec) error {
	w.forget(submit)
	return w.submit(submit, spec)
}

// forget lets nobody join the walk's job any more.
func (w *walk) forget(submit connector.Call) {
	ctx, key := context.WithoutCancel(w.ctx), w.jobKey(submit)
	if id, _ := w.Pages.Get(ctx, key); bytes.Equal(id, w.pos.Job) {
		w.Pages.PutTTL(ctx, key, nil, time.Millisecond)
	}
	w.pos.Job = nil
}

func (w *walk) forgetFailed(submit connector.Call, err error) {
	if problem.From(err).Code == problem.JobFailed {
		w.forget(submit)
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
