package proxy

import (
	"maps"
	"slices"
)

// nearest is the known name that a mistyped one most likely means, or "".
func nearest(name string, known []string) string {
	best, dist := "", len(name)/3+2
	for _, k := range known {
		if d := distance(name, k); d < dist {
			best, dist = k, d
		}
	}
	return best
}

// distance is Levenshtein's, over bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func firstKey[V any](m map[string]V) string { return slices.Sorted(maps.Keys(m))[0] }
