// Package mappingtest proves that a mapping does the same compiled as interpreted.
//
// gojq is the oracle. Programs are made at random from a grammar over all that the lint lets a mapping call, typed loosely
// by the shape of the records that they are to read, so that most of them give outputs; records are made of the same
// shape, or taken from cassettes, and then changed: retyped, reordered, escaped, broken. A Pair runs one program both
// ways on one record after another and compares whatever a caller could see. What differs is made small before it is shown.
package mappingtest

import (
	"hash/fnv"
	"math/rand/v2"
)

// Dice decides what is made. It reads its decisions off bytes, so that a fuzzer that changes them changes what is made,
// and goes on at random where they end, each time in the same way.
type Dice struct {
	told []byte
	rng  *rand.Rand
}

// Decided are dice that begin with the given decisions.
func Decided(decisions []byte) *Dice {
	h := fnv.New64a()
	h.Write(decisions)
	return &Dice{told: decisions, rng: rand.New(rand.NewPCG(h.Sum64(), uint64(len(decisions))))}
}

// Seeded are dice of a number.
func Seeded(seed uint64) *Dice {
	return &Dice{rng: rand.New(rand.NewPCG(seed, 0x6d657465))}
}

// below is a number from 0 to n-1.
func (d *Dice) below(n int) int {
	if n <= 1 {
		return 0
	}
	if len(d.told) > 0 {
		c := d.told[0]
		d.told = d.told[1:]
		return int(c) % n
	}
	return d.rng.IntN(n)
}

// once is true one time in n.
func (d *Dice) once(n int) bool { return d.below(n) == n-1 }

func pick[T any](d *Dice, from []T) T { return from[d.below(len(from))] }
