package proxy

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"

	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/record"
)

// Limits of what a second core is given; docs/limits.md lists them.
const (
	leastShared    = 48 << 10 // bytes of items in the window that are worth it
	maxMappedAhead = 1 << 20  // bytes of records that wait for the first core, before the item that may exceed them
	maxMisses      = 4        // guesses in a row that are wrong, before a page is left to one core
)

const (
	frontShare = 45 // percent of the window that the first core keeps: it writes all of the records too
	maxOpening = 64 // bytes of an item, up to its first colon, by which others are seen to begin
	maxLooks   = 16 // for one of them
)

// mappers are the goroutines of the process that map: there are never to be more than cores for the sake of a pair.
var mappers atomic.Int32

// share is items that lie in a window and are mapped by a goroutine of their own, one after another, until it is told to
// stop, comes to one that it can't map, or has as many records as may wait.
type share struct {
	window []byte
	from   int // where the first item begins
	items  []mapped
	batch  record.Batch
	stop   atomic.Bool
	works  sync.WaitGroup
	broken bool // the runner has panicked, and must not be used again
}

// mapped is an item: where it stands in the window, and where its records end in the batch.
type mapped struct{ start, end, bytes, outs int }

// anew is the share as if it were a new one.
func (s *share) anew(window []byte, from int) *share {
	s.window, s.from, s.items = window, from, s.items[:0]
	if s.batch.Buf == nil {
		s.batch.Buf = borrow(largeBuffer)
	}
	s.batch.Reset()
	s.stop.Store(false)
	s.works.Add(1)
	mappers.Add(1)
	return s
}

// run maps the items. Whatever goes wrong with one is not said here: the pair's first runner comes to it too.
func (s *share) run(ctx context.Context, r *mapping.Runner) {
	defer s.works.Done()
	defer mappers.Add(-1)
	defer func() { s.broken = recover() != nil }()
	for i := s.from; i < len(s.window) && !s.stop.Load() && len(s.batch.Buf) < maxMappedAhead; {
		end, st := r.Scan(s.window, i, false)
		if st != record.Done || r.EmitContext(ctx, &s.batch) != nil {
			return
		}
		s.items = append(s.items, mapped{i, end, len(s.batch.Buf), len(s.batch.Outs)})
		if i = record.SkipSpace(s.window, end); i < len(s.window) && s.window[i] == ',' {
			i = record.SkipSpace(s.window, i+1)
		}
	}
}

// end stops the goroutine behind the item that it is at, and gives what it has mapped.
func (s *share) end() []mapped {
	s.stop.Store(true)
	s.works.Wait()
	return s.items
}

// free gives the memory back.
func (s *share) free() {
	release(s.batch.Buf)
	s.window, s.items, s.batch = nil, nil, record.Batch{}
}

// copy appends the records of the nth item, once the goroutine has ended.
func (s *share) copy(out *record.Batch, n int) {
	var from mapped
	if n > 0 {
		from = s.items[n-1]
	}
	to, move := s.items[n], len(out.Buf)-from.bytes
	out.Buf = append(out.Buf, s.batch.Buf[from.bytes:to.bytes]...)
	for _, o := range s.batch.Outs[from.outs:to.outs] {
		o.JSON.Start, o.JSON.End = o.JSON.Start+move, o.JSON.End+move
		o.Remote.Start, o.Remote.End = o.Remote.Start+move, o.Remote.End+move
		out.Outs = append(out.Outs, o)
	}
}

// beginning is where an item seems to begin at or behind a place: with what the item at i begins with, and behind a comma
// or on a line of its own. It is -1 where none is seen.
func beginning(window []byte, i, from int) int {
	colon := bytes.IndexByte(window[i:min(i+maxOpening, len(window))], ':')
	if colon < 0 {
		return -1
	}
	opening := window[i : i+colon+1]
	for range maxLooks {
		at := bytes.Index(window[from:], opening)
		if at < 0 {
			return -1
		}
		at += from
		before := bytes.TrimRight(window[from-1:at], " \t\r")
		if n := len(before); n > 0 && (before[n-1] == ',' || before[n-1] == '\n') {
			return at
		}
		from = at + 1
	}
	return -1
}
