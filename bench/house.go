package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/meterbridge/meterbridge/bench/shapes"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/mappings"
	"github.com/meterbridge/meterbridge/proxy"
)

// program is a shipped mapping.
func program(name string) (*mapping.Program, error) {
	sub, err := fs.Sub(mappings.FS, proxy.ModelName)
	if err != nil {
		return nil, err
	}
	model, err := mapping.LoadModel(mappings.FS, proxy.ModelName)
	if err != nil {
		return nil, err
	}
	programs, findings := mapping.Load(model, sub)
	p := programs[name]
	if p == nil {
		return nil, fmt.Errorf("the mapping of %s does not compile: %v", name, findings)
	}
	return p, nil
}

// runner maps with the engine that serves requests, or with gojq alone, record by record.
func runner(p *mapping.Program, gojq bool) *mapping.Runner {
	if gojq {
		p = p.Interpreted()
	}
	return p.Runner("usage")
}

// ours maps pages with a runner, as the walk does: one item after another out of the page's bytes, the item's bytes as
// remote data.
type ours struct {
	runner *mapping.Runner
	shape  shapes.Shape
	batch  record.Batch
}

func newOurs(shape shapes.Shape, gojq bool) (*ours, error) {
	p, err := program(shape.Name)
	if err != nil {
		return nil, err
	}
	o := &ours{runner: runner(p, gojq), shape: shape}
	return o, o.runner.Bind(vars(shape.Vars))
}

func vars(v shapes.Vars) *mapping.Vars {
	return &mapping.Vars{Query: []byte(v.Query), Account: []byte(v.Account), Call: []byte(v.Call), Lookups: []byte(v.Lookups), Parent: []byte(v.Parent)}
}

var errBroken = errors.New("the page is malformed")

// Map appends the page's records as one JSON array.
func (o *ours) Map(dst, page []byte) ([]byte, error) {
	dst = append(dst, '[')
	start := len(dst)
	for i := len(o.shape.Open()); ; i++ {
		i = record.SkipSpace(page, i)
		end, st := o.runner.Scan(page, i, true)
		if st != record.Done {
			return dst, errBroken
		}
		o.batch.Reset()
		if err := o.runner.Emit(&o.batch); err != nil {
			return dst, err
		}
		for n := range o.batch.Len() {
			if len(dst) > start {
				dst = append(dst, ',')
			}
			remote := o.batch.Remote(n)
			if remote == nil {
				remote = page[i:end]
			}
			json := o.batch.JSON(n)
			dst = append(append(dst, json[:len(json)-1]...), `,"remote_data":`...)
			dst = append(append(dst, remote...), '}')
		}
		if i = record.SkipSpace(page, end); i >= len(page) || page[i] != ',' {
			return append(dst, ']'), nil
		}
	}
}
