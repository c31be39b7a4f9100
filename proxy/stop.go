package proxy

import (
	"context"
	"errors"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// ErrStopping is the cause with which the context of a request ends because the gateway does.
var ErrStopping = errors.New("the gateway is stopping")

// Stopping is the problem of a request that was under way when the gateway stopped.
func Stopping() *problem.Problem {
	p := problem.Wrap(problem.Stopping, ErrStopping, "the gateway is being stopped; go on at another one, or at this one when it is back")
	p.RetryAfter = 1
	return p
}

// stopping says whether a context ended for that.
func stopping(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrStopping) }

// Stop ends the streams that are under way, and those to come: each with an error and the cursor behind its last record, since
// nobody knows for how long it would go on. What is buffered has its deadline.
func (p *Proxy) Stop() { p.stop(ErrStopping) }

// within is the context of a request.
func (p *Proxy) within(ctx context.Context, streams bool) (context.Context, context.CancelFunc) {
	if !streams {
		return context.WithTimeout(ctx, p.Deadline)
	}
	ctx, end := context.WithCancelCause(upstream.Alone(ctx))
	release := context.AfterFunc(p.stopped, func() { end(ErrStopping) })
	return ctx, func() {
		release()
		end(nil)
	}
}
