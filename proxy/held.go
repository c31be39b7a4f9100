package proxy

import (
	"bytes"
	"io"

	"github.com/tidwall/gjson"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/record"
)

// maxHeldItems bounds the items of one answer that wait for its end.
const maxHeldItems = 1 << 20

// held lets items wait until the answer's end is read: for the members behind them, or to let only the latest of those
// with the same key pass. They wait in a spool: in memory while it is small, else in a temporary file. Only keys and
// places stay in memory.
type held struct {
	items
	spec   *connector.Latest // nil: all pass
	spool  spool
	list   []place
	last   map[string]int // of latest: key → its survivor in list
	ready  bool
	n      int   // next in list
	given  int64 // items that have passed
	buf    []byte
	parent []byte // of the items that are being written or read
	of     span64
}

// span64 is a piece of the spool.
type span64 struct {
	at   int64
	size int
}

type place struct {
	span64
	of   span64 // its parent
	by   string // what latest compares
	dead bool
}

func (h *held) Next() (record.Item, error) {
	if !h.ready {
		if err := h.gather(); err != nil {
			h.spool.close()
			return record.Item{}, err
		}
	}
	for ; h.n < len(h.list); h.n++ {
		p := h.list[h.n]
		if p.dead {
			continue
		}
		var err error
		if h.buf, err = h.spool.read(h.buf, p.at, p.size); err != nil {
			return record.Item{}, err
		}
		if p.of != h.of {
			var kept []byte
			if kept, err = h.spool.read(nil, p.of.at, p.of.size); err != nil {
				return record.Item{}, err
			}
			h.parent, h.of = kept, p.of
		}
		h.n++
		h.given++
		return record.Item{Raw: h.buf, N: h.given - 1, Parent: h.parent}, nil
	}
	h.spool.close()
	return record.Item{}, io.EOF
}

// Close lets go of a spool that was not read to its end.
func (h *held) Close() error {
	letGo(h.items)
	h.spool.close()
	return nil
}

func (h *held) gather() error {
	for {
		item, err := h.items.Next()
		if err == io.EOF {
			h.ready, h.parent, h.of = true, nil, span64{}
			return nil
		}
		if err != nil {
			return err
		}
		if err := h.keep(item); err != nil {
			return err
		}
	}
}

// keep lets an item wait.
func (h *held) keep(item record.Item) error {
	if item.Parent != nil && (h.of.size == 0 || !bytes.Equal(item.Parent, h.parent)) {
		at, err := h.spool.write(item.Parent)
		if err != nil {
			return err
		}
		h.parent, h.of = append(h.parent[:0], item.Parent...), span64{at, len(item.Parent)}
	}
	at, err := h.spool.write(item.Raw)
	if err != nil {
		return err
	}
	p := place{span64: span64{at, len(item.Raw)}, of: h.of}
	if h.spec != nil {
		h.rival(&p, item.Raw)
	}
	if h.list = append(h.list, p); len(h.list) > maxHeldItems {
		return problem.New(problem.UpstreamTooLarge, "the provider's answer has more than %d items that must wait for its end; ask for a shorter range", maxHeldItems).AsRemote()
	}
	return nil
}

// rival finds an earlier version of an item; the one that is older does not pass.
func (h *held) rival(p *place, raw []byte) {
	if h.last == nil {
		h.last = map[string]int{}
	}
	p.by = gjson.GetBytes(raw, h.spec.By).String()
	key := latestKey(h.spec, raw)
	if i, ok := h.last[key]; ok {
		if p.by < h.list[i].by {
			p.dead = true
			return
		}
		h.list[i].dead = true
	}
	h.last[key] = len(h.list)
}

// latestKey is what versions of one fact have in common. A part that is absent, null or empty is the same: unknown.
func latestKey(spec *connector.Latest, raw []byte) string {
	var b []byte
	for _, path := range spec.Key {
		b = append(append(b, gjson.GetBytes(raw, path).String()...), 0)
	}
	if spec.Month != "" {
		b = append(b, clipTo(gjson.GetBytes(raw, spec.Month).Str, len("2006-01"))...)
	}
	return string(b)
}

func clipTo(s string, n int) string { return s[:min(n, len(s))] }
