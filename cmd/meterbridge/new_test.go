package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/assembly"
)

// TestProposalsLintAndReplay writes a connector of every description that scaffolds are tested with. The verb itself
// refuses files with findings, and answers that are errors; here the written files are asked once more.
func TestProposalsLintAndReplay(t *testing.T) {
	descriptions, err := filepath.Glob("../../internal/scaffold/testdata/*.openapi.*")
	if err != nil || len(descriptions) < 6 {
		t.Fatalf("%d descriptions, %v", len(descriptions), err)
	}
	for _, description := range append(descriptions, "") {
		name, _, _ := strings.Cut(filepath.Base(description), ".")
		if description == "" {
			name = "plain"
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var out bytes.Buffer
			v := &newConnectorVerb{Name: name, FromOpenAPI: description, Dir: dir}
			if err := v.Run(context.Background(), std{&out, &out}); err != nil {
				t.Fatal(err)
			}
			f := folders{Connectors: filepath.Join(dir, "connectors"), Mappings: filepath.Join(dir, "mappings")}
			report, err := assembly.Lint(f.files(), v.paths(dir)...)
			if err != nil || len(report.Findings) > 0 {
				t.Fatalf("%v, %v", report.Findings, err)
			}
			test := &testVerb{Names: []string{name}, folders: f}
			if err := test.Run(context.Background(), std{&out, &out}); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			text, err := os.ReadFile(v.paths(dir)[2])
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(text, []byte(`"charge_category": "usage"`)); n == 0 {
				t.Errorf("no record in the goldens:\n%s", text)
			}
		})
	}
}
