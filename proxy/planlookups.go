package proxy

import (
	"context"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// waitFor waits for lookups that slots of the plan read, those that choose a call or those of the call itself. Beside a
// mapping a lookup only names things; here it says what to ask for, so that one that fails, or that is not whole, is an error.
func (q *request) waitFor(ctx context.Context, names []string) error {
	for _, name := range names {
		if _, ok := q.scope.Lookups[name]; ok {
			continue
		}
		e, err := q.lookup(ctx, name)
		if err != nil {
			return err
		}
		switch {
		case e.fault != nil:
			p := *e.fault // others wait for it too
			p.Message = "the call can't be planned without the lookup " + name + ": " + p.Message + needs(q.conn.Lookups[name])
			return &p
		case e.warn != nil:
			return problem.New(problem.UpstreamTooLarge, "the call can't be planned: the lookup %s has more entries than the gateway keeps", name).AsRemote()
		}
		v, err := jq.Decode(e.json)
		if err != nil {
			return problem.Wrap(problem.UpstreamCorrupt, err, "the lookup %s is malformed", name).AsRemote()
		}
		if q.scope.Lookups == nil {
			q.scope.Lookups = map[string]any{}
		}
		q.scope.Lookups[name] = v
	}
	return nil
}
