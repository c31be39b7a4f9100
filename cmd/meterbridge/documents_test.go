package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write docs/coverage.md and docs/connectors anew")

// TestDocuments holds what is generated from connectors, mappings and cassettes to what the verbs print.
func TestDocuments(t *testing.T) {
	const docs = "../../docs"
	files := map[string][]byte{}
	print := func(file string, args ...string) {
		var out, err bytes.Buffer
		if code := run(append([]string{"connectors"}, args...), std{&out, &err}); code != 0 {
			t.Fatalf("%v exits %d: %s", args, code, err.String())
		}
		files[filepath.Join(docs, file)] = out.Bytes()
	}
	print("coverage.md", "list", "--coverage", "--markdown")
	print("connectors/README.md", "list", "--markdown")
	views, err := describeAll(folders{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range views {
		print("connectors/"+c.Name+".md", "show", c.Name, "--markdown")
	}
	there, err := filepath.Glob(filepath.Join(docs, "connectors", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range there {
		if files[file] == nil && *update {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		} else if files[file] == nil {
			t.Errorf("%s is of no connector; go test ./cmd/meterbridge -run Documents -update removes it", file)
		}
	}
	for file, want := range files {
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is out of date (%v): go test ./cmd/meterbridge -run Documents -update", file, err)
		}
	}
}

// TestCoverageForTerminals: each connector has a row, with as many signs as its fields.
func TestCoverageForTerminals(t *testing.T) {
	var out bytes.Buffer
	if code := run([]string{"connectors", "list", "--coverage"}, std{&out, io.Discard}); code != 0 {
		t.Fatal(code)
	}
	views, err := describeAll(folders{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range views {
		if !slices.ContainsFunc(bytes.Split(out.Bytes(), []byte("\n")), func(l []byte) bool { return bytes.HasPrefix(l, []byte(c.Name+" ")) }) {
			t.Errorf("%s has no row:\n%s", c.Name, &out)
		}
	}
}
