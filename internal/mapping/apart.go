package mapping

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// Apart says whether overrides of a resource run in a process of their own, where nothing can be seen but what they give.
func (p *Program) Apart(resource string) bool {
	return slices.ContainsFunc(p.over, func(o *Override) bool { return o.resources[resource] != nil && o.resources[resource].apart != nil })
}

// bindApart sets the roots that a layer reads in its session.
func (r *Runner) bindApart(o *overRun) {
	docs := make([][]byte, len(roots))
	for i, root := range roots {
		if o.unit.code.Mentions(root) {
			docs[i] = r.docs[i]
		}
	}
	o.apart.Bind(docs)
}

// layApart runs a layer in a process of its own, for all records at once.
func (r *Runner) layApart(ctx context.Context, i int) {
	o := r.over[i]
	bases, of := r.bases(i)
	for at := 0; at < len(bases) && of[at] < len(r.way); {
		outs, err := o.askApart(ctx, r.item, bases[at:])
		for n, some := range outs {
			k := of[at+n]
			next, bad := o.take(r.unit.fields, some, r.way[k].m)
			if bad == nil {
				r.way[k].m = next
			} else if !r.failed(i, k, bad) {
				return
			}
		}
		if at += len(outs); err != nil {
			if !r.failed(i, of[at], err) {
				return
			}
			at++
		}
	}
}

// bases are the records below a layer as its program sees them, and which they are.
func (r *Runner) bases(i int) (docs [][]byte, of []int) {
	o := r.over[i]
	o.buf = o.buf[:0]
	for k := 0; k < len(r.way); k++ {
		if r.way[k].err != nil {
			continue
		}
		start := len(o.buf)
		if o.unit.code.Mentions(baseRoot) {
			buf, err := appendRecord(o.buf, r.unit.fields, r.way[k].m)
			if err != nil {
				r.failed(i-1, k, err)
				continue
			}
			o.buf = buf
		}
		docs, of = append(docs, o.buf[start:len(o.buf):len(o.buf)]), append(of, k)
	}
	return docs, of
}

func (o *overRun) askApart(ctx context.Context, item []byte, bases [][]byte) ([][][]byte, error) {
	if o.left <= 0 {
		return nil, errNoTime
	}
	began := time.Now()
	outs, err := o.apart.Run(ctx, o.left, item, bases)
	o.left -= time.Since(began)
	return outs, err
}

// take is the record as it leaves the layer, of what the program gave for it.
func (o *overRun) take(fields []*Field, outs [][]byte, m map[string]any) (map[string]any, error) {
	switch len(outs) {
	case 0:
		return m, nil
	case 1:
	default:
		return nil, errTwice
	}
	output, err := jq.Decode(outs[0]) // nothing that comes from there is taken for JSON before it was looked at
	if err != nil {
		return nil, fmt.Errorf("the output of the override: %w", err)
	}
	return lay(fields, m, output)
}
