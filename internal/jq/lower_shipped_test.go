package jq

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/jq/core"
	"github.com/meterbridge/meterbridge/mappings"
)

// rows are the objects that stand in arrays of the JSON of a text: the items of a cassette's answers.
func rows(text string) []string {
	var found []string
	var walk func(v any, inArray bool)
	walk = func(v any, inArray bool) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e, true)
			}
		case map[string]any:
			if row, err := json.Marshal(v); inArray && err == nil && len(found) < 60 {
				found = append(found, string(row))
			}
			for _, e := range v {
				walk(e, false)
			}
		}
	}
	for rest := text; ; {
		i := strings.Index(rest, "\n{")
		if i < 0 {
			return slices.Compact(found)
		}
		rest = rest[i+1:]
		d := json.NewDecoder(strings.NewReader(rest))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil {
			walk(v, false)
			rest = rest[d.InputOffset():]
		}
	}
}

// Every mapping that is shipped is lowered whole, and what it is lowered to does the same with its cassette's items.
func TestLoweredShipped(t *testing.T) {
	files, err := fs.Glob(mappings.FS, "usage-metering/*.jq")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	read := func(file string) Source {
		text, err := fs.ReadFile(mappings.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		return Source{File: file, Text: string(text)}
	}
	opt := Options{Kind: Mapping, Vars: []string{"$query", "$account", "$call", "$page", "$lookups", "$parent", "$carry"}, Libs: []Source{read("usage-metering/lib/focus.jq")}}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".jq")
		t.Run(name, func(t *testing.T) {
			m, findings := ParseModule(read(file), opt)
			if m == nil {
				t.Fatal(findings)
			}
			cassette, err := os.ReadFile("../../connectors/testdata/" + name + ".txtar")
			if err != nil {
				t.Fatal(err)
			}
			inputs := append(rows(string(cassette)), "{}", "null")
			for _, resource := range m.Funcs() {
				n := m.Core(resource)
				if foreign(n) {
					t.Fatalf("%s has what has no form:\n%s", resource, core.String(n))
				}
				same(t, m.file, m.call(resource), n, inputs...)
			}
		})
	}
}
