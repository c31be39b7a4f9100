package proxy

import (
	"bytes"
	"context"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Limits of a call's parents; docs/limits.md lists them.
const (
	maxParents     = 10_000 // of one window
	maxParentPages = 1_000
)

// parents are those of one call and window, in the provider's order, a page of theirs at a time.
type parents struct {
	listing
	spec *connector.Parents
	all  [][]byte // of the pages so far, as positions hold them
	at   int      // the next of them to be walked
	seen map[string]bool
}

// nextParent is the parent behind that of the walk's position, nil at the end. A walk that has just resumed lists them
// anew, and finds its place by the parent's key.
func (w *walk) nextParent() ([]byte, error) {
	if w.parents == nil {
		p := w.parentsOf(w.method.Call(w.pos).Parents)
		if key := connector.ParentKey(w.pos); key != "" {
			if err := p.seek(w.ctx, key); err != nil {
				return nil, err
			}
		}
		w.parents = p
	}
	return w.parents.next(w.ctx)
}

// parentsOf is the list from its start: the one that was read for another window, where it can be no other.
func (w *walk) parentsOf(spec *connector.Parents) *parents {
	if p := w.listed[spec]; p != nil {
		p.at = 0
		return p
	}
	p := w.listParents(spec)
	if spec.Fixed() {
		if w.listed == nil {
			w.listed = map[*connector.Parents]*parents{}
		}
		w.listed[spec] = p
	}
	return p
}

func (w *walk) listParents(spec *connector.Parents) *parents {
	p := &parents{spec: spec, seen: map[string]bool{}}
	p.listing = listing{
		sess: w.sess, method: spec.Method, scope: spec.Scope(w.scope, w.method.Window(w.scope, w.pos)),
		at: record.Position{Now: w.pos.Now, Window: w.pos.Window}, more: true, most: maxParentPages,
	}
	return p
}

// next is the next parent, nil at the end.
func (p *parents) next(ctx context.Context) ([]byte, error) {
	for p.at == len(p.all) {
		if !p.more {
			return nil, nil
		}
		if err := p.page(ctx, p.add); err != nil {
			return nil, err
		}
	}
	p.at++
	return p.all[p.at-1], nil
}

// add takes one parent of a page. Of two with the same key the first counts.
func (p *parents) add(item record.Item) (bool, error) {
	parent, err := p.spec.Narrow(item.Raw)
	if err != nil || parent == nil {
		return err == nil, err
	}
	key := connector.ParentKey(record.Position{Parent: parent})
	if p.seen[key] {
		return true, nil
	}
	if len(p.seen) == maxParents {
		return false, problem.New(problem.UpstreamTooLarge, "the children of more than %d parents are asked for; narrow them with parents.where", maxParents).AsRemote()
	}
	p.seen[key] = true
	p.all = append(p.all, parent)
	return true, nil
}

// seek goes behind the parent with this key.
func (p *parents) seek(ctx context.Context, key string) error {
	for {
		parent, err := p.next(ctx)
		switch {
		case err != nil:
			return err
		case parent == nil:
			return problem.New(problem.CursorStale, "%q, whose records the cursor stands in, is no longer in the provider's list; start again without a cursor", clip(key, 80))
		case connector.ParentKey(record.Position{Parent: parent}) == key:
			return nil
		}
	}
}

// parent is what the mapping has as $parent: the outer item of nested ones, laid over the parent that the call was made
// for. Of a member that both have, the later one counts.
func (w *walk) parent() []byte {
	of := connector.ParentJSON(w.pos)
	if len(of) == 0 || len(w.outer) == 0 {
		return append(of, w.outer...)
	}
	head, tail := bytes.TrimSpace(of[:len(of)-1]), bytes.TrimSpace(w.outer)
	if len(head) > 1 && len(bytes.TrimSpace(tail[1:])) > 1 {
		head = append(head, ',')
	}
	return append(head, tail[1:]...)
}
