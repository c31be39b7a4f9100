package proxy

import (
	"context"
	"runtime"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
)

// pair is a runner that a second one helps where a core is idle: while the first maps the items at the window's front, the
// second maps some that lie farther behind, in place. It begins where an item seems to begin, since only a reading from
// the front knows, and its records count only if the first comes to that very place. So order, positions and errors are
// the first one's alone, with and without it: an item that the second can't map is left to the first, which fails on it in
// its turn, and a wrong guess costs the time of a core that had nothing to do.
type pair struct {
	*mapping.Runner
	ctx    context.Context
	second *mapping.Runner // nil until it is needed
	stale  bool            // second is bound to other roots
	bound  bool            // the first has the page's roots
	still  bool            // the reader says when the window's bytes move
	counts bool            // as one of the mappers
	misses int             // guesses in a row that were wrong
	most   int             // records that are wanted; 0: all
	made   int             // records so far
	bytes  int             // of the items that they were made of
	share  *share          // what the second maps, or has mapped; nil: nothing
	taken  int             // of its items, those that the first has come to
	given  bool            // the item is the last of them
	spare  share           // whose memory the next one has
}

func newPair(ctx context.Context, r *mapping.Runner) *pair { return &pair{Runner: r, ctx: ctx} }

// open begins a page. Its items may be mapped by two if they stay where they are until the reader says otherwise.
func (p *pair) open(it items, scanned bool) {
	p.settle()
	p.bound, p.still, p.misses = false, false, 0
	if w, ok := it.(interface{ onMove(func()) }); ok && scanned {
		p.still = true
		w.onMove(p.settle)
	}
}

// Bind binds the first; the second follows before it begins.
func (p *pair) Bind(v *mapping.Vars) error {
	p.settle()
	p.bound, p.stale = true, true
	return p.Runner.Bind(v)
}

// BindParent likewise.
func (p *pair) BindParent(text []byte) error {
	p.settle()
	p.stale = true
	return p.Runner.BindParent(text)
}

// Scan is the first one's, unless the second has mapped the item.
func (p *pair) Scan(window []byte, i int, eof bool) (int, record.Status) {
	if !p.counts {
		p.counts = true
		mappers.Add(1)
	}
	p.given = false
	if p.share != nil && i >= p.share.from {
		if p.take(i) {
			return p.share.items[p.taken-1].end, record.Done
		}
		p.drop()
	}
	if p.share == nil && p.still && p.bound && p.misses < maxMisses && len(window)-i >= leastShared {
		p.begin(window, i)
	}
	end, st := p.Runner.Scan(window, i, eof)
	if st == record.Done {
		p.bytes += end - i
	}
	return end, st
}

// take goes on to the item at a place, if it is the next of those that the second has mapped. What that has not come to by
// now is no longer its own.
func (p *pair) take(i int) bool {
	items := p.share.end()
	if p.given = p.taken < len(items) && items[p.taken].start == i; p.given {
		p.bytes += items[p.taken].end - i
		p.taken++
		p.misses = 0
	} else if i > p.share.from && p.taken == 0 {
		p.misses++
	}
	return p.given
}

// EmitContext is the first one's, unless the second has mapped the item.
func (p *pair) EmitContext(ctx context.Context, out *record.Batch) error {
	was := out.Len()
	if p.given {
		p.share.copy(out, p.taken-1)
	} else if err := p.Runner.EmitContext(ctx, out); err != nil {
		return err
	}
	p.made += out.Len() - was
	return nil
}

// begin gives the second what lies in the window's rear, if a core is idle, an item can be seen to begin there, and the
// request is not likely to have enough before.
func (p *pair) begin(window []byte, i int) {
	front := (len(window) - i) * frontShare / 100
	if int(mappers.Load()) >= runtime.GOMAXPROCS(0) || p.most > 0 && p.made+p.made*front/max(p.bytes, 1) >= p.most {
		return
	}
	from := beginning(window, i, i+front)
	if from < 0 {
		p.misses++
		return
	}
	if p.second == nil {
		p.second = p.Twin()
	}
	if p.second == nil || p.stale && p.second.Follow(p.Runner) != nil {
		p.still = false // the first meets the reason in its turn, or there is none
		return
	}
	p.stale = false
	p.share, p.taken = p.spare.anew(window, from), 0
	go p.share.run(p.ctx, p.second)
}

// drop ends what the second does, and lets go of what it has made.
func (p *pair) drop() {
	if p.share == nil {
		return
	}
	p.share.end()
	if p.share.broken {
		p.second, p.still = nil, false
	}
	if cap(p.share.batch.Buf) > 2*maxMappedAhead {
		p.share.free()
	}
	p.share, p.given = nil, false
}

// settle is for when the window's bytes are about to move, or the page or its roots change.
func (p *pair) settle() {
	p.drop()
	p.idle()
}

// idle says that the first does not map, until it scans again.
func (p *pair) idle() {
	if p.counts {
		p.counts = false
		mappers.Add(-1)
	}
}

// Pause lets both rest, while the provider is silent.
func (p *pair) Pause() {
	p.spare.free()
	p.Runner.Pause()
	if p.second != nil {
		p.second.Pause()
	}
}

// Close ends both.
func (p *pair) Close() {
	p.settle()
	p.spare.free()
	p.Runner.Close()
	if p.second != nil {
		p.second.Close()
	}
}

// Ran says who ran the items of both.
func (p *pair) Ran() mapping.Ran {
	ran := p.Runner.Ran()
	if p.second != nil {
		more := p.second.Ran()
		ran.Compiled, ran.Bailed, ran.Interpreted = ran.Compiled+more.Compiled, ran.Bailed+more.Bailed, ran.Interpreted+more.Interpreted
	}
	return ran
}
