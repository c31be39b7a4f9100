package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/assembly"
)

// TestProposalsLintAndReplay writes a connector of every description that scaffolds are tested with. The verb itself
// refuses files with findings, and answers that are errors; here the written files are asked once more.
func TestProposalsLintAndReplay(t *testing.T) {
	eachProposal(t, func(t *testing.T, v *newConnectorVerb) {
		name, f, out := v.Name, v.written(), new(bytes.Buffer)
		report, err := assembly.Lint(f.files(), v.paths(v.Dir)...)
		if err != nil || len(report.Findings) > 0 {
			t.Fatalf("%v, %v", report.Findings, err)
		}
		test := &testVerb{Names: []string{name}, folders: f}
		if err := test.Run(context.Background(), std{out, out}); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		text, err := os.ReadFile(v.paths(v.Dir)[2])
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte(`"charge_category": "usage"`)); n == 0 {
			t.Errorf("no record in the goldens:\n%s", text)
		}
	})
}

// eachProposal writes the connector of every description that scaffolds are tested with, and the plain one.
func eachProposal(t *testing.T, do func(t *testing.T, v *newConnectorVerb)) {
	t.Helper()
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
			v := &newConnectorVerb{Name: name, FromOpenAPI: description, Dir: t.TempDir()}
			if err := v.Run(t.Context(), std{io.Discard, io.Discard}); err != nil {
				t.Fatal(err)
			}
			do(t, v)
		})
	}
}

// written is where a scaffold's files lie.
func (v *newConnectorVerb) written() folders {
	return folders{Connectors: filepath.Join(v.Dir, "connectors"), Mappings: filepath.Join(v.Dir, "mappings")}
}
