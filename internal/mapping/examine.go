package mapping

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// examined is one item under examination.
type examined struct {
	*Explainer
	ctx     context.Context
	stop    context.CancelFunc
	budget  time.Duration
	item    any
	forest  *forest
	base    *result
	records []*explained
	shapes  []leaf // those that change how many records there are
	cut     bool   // stopped at a limit
}

// explained is a record that is explained.
type explained struct {
	place   int // among the item's outputs
	json    []byte
	stages  []stage // as it left each layer
	targets []*target
}

// result is what one run gave.
type result struct {
	outs   []*output
	ids    []string
	failed bool
}

// begin takes an item apart and runs the mapping on it as it is.
func (e *Explainer) begin(ctx context.Context, raw []byte, places []int) (*examined, error) {
	item, err := jq.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("explaining %s: %w", e.unit.name, err)
	}
	x := &examined{Explainer: e, ctx: ctx, budget: Budget(len(raw)), item: item}
	x.forest = e.grow(item, e.vars)
	n := 0
	x.base, err = x.run(noPlace, item, e.vars, func(stages []stage) error {
		place, m := n, stages[len(stages)-1].m
		if n++; len(x.records) >= maxExplainOutputs || !slices.Contains(places, place) {
			return nil
		}
		json, err := appendRecord(nil, e.unit.fields, m)
		if err != nil {
			return err
		}
		r := &explained{place: place, json: json, stages: stages}
		for _, f := range facts(e.unit.fields, m, true) {
			r.targets = append(r.targets, &target{fact: f, built: noPlace})
		}
		x.records = append(x.records, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("explaining %s: %w", e.unit.name, err)
	}
	x.ctx, x.stop = context.WithTimeout(ctx, time.Until(e.until)/2) // something is left for the next
	return x, nil
}

// run runs the mapping once, and what lies over it.
func (x *examined) run(at place, item any, vars []any, each func([]stage) error) (*result, error) {
	x.runs++
	r := &result{}
	err := x.layered(at, item, vars, func(stages []stage) error {
		o := outputOf(x.unit.fields, stages[len(stages)-1].m)
		r.outs, r.ids = append(r.outs, o), append(r.ids, o.id)
		if each == nil {
			return nil
		}
		return each(stages)
	})
	r.failed = err != nil
	return r, err
}

// spent says that no more runs are to be had, for any item.
func (e *Explainer) spent() bool { return e.runs >= e.most || !time.Now().Before(e.until) }

// spent says that no more runs are to be had, and remembers that there was need of them.
func (x *examined) spent() bool {
	x.cut = x.cut || x.Explainer.spent() || x.ctx.Err() != nil
	return x.cut
}

// each changes the leaves one way and tells of those that the outcome is touched by. They are changed together first:
// where nothing is touched, none of them does it.
func (x *examined) each(leaves []int, w way, touches func(r *result, n int) bool, tell func(leaf int, r *result)) {
	if len(leaves) == 0 {
		return
	}
	changed := false
	item, vars := x.forest.rewrite(leaves[0], leaves[len(leaves)-1]+1, func(i int, v any) any {
		if _, ok := slices.BinarySearch(leaves, i); !ok {
			return v
		}
		to := w(i, v)
		changed = changed || !equal(v, to)
		return to
	})
	if !changed || x.spent() {
		return
	}
	r, _ := x.run(noPlace, item, vars, nil)
	switch {
	case !touches(r, len(leaves)):
	case len(leaves) == 1:
		tell(leaves[0], r)
	default:
		half := len(leaves) / 2
		x.each(leaves[:half], w, touches, tell)
		x.each(leaves[half:], w, touches, tell)
	}
}

// any says that anything is different when all these leaves are another.
func (x *examined) any(leaves []int) bool {
	item, vars := x.forest.rewrite(leaves[0], leaves[len(leaves)-1]+1, func(i int, v any) any {
		if _, ok := slices.BinarySearch(leaves, i); !ok {
			return v
		}
		return x.other(i, v)
	})
	r, _ := x.run(noPlace, item, vars, nil)
	return x.different(r)
}

// equal compares values that hold no others.
func equal(a, b any) bool {
	switch a.(type) {
	case []any, map[string]any:
		return false
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

// different says that a run gave anything else than the first.
func (x *examined) different(r *result) bool {
	if r.failed || len(r.outs) != len(x.base.outs) {
		return true
	}
	for i, o := range x.base.outs {
		if o.diff(r.outs[i], func(fact) {}) {
			return true
		}
	}
	return false
}

// touches says that a run failed, or gave another of the records that are explained.
func (x *examined) touches(r *result, _ int) bool {
	if r.failed {
		return true
	}
	to, _ := x.match(r)
	for _, rec := range x.records {
		if i, ok := to[rec.place]; !ok || r.ids[i] != x.base.ids[rec.place] || x.base.outs[rec.place].diff(r.outs[i], func(fact) {}) {
			return true
		}
	}
	return false
}

// match finds the outputs of the first run in another; all is false where there are more or fewer.
func (x *examined) match(r *result) (to map[int]int, all bool) {
	pairs, all := match(x.base.ids, r.ids)
	to = make(map[int]int, len(pairs))
	for _, p := range pairs {
		to[p[0]] = p[1]
	}
	return to, all
}

// differ calls changed for every target that is another in a run. It is false where the run failed, or gave more or
// fewer outputs; then those are compared that can be told apart by their ids.
func (x *examined) differ(r *result, changed func(*target)) bool {
	if r.failed {
		return false
	}
	to, all := x.match(r)
	for _, rec := range x.records {
		i, ok := to[rec.place]
		if !ok {
			continue
		}
		x.base.outs[rec.place].diff(r.outs[i], func(f fact) {
			for _, t := range rec.targets {
				if t.list == f.list && t.elem == f.elem && t.at == f.at {
					changed(t)
				}
			}
		})
	}
	return all
}

// locate finds the place in its layer where each value is built: the key whose name is the value's, or else that of
// the object around it; of several the last, which is the one that built it last.
func (x *examined) locate() {
	for i, d := range x.layers {
		for k, key := range d.anatomy.Keys {
			if x.spent() {
				return
			}
			r, _ := x.run(place{i, k}, x.item, x.vars, nil)
			x.differ(r, func(t *target) {
				if t.built.layer != i {
					return
				}
				now, was := nearness(t.names, key.Name), 0
				if built := x.key(t); built != nil {
					was = nearness(t.names, built.Name)
				}
				if now > 0 && now >= was {
					t.built.key = k
				}
			})
		}
	}
}

// nearness is how near to a value a key of this name stands, 0 where it is none of those that lead to it.
func nearness(names []string, key string) int {
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] == key {
			return i + 1
		}
	}
	return 0
}
