package kv

import (
	"context"
	"encoding/binary"
	"time"
)

// Take implements Limiter within the process. A bucket that had to go for others is full again.
func (m *Memory) Take(ctx context.Context, buckets ...Bucket) ([]Taken, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, b := range buckets {
		if err := checkKey(b.Key); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		return nil, ErrClosed
	}
	out := make([]Taken, len(buckets))
	for i, b := range buckets {
		now := m.cfg.Now()
		var at int64
		if el, ok := m.entries[b.Key]; ok {
			if e := el.Value.(*memEntry); len(e.val) == 8 {
				at = int64(binary.BigEndian.Uint64(e.val))
			}
			m.remove(el)
		}
		at, out[i] = b.Rate.take(at, now.UnixMicro())
		m.put(&memEntry{key: b.Key, val: binary.BigEndian.AppendUint64(nil, uint64(at)), ends: time.UnixMicro(at)})
	}
	return out, nil
}
