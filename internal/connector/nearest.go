package connector

import "github.com/meterbridge/meterbridge/internal/near"

// didYouMean is a fix that names the nearest of the known words, or fallback where none is near.
func didYouMean(word string, known []string, fallback string) string {
	if w := near.Word(word, known); w != "" {
		return "did you mean " + w + "?"
	}
	return fallback
}
