package proxy

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/meterbridge/meterbridge/internal/principal"
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

// whyEnded is why the context of a request was ended by us, nil where it was not: the gateway stops, or the caller's token is good
// no more.
func whyEnded(ctx context.Context) *problem.Problem {
	var p *problem.Problem
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, ErrStopping):
		return Stopping()
	case errors.As(cause, &p):
		return p
	}
	return nil
}

// checkToken is how often the token of a stream is looked at. See principal.CacheTTL.
const checkToken = 1500 * time.Millisecond

// watch ends a stream whose caller's token is revoked or expires under way. Where the store of tokens does not answer, nothing
// is known against it.
func (p *Proxy) watch(ctx context.Context, who *principal.Principal, end context.CancelCauseFunc) {
	tick := time.NewTicker(checkToken)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := p.Still(ctx, who); err != nil && problem.From(err).Status == http.StatusUnauthorized {
				end(err)
				return
			}
		}
	}
}

// Stop ends the streams that are under way, and those to come: each with an error and the cursor behind its last record, since
// nobody knows for how long it would go on. What is buffered has its deadline.
func (p *Proxy) Stop() { p.stop(ErrStopping) }

// within is the context of a request of the caller's.
func (p *Proxy) within(ctx context.Context, who *principal.Principal, streams bool) (context.Context, context.CancelFunc) {
	if !streams {
		return context.WithTimeout(ctx, p.Deadline)
	}
	ctx, end := context.WithCancelCause(upstream.Alone(ctx))
	release := context.AfterFunc(p.stopped, func() { end(ErrStopping) })
	if p.Still != nil {
		go p.watch(ctx, who, end)
	}
	return ctx, func() {
		release()
		end(nil)
	}
}
