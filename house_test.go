// Package meterbridge_test holds the house to its rules: the direction of imports, one importer for each third-party
// library, and connectors that are data.
package meterbridge_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/meterbridge/meterbridge"

// layers from the leaves up: a package may import what stands below it, and within its own row nothing but what is
// named in peers.
var layers = [][]string{
	{"internal/openapi", "internal/record", "internal/money", "internal/bracket", "internal/secret", "internal/problem", "internal/near", "connectors", "mappings", "docs"},
	{"internal/house", "internal/jq/core"},
	{"internal/jq", "internal/kv", "internal/database"},
	{"internal/mapping/native", "internal/worker"},
	{"internal/connector", "internal/mapping", "internal/account", "internal/cursor", "internal/principal", "internal/telemetry"},
	{"internal/upstream", "internal/config", "internal/requestlog", "internal/audit"},
	{"proxy"},
	{"internal/admin"},
	{"internal/gateway", "internal/simulate", "internal/scaffold", "internal/coverage"},
	{"internal/recorder"},
	{"internal/assembly"},
	{"cmd/meterbridge"},
}

// owners are the packages that may import a third-party library. One library, one package.
var owners = map[string][]string{
	"github.com/labstack/echo/v4":         {"internal/gateway"},
	"github.com/itchyny/gojq":             {"internal/jq"},
	"github.com/redis/go-redis/v9":        {"internal/kv"},
	"github.com/alecthomas/kong":          {"cmd/meterbridge"},
	"github.com/prometheus/client_golang": {"internal/telemetry"},
	"go.opentelemetry.io":                 {"internal/telemetry"},
	"google.golang.org/protobuf":          {"internal/telemetry"},
	"golang.org/x/oauth2":                 {"internal/upstream"},
	"github.com/golang-jwt/jwt/v5":        {"internal/upstream"},
	"github.com/aws/aws-sdk-go-v2":        {"internal/upstream"},
	"golang.org/x/time":                   {"internal/upstream"},
	"code.dny.dev/ssrf":                   {"internal/upstream"},
	"github.com/google/uuid":              {"internal/gateway"},
	"golang.org/x/sync":                   {"internal/account", "internal/upstream", "proxy"},
	"modernc.org/sqlite":                  {"internal/database"},
	"github.com/lib/pq":                   {"internal/database"},
	// gjson finds small things in checked bytes wherever bytes are at hand.
	"github.com/tidwall/gjson": {"internal/connector", "internal/recorder", "internal/upstream", "proxy"},
	// YAML nodes carry the line and column that every reader of a hand-written file reports.
	"go.yaml.in/yaml/v3": {"internal/connector", "internal/mapping", "internal/config", "internal/openapi", "internal/simulate"},
}

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func layerOf(path string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, path) })
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if name == p.ImportPath || strings.HasSuffix(name, "test") {
			continue // the root has tests alone; kvtest and accounttest are tests' own
		}
		at := layerOf(name)
		if at < 0 {
			t.Errorf("%s stands in no layer: add it to the table where it belongs", name)
			continue
		}
		for _, i := range p.Imports {
			if dep, ours := strings.CutPrefix(i, module+"/"); ours {
				if layerOf(dep) >= at {
					t.Errorf("%s imports %s, which does not stand below it", name, dep)
				}
			}
		}
	}
}

func TestOneLibraryOnePackage(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, i := range p.Imports {
			for lib, may := range owners {
				if (i == lib || strings.HasPrefix(i, lib+"/")) && !slices.Contains(may, name) && !strings.HasSuffix(name, "test") {
					t.Errorf("%s imports %s, which only %v may", name, i, may)
				}
			}
		}
	}
}

// words are providers' names that mean something else in Go: there only the provider's own host gives it away.
var words = map[string]string{"aws": "ce.us-east-1." + "amazonaws.com", "cursor": "cursor." + "com", "github": "api." + "github.com"}

// TestNoProviderInGo: a provider is data. Were its name in a Go file, its behaviour would soon be too. bench makes answers of
// their shapes, and maps them by hand to compare.
func TestNoProviderInGo(t *testing.T) {
	files, err := filepath.Glob("connectors/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no connectors: %v", err)
	}
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		if host, ok := words[name]; ok {
			name = host
		}
		names = append(names, regexp.QuoteMeta(name))
	}
	named := regexp.MustCompile(`(?i)\b(` + strings.Join(names, "|") + `)\b`)
	eachLine(t, ".go", func(file string, n int, line string) {
		if m := named.FindString(line); m != "" && !strings.HasPrefix(file, "bench/") {
			t.Errorf("%s:%d names the provider %s", file, n, m)
		}
	})
}

// TestNothingParsesWhatMayBeDeep: gjson's check ends the process on some millions of brackets, and its values take time that
// grows with the square of the depth. It finds things in bytes that were scanned before, and no more.
func TestNothingParsesWhatMayBeDeep(t *testing.T) {
	deep := regexp.MustCompile(`gjson\.Valid|\.Value\(\)\.\((map|\[\])`)
	eachLine(t, ".go", func(file string, n int, line string) {
		if deep.MatchString(line) && !strings.HasPrefix(file, "bench/") && file != "house_test.go" {
			t.Errorf("%s:%d: %s", file, n, strings.TrimSpace(line))
		}
	})
}

// TestNothingIsLeftUndone: what is in the tree is meant.
func TestNothingIsLeftUndone(t *testing.T) {
	undone := regexp.MustCompile("(?i)" + `\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|not imple` + `mented`)
	for _, ext := range []string{".go", ".yaml", ".jq", ".md"} {
		eachLine(t, ext, func(file string, n int, line string) {
			if undone.MatchString(line) {
				t.Errorf("%s:%d: %s", file, n, strings.TrimSpace(line))
			}
		})
	}
}

func eachLine(t *testing.T, ext string, do func(file string, n int, line string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ext {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			do(path, n, lines.Text())
		}
		return lines.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}
