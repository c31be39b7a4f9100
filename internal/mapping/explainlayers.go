package mapping

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// dissected is the program of one layer, taken apart.
type dissected struct {
	layer   Layer
	file    string
	anatomy *jq.Anatomy
	vars    []any // of the run
	key     int   // that the run changes
}

// place is where a value is built: in which layer, and by which of its keys.
type place struct{ layer, key int }

// noPlace is the place of a run in which nothing is changed.
var noPlace = place{key: jq.NoKey}

// RunEach runs an override.
func (d *dissected) RunEach(ctx context.Context, budget time.Duration, item, base any, emit func(any) error) error {
	return d.anatomy.Run(ctx, budget, d.key, item, append(slices.Clone(d.vars), base), emit)
}

// dissect takes the program of a layer apart, and adds it to what stands below.
func (e *Explainer) dissect(layer Layer, src jq.Source, opt jq.Options, def string) (*dissected, error) {
	a, err := jq.Dissect(src, opt, def, RemoteData, func(v any) any { return e.other(0, v) })
	if err != nil {
		return nil, fmt.Errorf("explaining %s: %w", e.unit.name, err)
	}
	for _, r := range a.Refs {
		if r.Root != baseRoot { // whose values have sources of their own
			i := slices.Index(roots, r.Root) + 1
			e.refs[i] = append(e.refs[i], r.Path)
		}
	}
	for name := range a.Names {
		e.names[name] = true
	}
	for _, word := range a.Literals {
		if !slices.Contains(e.literals, word) {
			e.literals = append(e.literals, word)
		}
	}
	d := &dissected{layer: layer, file: src.File, anatomy: a}
	e.layers = append(e.layers, d)
	return d, nil
}

// stage is a record as it leaves a layer.
type stage struct {
	m    map[string]any
	gave map[string]any // what the override gave; nil where it left the record as it was
}

// set sets what the programs run with.
func (x *examined) set(at place, vars []any) {
	for i, d := range x.layers {
		d.vars, d.key = vars, jq.NoKey
		if i == at.layer {
			d.key = at.key
		}
	}
}

// layered runs the mapping, and each override on what is below it, as a Runner does. With the value of an override's key
// changed, it may change what is fixed.
func (x *examined) layered(at place, item any, vars []any, each func([]stage) error) error {
	x.set(at, vars)
	var made []map[string]any
	base := x.layers[0]
	err := base.anatomy.Run(x.ctx, x.budget, base.key, item, vars, func(v any) error {
		m, ok := v.(map[string]any)
		if !ok {
			return wrongOutput(v)
		}
		made = append(made, m)
		return nil
	})
	if err != nil {
		return err
	}
	for _, o := range x.over {
		o.left = x.budget
	}
	for _, m := range made {
		stages := []stage{{m: m}}
		for i, o := range x.over {
			var below any
			if o.unit.code.Mentions(baseRoot) {
				below = x.asServed(m)
			}
			next, err := x.lay(o, item, below, m, x.layers[i+1].key != jq.NoKey)
			if err != nil {
				return err
			}
			stages, m = append(stages, next), next.m
		}
		if err := each(stages); err != nil {
			return err
		}
	}
	return nil
}

// lay lays one override over a record. free says that it may change what is fixed.
func (x *examined) lay(o *overRun, item, below any, m map[string]any, free bool) (stage, error) {
	output, some, err := o.output(x.ctx, item, below)
	if err != nil || !some {
		return stage{m: m}, err
	}
	if free {
		m, err = laid(m, output)
	} else {
		m, err = lay(x.unit.fields, m, output)
	}
	gave, _ := output.(map[string]any)
	return stage{m, gave}, err
}

// asServed is a record as a client would see it. A changed value need not be one that the model takes; then its field
// stays as it is.
func (x *examined) asServed(m map[string]any) map[string]any {
	if text, err := appendRecord(nil, x.unit.fields, m); err == nil {
		return jq.DecodeScanned(text).(map[string]any)
	}
	out := map[string]any{}
	for _, f := range x.unit.fields {
		switch text, full, err := appendField(nil, f, m[f.Name]); {
		case err != nil:
			out[f.Name] = m[f.Name]
		case full:
			out[f.Name] = jq.DecodeScanned(text)
		case f.Always && f.Type == List:
			out[f.Name] = []any{}
		case f.Always:
			out[f.Name] = nil
		}
	}
	return out
}
