package connector

import "strings"

// didYouMean is a fix that names the nearest of the known words, or fallback where none is near.
func didYouMean(word string, known []string, fallback string) string {
	if w := nearest(word, known); w != "" {
		return "did you mean " + w + "?"
	}
	return fallback
}

// nearest is the known word with the smallest edit distance, "" where all are further than a third of the word.
func nearest(word string, known []string) string {
	const shortest, longest = 3, 100 // of words worth comparing
	if len(word) < shortest || len(word) > longest {
		return ""
	}
	best, bestAt := "", len(word)/3+1
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < bestAt {
			best, bestAt = k, d
		}
	}
	return best
}

// distance is the number of bytes to insert, delete, replace or swap.
func distance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
