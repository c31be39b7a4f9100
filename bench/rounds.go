package main

import (
	"context"
	"fmt"
	"slices"
)

// contender is one of those that take turns: run is one turn, and how fast it was, more being better.
type contender struct {
	name string
	run  func() (float64, error)
}

// takeTurns lets all of them run in each round, in turn, so that what disturbs the machine disturbs all alike.
func takeTurns(ctx context.Context, rounds int, all []contender) (map[string][]float64, error) {
	speeds := map[string][]float64{}
	for n := range rounds {
		for i := range all {
			c := all[(i+n)%len(all)]
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			v, err := c.run()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			speeds[c.name] = append(speeds[c.name], v)
		}
	}
	return speeds, nil
}

// ratio is the median of the ratios of each round.
func ratio(a, b []float64) float64 {
	var r []float64
	for i := range min(len(a), len(b)) {
		r = append(r, a[i]/b[i])
	}
	return median(r)
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
