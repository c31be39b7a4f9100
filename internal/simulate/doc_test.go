package simulate

import (
	"bytes"
	"flag"
	"go/doc/comment"
	goparser "go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/cassettes.md")

// plain takes back what the printer escapes: a terminal shows the page as it is, and backquotes mean code here too.
var plain = strings.NewReplacer("\\`", "`", "\\[", "[", "\\_", "_")

// TestDocumentsAreFresh: docs/cassettes.md, which the command line prints, is the package's documentation.
func TestDocumentsAreFresh(t *testing.T) {
	file, err := goparser.ParseFile(token.NewFileSet(), "doc.go", nil, goparser.ParseComments|goparser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	var reader comment.Parser
	printer := comment.Printer{HeadingLevel: 2, HeadingID: func(*comment.Heading) string { return "" }, DocLinkURL: func(*comment.DocLink) string { return "" }}
	want := append([]byte("# Cassettes\n\n<!-- Generated from internal/simulate/doc.go: go test ./internal/simulate -run Documents -update -->\n\n"),
		plain.Replace(string(printer.Markdown(reader.Parse(file.Doc.Text()))))...)
	const path = "../../docs/cassettes.md"
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/cassettes.md is stale (%v): go test ./internal/simulate -run Documents -update", err)
	}
}
