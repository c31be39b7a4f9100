package connector

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/meterbridge/meterbridge/internal/jq"
)

var update = flag.Bool("update", false, "write the goldens")

// golden compares got with a file, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != string(got) {
		t.Errorf("%s differs (%v); got:\n%s", file, err, got)
	}
}

// TestLint holds the findings of every file below testdata/lint, all of them at once, to its golden.
func TestLint(t *testing.T) {
	files, _ := filepath.Glob("testdata/lint/*.yaml")
	if len(files) < 10 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, f := range LintFile(filepath.Base(file), text) {
				fmt.Fprintln(&b, f)
			}
			if filepath.Base(file) == "good.yaml" && b.Len() > 0 {
				t.Errorf("a good file has findings:\n%s", b.String())
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", []byte(b.String()))
		})
	}
}

// minimal is the smallest connector, with more lines after it.
func minimal(more string) string {
	return "connector: acme\ntitle: Acme\ncontext: { base_url: { default: \"https://api.acme.example\" } }\n" + more
}

const oneResource = "resources: { usage: { list: { get: /usage } } }\n"

func TestLimits(t *testing.T) {
	calls := func(n int) string {
		var b strings.Builder
		b.WriteString("resources:\n  usage:\n    list:\n      get: /usage\n      calls:\n")
		for i := range n {
			fmt.Fprintf(&b, "        - name: c%d\n", i)
		}
		return b.String()
	}
	span := func(n int) string {
		return fmt.Sprintf("resources: { usage: { list: { get: /usage, window: { max: %d days } } } }\n", n)
	}
	deep := func(n int) string {
		return "resources: { usage: { list: { post: /usage, body: { json: { a: " + strings.Repeat("[", n-2) + "1" + strings.Repeat("]", n-2) + " } } } } }\n"
	}
	pad := func(n int) string {
		text := minimal(oneResource)
		return oneResource + "#" + strings.Repeat("x", n-len(text)-2) + "\n"
	}
	for _, c := range []struct {
		name string
		make func(n int) string
		at   int
	}{
		{"calls of a method", calls, maxCalls},
		{"number of a span", span, maxSpan},
		{"depth of a body", deep, maxTree},
		{"bytes of a file", pad, MaxFile},
	} {
		t.Run(c.name, func(t *testing.T) {
			if f := LintFile("acme.yaml", []byte(minimal(c.make(c.at)))); len(f) > 0 {
				t.Errorf("at the limit: %v", f)
			}
			f := LintFile("acme.yaml", []byte(minimal(c.make(c.at+1))))
			if len(f) != 1 || f[0].Rule != "limit" {
				t.Errorf("one past the limit: %v", f)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	file := func(name, path string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(strings.Replace(minimal("resources: { usage: { list: { get: "+path+" } } }\n"), "acme\n", name+"\n", 1))}
	}
	builtIn := fstest.MapFS{"acme.yaml": file("acme", "/old"), "beta.yaml": file("beta", "/b"), "testdata/x.yaml": file("x", "/x"), "README.md": {}}
	own := fstest.MapFS{"mine.yaml": file("acme", "/new"), "gamma.yaml": file("gamma", "bad")}
	set, finds := Load(builtIn, own)
	if got := strings.Join(set.Names(), " "); got != "acme beta" {
		t.Errorf("names %q", got)
	}
	if c := set.Get("acme"); c.Resources["usage"].List.Calls[0].GetPath.String() != "/new" || c.File != "mine.yaml" {
		t.Errorf("the later source does not replace acme: %s", c.File)
	}
	if set.Get("gamma") != nil || len(finds) != 1 || finds[0].Rule != "path" {
		t.Errorf("a connector with findings is refused: %v", finds)
	}
	if set.Get("acme").Hash == set.Get("beta").Hash {
		t.Error("two texts have one hash")
	}
	_, finds = Load(fstest.MapFS{"a.yaml": file("acme", "/a"), "b.yaml": file("acme", "/b")})
	if len(finds) != 1 || finds[0].Rule != "duplicate" || finds[0].File != "b.yaml" {
		t.Errorf("a second acme in one source: %v", finds)
	}
}

// TestGenerated holds what is generated from the field spec to the files that are checked in.
func TestGenerated(t *testing.T) {
	golden(t, "../../connectors/connector.schema.json", Schema())
	golden(t, "../../connectors/README.md", Docs())
}

// TestReferenceExample lints the example that the reference begins with.
func TestReferenceExample(t *testing.T) {
	_, rest, _ := strings.Cut(string(Docs()), "~~~yaml\n")
	example, _, ok := strings.Cut(rest, "~~~\n")
	if f := LintFile("acme.yaml", []byte(example)); !ok || len(f) > 0 {
		t.Errorf("%v in:\n%s", f, example)
	}
}

// TestRecipes holds what the reference shows to lint: a connector's lines as they are, a method in a resource, jq alone.
func TestRecipes(t *testing.T) {
	for _, r := range recipes {
		text := r.yaml
		if strings.HasPrefix(text, "\nlist:") {
			text = "resources:\n  usage:\n    granularities: [day]" + strings.ReplaceAll(text, "\n", "\n    ") + "\n"
		} else {
			text += oneResource
		}
		if f := LintFile("acme.yaml", []byte(minimal(text))); len(f) > 0 {
			t.Errorf("%s: %v in\n%s", r.title, f, text)
		}
		if r.jq == "" {
			continue
		}
		if m, f := jq.ParseModule(jq.Source{File: "acme.jq", Line: 1, Col: 1, Text: r.jq}, jq.Options{Kind: jq.Mapping, Vars: []string{"$call"}}); m == nil || len(f) > 0 {
			t.Errorf("%s: %v", r.title, f)
		}
	}
}

// TestInstalled lints the connectors of the tree.
func TestInstalled(t *testing.T) {
	_, finds := Load(os.DirFS("../../connectors"))
	for _, f := range finds {
		t.Error(f)
	}
}

// FuzzLintFile looks for files that make lint fall over, and for findings without a place.
func FuzzLintFile(f *testing.F) {
	files, _ := filepath.Glob("testdata/lint/*.yaml")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, x := range LintFile("f.yaml", text) {
			if x.Line < 1 || x.Col < 1 || x.Rule == "" || x.Text == "" || x.File != "f.yaml" {
				t.Fatalf("%#v", x)
			}
		}
	})
}
