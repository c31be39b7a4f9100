package jq

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// Branch is a part of a program that not every input takes, and how often it was taken.
type Branch struct {
	Line, Col int
	What      string // such as "else", or "// right side"
	Taken     uint64
}

// Counts are the branches of a module that counts.
type Counts struct {
	branches []Branch // without what was taken
	taken    []atomic.Uint64
}

// Branches are all of them, in the order of the source, with how often each was taken until now.
func (c *Counts) Branches() []Branch {
	out := slices.Clone(c.branches)
	for i := range out {
		out[i].Taken = c.taken[i].Load()
	}
	slices.SortStableFunc(out, func(a, b Branch) int { return cmp.Or(a.Line-b.Line, a.Col-b.Col) })
	return out
}
