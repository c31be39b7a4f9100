package mapping

import (
	"context"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// interpreter is gojq at work for a runner. It has the roots as values, once there is an item for it.
type interpreter struct {
	session *jq.Session
	vars    []any
	stale   bool // the roots are others by now
}

// refresh gives gojq the roots as they are bound.
func (r *Runner) refresh() error {
	if r.gojq.session != nil && !r.gojq.stale {
		return nil
	}
	vars := make([]any, len(roots))
	for i := range roots {
		var err error
		if vars[i], err = r.root(i); err != nil {
			return err
		}
	}
	r.gojq = interpreter{session: r.unit.code.Session(vars), vars: vars}
	for _, o := range r.over {
		if o.apart != nil {
			r.bindApart(o)
			continue
		}
		o.session = o.unit.code.Session(append(vars[:len(vars):len(vars)], nil))
	}
	return nil
}

// interpret is what gojq makes of the item.
func (r *Runner) interpret(ctx context.Context) error {
	if err := r.refresh(); err != nil {
		return err
	}
	item := jq.DecodeScanned(r.item)
	r.held = r.held[:0]
	err := r.gojq.session.Run(ctx, Budget(len(r.item)), item, r.output)
	if err == nil && len(r.held) > 0 {
		err = r.lay(ctx, r.out, r.size)
	}
	return err
}

// output takes one output of gojq's: to the batch, or to where it waits for the overrides.
func (r *Runner) output(v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return wrongOutput(v)
	}
	if len(r.over) > 0 {
		r.held = append(r.held, m)
		return nil
	}
	return r.append(r.out, m, r.size)
}
