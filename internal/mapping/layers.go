package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/worker"
)

// With is the program with an override laid over it and over what was laid before; p itself where there is none. The
// number and the order of an item's records stay those of the mapping.
func (p *Program) With(o *Override) *Program {
	if p == nil || o == nil {
		return p
	}
	q := *p
	q.over = append(slices.Clip(p.over), o)
	q.hash = hashOf(fmt.Sprint(p.hash), fmt.Sprint(o.hash))
	for _, u := range o.resources {
		for i, root := range roots {
			q.mentions[i] = q.mentions[i] || u.code.Mentions(root)
		}
	}
	return &q
}

// LayerOf is the topmost layer that sets a field of a resource, as far as it shows without running it: Base where no
// override does. The path is the model's, "charges[].amount".
func (p *Program) LayerOf(resource, path string) Layer {
	for _, o := range slices.Backward(p.over) {
		if u := o.resources[resource]; u != nil && u.changes(path) {
			return o.layer
		}
	}
	return Base
}

// Settles says whether a field of a resource is the mapping's own: no override sets it, nor could.
func (p *Program) Settles(resource, path string) bool {
	return p.LayerOf(resource, path) == Base && !slices.ContainsFunc(p.over, func(o *Override) bool {
		u := o.resources[resource]
		return u != nil && (u.code.Assigns().Open || slices.ContainsFunc(u.code.Assigns().Fields, func(a jq.Assign) bool { return a.Path[0] == Replace }))
	})
}

// Tried is what the overrides make of one record: for who tries them before they are used.
type Tried struct {
	Resource string
	ID       string
	Before   []byte // the mapping's record, without its remote data
	After    []byte // with the overrides over it; nil where Err says why not
	Err      error
}

// Try is the program for trying its overrides out: told is given every record, and one that an override fails on is as
// if there were none.
func (p *Program) Try(told func(Tried)) *Program {
	q := *p
	q.tried = told
	return &q
}

// overRun is an override at work, one layer of a runner.
type overRun struct {
	layer   Layer
	unit    *overlay
	session eachRun
	left    time.Duration    // of its time for the item
	apart   *worker.Session  // in whose place it runs; nil where it runs in this process
	made    []map[string]any // the records as they left the layer
	buf     []byte
}

// eachRun is a program that is given $base beside each input: a session, or one that is explained.
type eachRun interface {
	RunEach(ctx context.Context, budget time.Duration, input, each any, emit func(any) error) error
}

func (p *Program) overRuns(resource string) []*overRun {
	var out []*overRun
	for _, o := range p.over {
		if u := o.resources[resource]; u != nil {
			run := &overRun{layer: o.layer, unit: u}
			if u.apart != nil {
				run.apart = o.pool.Session(u.apart)
			}
			out = append(out, run)
		}
	}
	return out
}

// below is $base: the record as a client would see it without the layer, with the digits that it has.
func (o *overRun) below(fields []*Field, m map[string]any) (base any, err error) {
	if !o.unit.code.Mentions(baseRoot) {
		return nil, nil
	}
	if o.buf, err = appendRecord(o.buf[:0], fields, m); err != nil {
		return nil, err
	}
	return jq.DecodeScanned(o.buf), nil
}

// run is the record as it leaves the layer.
func (o *overRun) run(ctx context.Context, fields []*Field, item, base any, m map[string]any) (map[string]any, error) {
	output, some, err := o.output(ctx, item, base)
	if err != nil || !some {
		return m, err
	}
	return lay(fields, m, output)
}

// output is what the layer's program gives for a record, which may be none.
func (o *overRun) output(ctx context.Context, item, base any) (output any, some bool, err error) {
	if o.left <= 0 {
		return nil, false, errNoTime
	}
	began, n := time.Now(), 0
	err = o.session.RunEach(ctx, o.left, item, base, func(v any) error {
		if n++; n > 1 {
			return errTwice
		}
		output = v
		return nil
	})
	o.left -= time.Since(began)
	return output, n > 0, err
}

var (
	errTwice  = errors.New("it gives more than one output, and must give one object or none")
	errNoTime = fmt.Errorf("%w: the override takes too long for the records of one item", jq.ErrBudget)
)

// blame is the lowest layer from which on a record is none that the model takes; -1 for the mapping.
func (r *Runner) blame(k int) int {
	sound := func(m map[string]any) bool {
		_, err := appendRecord(nil, r.unit.fields, m)
		return err == nil
	}
	for i := len(r.over) - 2; i >= 0; i-- {
		if sound(r.over[i].made[k]) {
			return i + 1
		}
	}
	if sound(r.held[k]) {
		return 0
	}
	return -1
}

// failAt is the error of a layer, -1 for the mapping's, on a record.
func (r *Runner) failAt(layer, k int, cause error) error {
	if layer < 0 {
		return cause
	}
	o := r.over[layer]
	return &Error{Resource: r.unit.name, Layer: o.layer, Record: shown(r.held[k][r.unit.fields[0].Name]), Msg: cause.Error(),
		File: o.unit.src.File, Line: o.unit.line, Col: o.unit.col, cause: cause}
}

// tell reports one record to whoever tries the overrides, and puts the record that was there before in the place of one
// that an override failed on.
func (r *Runner) tell(out *record.Batch, base map[string]any, start, size int, err error) error {
	before, bad := appendRecord(nil, r.unit.fields, base)
	if bad != nil {
		return bad
	}
	t := Tried{Resource: r.unit.name, Before: before, Err: err}
	if id, some, _ := appendID(nil, base[r.unit.fields[0].Name]); some {
		t.ID = fmt.Sprint(jq.DecodeScanned(id))
	}
	if err == nil {
		t.After = out.JSON(start)
	}
	r.program.tried(t)
	if err != nil {
		return r.append(out, base, size)
	}
	return nil
}
