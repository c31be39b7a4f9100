package mapping

import (
	"context"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/worker"
)

// onWay is a record on its way through the layers.
type onWay struct {
	m   map[string]any
	err error
}

// lay lays the overrides over the records that wait, and adds them to the batch. Each layer has the time of a mapping for
// all records of the item together.
func (r *Runner) lay(ctx context.Context, out *record.Batch, size int) error {
	all, together := r.held, 1 // so that no more than one is held beside what the item gave
	defer func() { clear(all); r.held = all }()
	var item any
	for _, o := range r.over {
		if o.left = Budget(len(r.item)); o.apart != nil {
			together = worker.MaxRecords // for they cost one round trip
		} else if item == nil {
			item = jq.DecodeScanned(r.item)
		}
	}
	for from := 0; from < len(all); from += len(r.held) {
		r.held = all[from:min(from+together, len(all))]
		if err := r.layGroup(ctx, out, item, size); err != nil {
			return err
		}
	}
	return nil
}

// layGroup lays one layer after the other over some records. What lies behind a record that failed is not looked at, but
// where overrides are tried out.
func (r *Runner) layGroup(ctx context.Context, out *record.Batch, item any, size int) error {
	defer r.forget()
	for _, base := range r.held {
		r.way = append(r.way, onWay{m: base})
	}
	for i, o := range r.over {
		if o.apart != nil {
			r.layApart(ctx, i)
		} else {
			r.layHere(ctx, i, item)
		}
		for _, w := range r.way {
			o.made = append(o.made, w.m)
		}
	}
	for k, w := range r.way {
		start, err := len(out.Outs), w.err
		if err == nil {
			if err = r.append(out, w.m, size); err != nil {
				err = r.failAt(r.blame(k), k, err)
			}
		}
		if r.program.tried != nil && ctx.Err() == nil {
			err = r.tell(out, r.held[k], start, size, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// forget lets go of a group.
func (r *Runner) forget() {
	clear(r.way)
	r.way = r.way[:0]
	for _, o := range r.over {
		clear(o.made)
		o.made = o.made[:0]
	}
}

// failed notes that a layer failed on a record, and says whether those behind it are looked at.
func (r *Runner) failed(layer, k int, err error) (goOn bool) {
	r.way[k].err = r.failAt(layer, k, err)
	if r.program.tried == nil {
		r.way = r.way[:k+1]
		return false
	}
	return true
}

// layHere runs a layer in this process.
func (r *Runner) layHere(ctx context.Context, i int, item any) {
	o := r.over[i]
	for k := 0; k < len(r.way); k++ {
		w := &r.way[k]
		if w.err != nil {
			continue
		}
		below, err := o.below(r.unit.fields, w.m)
		if err != nil {
			r.failed(i-1, k, err)
			continue
		}
		if next, err := o.run(ctx, r.unit.fields, item, below, w.m); err != nil {
			r.failed(i, k, err)
		} else {
			w.m = next
		}
	}
}
