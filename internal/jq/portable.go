package jq

import (
	_ "embed"
	"strings"
)

// houseText defines the house's functions in plain jq.
//
//go:embed house.jq
var houseText string

// Portable is the module's call of a definition as one program that jq runs without this house: the house's functions in
// plain jq, the libraries, the module's own text and the call. The roots are variables that whoever runs it has to give.
// Numbers are doubles there, so amounts agree to a double's precision and no further.
func (m *Module) Portable(name string) string {
	var b strings.Builder
	b.WriteString(houseText)
	b.WriteString("\n" + strings.TrimRight(m.file.src.Text, "\n") + "\n\n" + name + "\n")
	return b.String()
}
