package proxy

import (
	"context"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// waitForPlan waits for the lookups that the slots of the calls read. Beside a mapping a lookup only names things; here it
// says what to ask for, so that one that fails, or that is not whole, is an error.
func (q *request) waitForPlan(ctx context.Context) error {
	known := map[string]any{}
	for _, name := range q.method.Lookups(q.conn) {
		e, err := q.lookup(ctx, name)
		if err != nil {
			return err
		}
		switch {
		case e.fault != nil:
			p := *e.fault // others wait for it too
			p.Message = "the calls can't be planned without the lookup " + name + ": " + p.Message + needs(q.conn.Lookups[name])
			return &p
		case e.warn != nil:
			return problem.New(problem.UpstreamTooLarge, "the calls can't be planned: the lookup %s has more entries than the gateway keeps", name).AsRemote()
		}
		if known[name], err = jq.Decode(e.json); err != nil {
			return problem.Wrap(problem.UpstreamCorrupt, err, "the lookup %s is malformed", name).AsRemote()
		}
	}
	q.scope.Lookups = known
	return nil
}
