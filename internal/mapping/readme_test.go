package mapping

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// TestReadmeNamesAll: whoever writes a mapping finds every root and every function of the house in its README.
func TestReadmeNamesAll(t *testing.T) {
	text, err := os.ReadFile("../../mappings/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(text)) {
		if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |"); ok && strings.HasPrefix(line, "| ") {
			rows = append(rows, strings.ReplaceAll(cell, "; ", ";"))
		}
	}
	words := strings.Fields(strings.Join(rows, " "))
	for _, root := range roots {
		if !slices.Contains(words, "`"+root+"`") {
			t.Errorf("%s is missing", root)
		}
	}
	for _, f := range jq.House() {
		name, _, _ := strings.Cut(f, "/")
		if !slices.ContainsFunc(words, func(w string) bool { return w == "`"+name+"`" || strings.HasPrefix(w, "`"+name+"(") }) {
			t.Errorf("%s is missing", f)
		}
	}
	example := strings.SplitN(string(text), "~~~", 3)[1]
	if p, findings := Compile(jq.Source{File: "README.md", Text: strings.TrimPrefix(example, "jq\n")}, model(t)); p == nil || len(findings) > 0 {
		t.Errorf("the example: %v", findings)
	}
}
