package jq

import (
	_ "embed"
	"regexp"
	"strings"
)

// houseText defines the house's functions in plain jq.
//
//go:embed house.jq
var houseText string

// includeLines are the lines of a mapping that name libraries.
var includeLines = regexp.MustCompile(`(?m)^\s*include\s+"[^"]*"\s*;`)

// Portable is the module's call of a definition as one program that jq runs without this house: the house's functions in
// plain jq, the libraries, the module's own text and the call. The roots are variables that whoever runs it has to give.
// Numbers are doubles there, so amounts agree to a double's precision and no further.
func (m *Module) Portable(name string) string {
	texts := []string{houseText}
	for _, lib := range m.file.libs {
		texts = append(texts, lib.Text)
	}
	texts = append(texts, includeLines.ReplaceAllString(m.file.src.Text, ""), name)
	var b strings.Builder
	for i, text := range texts {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.TrimSpace(text) + "\n")
	}
	return b.String()
}
