package jq

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// running compiles a program that no lint has seen. What it gives has the outputs for an input as JSON, each on a line,
// the error last.
func running(t *testing.T, f *file, q *gojq.Query) func(input string) string {
	t.Helper()
	code, bad := f.compile(q)
	if bad != nil {
		t.Fatalf("%v: %v", q, bad)
	}
	vars := make([]any, len(f.opt.Vars))
	for i, name := range f.opt.Vars {
		vars[i] = map[string]any{"name": name}
	}
	return func(input string) string {
		v, err := Decode([]byte(input))
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		err = code.Run(context.Background(), v, vars, func(v any) error {
			text, err := new(Encoder).AppendValue(nil, v)
			fmt.Fprintf(&b, "%s\n", text)
			return err
		})
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
		}
		return b.String()
	}
}

// same holds the program that a tree is to the one it was lowered from.
func same(t *testing.T, f *file, q *gojq.Query, n core.Node, inputs ...string) {
	t.Helper()
	text := core.String(n)
	lowered, err := gojq.Parse(text)
	if err != nil {
		t.Fatalf("%v\nis lowered to\n%s\nwhich is none: %v", q, text, err)
	}
	before, after := running(t, f, q), running(t, f, lowered)
	for _, input := range inputs {
		if want, got := before(input), after(input); got != want {
			t.Errorf("%v\nis lowered to\n%s\non %s it gives\n%sand not\n%s", q, text, input, got, want)
		}
	}
}

var inputs = []string{
	"null", "true", "7", `-2.50`, `"abc"`, `"é\"x"`, "[]", "[1,2,3]", `[[1,2],[3,"k"]]`, `[{"a":1,"b":2},{"a":3}]`, "{}",
	`{"a":{"b":[10,20,30],"k":"x","x":5},"k":"b","n":3,"s":"text","e":[{"a":1},{"a":null},{}],"if":1,"a b":2}`,
}

// programs has a program a line, and behind it what it is lowered to.
const programs = "testdata/core/programs.txt"

// foreign reports whether a tree has what has no form.
func foreign(n core.Node) bool { return strings.Contains(core.String(n), `(error("no form: `) }

var update = flag.Bool("update", false, "write the goldens")

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update writes it\n%s", path, got)
	}
}

func TestLowered(t *testing.T) {
	text, err := os.ReadFile(programs)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		program := strings.TrimSpace(line)
		if program == "" || strings.HasPrefix(program, "=> ") {
			continue
		}
		if strings.HasPrefix(program, "#") {
			fmt.Fprintf(&b, "\n%s\n", program)
			continue
		}
		f, bad := read(Source{File: "t", Text: program}, Options{Kind: Mapping, Vars: []string{"$query", "$base"}})
		if bad != nil {
			t.Fatalf("%s: %v", program, bad)
		}
		n := f.lower(f.query)
		fmt.Fprintf(&b, "%s\n=> %s\n", program, core.String(n))
		if !foreign(n) {
			same(t, f, f.query, n, inputs...)
		}
	}
	golden(t, programs, strings.TrimLeft(b.String(), "\n"))
}
