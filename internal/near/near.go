// Package near finds the known word that a mistyped one most likely means.
//
// Words are compared by the number of bytes to insert, delete, replace or swap, whatever their case; of equals the first
// known one wins. Every message that says "did you mean" asks here.
package near

import (
	"slices"
	"strings"
)

// maxWord bounds what is compared: no known word is longer, and what a caller sends may be.
const maxWord = 64

// Word is the nearest of the known words, "" where all are further than a third of the word.
func Word(word string, known []string) string {
	best, distance := nearest(word, known)
	if distance > max(1, min(len(word), maxWord)/3) {
		return ""
	}
	return best
}

// Any is the nearest of the known words, however far.
func Any(word string, known []string) string {
	best, _ := nearest(word, known)
	return best
}

// Order is the known words, the nearest first.
func Order(word string, known []string) []string {
	word = strings.ToLower(word[:min(len(word), maxWord)])
	out := slices.Clone(known)
	slices.SortStableFunc(out, func(a, b string) int {
		return distance(word, strings.ToLower(a)) - distance(word, strings.ToLower(b))
	})
	return out
}

func nearest(word string, known []string) (best string, least int) {
	word = strings.ToLower(word[:min(len(word), maxWord)])
	for i, k := range known {
		if d := distance(word, strings.ToLower(k)); i == 0 || d < least {
			best, least = k, d
		}
	}
	return best, least
}

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
