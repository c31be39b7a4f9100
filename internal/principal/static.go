package principal

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"sync/atomic"
)

// Static is a Finder over the tokens of a configuration, replaced as a whole.
type Static struct {
	set atomic.Pointer[map[uint64][]*Principal]
}

// shelf is where a hash stands: tokens are told apart by a part of the hash, and then compared in constant time. What the
// look at the shelf takes tells of a hash, and nobody can steer the hash of what they don't know.
func shelf(s Sum) uint64 { return binary.BigEndian.Uint64(s[:]) }

func same(a, b *Sum) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// NewStatic is a finder of these tokens. See Replace for its errors.
func NewStatic(tokens ...*Principal) (*Static, error) {
	s := new(Static)
	if err := s.Replace(tokens); err != nil {
		return nil, err
	}
	return s, nil
}

// Replace takes the place of all tokens at once. A hash that stands twice is an error and leaves the set in place.
func (s *Static) Replace(tokens []*Principal) error {
	next := make(map[uint64][]*Principal, len(tokens))
	for _, t := range tokens {
		at := shelf(t.Sum)
		for _, k := range next[at] {
			if same(&k.Sum, &t.Sum) {
				return fmt.Errorf("replacing tokens: %q and %q are the same token", k.Name, t.Name)
			}
		}
		next[at] = append(next[at], t)
	}
	s.set.Store(&next)
	return nil
}

// Find implements Finder.
func (s *Static) Find(ctx context.Context, sum Sum) (*Principal, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if set := s.set.Load(); set != nil {
		for _, k := range (*set)[shelf(sum)] {
			if same(&k.Sum, &sum) {
				return k, nil
			}
		}
	}
	return nil, ErrUnknown
}
