package proxy

import (
	"bytes"
	"context"
	"io"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// submitted is the answer to a submit: a job's id, or its result.
type submitted struct {
	id     []byte
	reply  *upstream.Reply // of a job that was ready at once
	body   []byte          // the same, where it was read
	shared bool            // it was: all who wait have it
	cancel context.CancelFunc
}

// submit starts the job, or joins the one that an identical request has started. A submit is never repeated after an
// unclear result, since it may have been understood; so it outlives a caller who leaves, and is known to the next one. A
// reply is the result of a job that was ready at once: one that comes as it arrives goes to whoever asked for it, and who
// waited with them asks for their own.
func (w *walk) submit(call connector.Call, spec *connector.JobSpec) (*upstream.Reply, error) {
	key := w.jobKey(call)
	for {
		mine := false
		flight := w.jobs.DoChan(string(key[:]), func() (any, error) {
			mine = true
			return w.startJob(call, spec, key)
		})
		select {
		case r := <-flight:
			if r.Err != nil {
				return nil, r.Err
			}
			switch s := r.Val.(*submitted); {
			case s.reply == nil:
				w.pos.Job = s.id
				return nil, nil
			case s.shared:
				reply := *s.reply
				reply.Body = io.NopCloser(bytes.NewReader(s.body))
				return &reply, nil
			case mine:
				return s.tied(w.ctx), nil
			}
		case <-w.ctx.Done():
			go abandon(flight, &mine)
			return nil, w.ctx.Err()
		}
	}
}

// startJob makes the submit, for all who wait for it, and remembers the job's id for those to come.
func (w *walk) startJob(call connector.Call, spec *connector.JobSpec, key [32]byte) (*submitted, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.ctx))
	s := &submitted{cancel: cancel}
	if id, ok := w.Pages.Get(ctx, key); ok && len(id) > 0 {
		cancel()
		s.id = id
		return s, nil
	}
	err := s.ask(ctx, w.sess, call, spec)
	if err != nil || s.reply == nil || s.shared {
		cancel()
	}
	if len(s.id) > 0 {
		w.Pages.PutTTL(context.WithoutCancel(w.ctx), key, s.id, jobJoin)
	}
	return s, err
}

// ask makes the submit and reads its answer as far as it has to be read.
func (s *submitted) ask(ctx context.Context, sess *upstream.Session, call connector.Call, spec *connector.JobSpec) error {
	reply, err := sess.Do(ctx, call)
	if err != nil {
		return err
	}
	a := connector.Answer{Status: reply.Status, Header: reply.Header}
	if s.shared = reply.Empty || spec.ReadyReadsBody(); s.shared {
		if s.body, err = buffer(reply, true); err != nil {
			return err
		}
		a.Body = s.body
	}
	if reply.Empty || spec.IsReady(a) {
		s.reply = reply
		return nil
	}
	if !s.shared {
		if a.Body, err = buffer(reply, false); err != nil {
			return err
		}
	}
	id, err := spec.ID(a.Body)
	s.id = []byte(id)
	return err
}

// tied is the result as it arrives. Its call outlives those who wait for it, and its body ends with the one who reads it.
func (s *submitted) tied(ctx context.Context) *upstream.Reply {
	s.reply.Body = &tiedBody{ReadCloser: s.reply.Body, ctx: ctx, cancel: s.cancel, stop: context.AfterFunc(ctx, s.cancel)}
	return s.reply
}

type tiedBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelFunc
	stop   func() bool
}

func (b *tiedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && b.ctx.Err() != nil {
		err = b.ctx.Err() // that the call was stopped is not what happened
	}
	return n, err
}

func (b *tiedBody) Close() error {
	b.stop()
	defer b.cancel()
	return b.ReadCloser.Close()
}

// abandon lets go of a result that nobody is there to read.
func abandon(flight <-chan singleflight.Result, mine *bool) {
	r := <-flight
	if s, ok := r.Val.(*submitted); ok && *mine && s.reply != nil && !s.shared {
		s.reply.Body.Close()
		s.cancel()
	}
}

// jobKey names a job by account and submitted call: an identical request joins it, on every replica.
func (w *walk) jobKey(call connector.Call) [32]byte {
	base, _ := w.context["base_url"].(string)
	return w.Pages.Key([]byte(w.acct.ID), []byte("job"), []byte(base), marshal(call.Query), marshal(call.Header), []byte(call.Path), call.Body)
}

// restart starts a job in the place of one that is gone, or joins who has done so already.
func (w *walk) restart(submit connector.Call, spec *connector.JobSpec) (*upstream.Reply, error) {
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
