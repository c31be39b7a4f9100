package scaffold

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens")

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("%s differs (%v); got:\n%s", file, err, got)
	}
}

func goldens(t *testing.T, name string, f *Files, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for kind, text := range map[string]string{".connector.txt": f.Connector, ".mapping.txt": f.Mapping, ".cassette.txt": f.Cassette} {
		golden(t, filepath.Join("testdata", name+kind), text)
	}
}

// TestProposals holds what is proposed from each description to its goldens. That they lint and replay is proven where
// the whole house stands, in cmd/meterbridge.
func TestProposals(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.openapi.*")
	if len(files) < 6 {
		t.Fatalf("only %d descriptions", len(files))
	}
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f, err := From(text, Options{Name: name, Source: filepath.Base(file)})
			goldens(t, name, f, err)
		})
	}
	t.Run("plain", func(t *testing.T) {
		f, err := Plain("acme-cloud")
		goldens(t, "plain", f, err)
	})
}

func TestOperation(t *testing.T) {
	text, err := os.ReadFile("testdata/links.openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ operation, want, err string }{
		{"", "get: \"/accounts/{{ .context.account_id }}/costs\"", ""},
		{"listCosts", "get: \"/accounts/{{ .context.account_id }}/costs\"", ""},
		{"GET /costs/forecast", "get: /costs/forecast", ""},
		{"GET /cost/forecast", "", "did you mean GET /costs/forecast?"},
	} {
		t.Run(c.operation, func(t *testing.T) {
			f, err := From(text, Options{Name: "acme", Source: "links.yaml", Operation: c.operation})
			switch {
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("got %v, want %s", err, c.err)
			case c.err == "" && err != nil:
				t.Error(err)
			case c.err == "" && !strings.Contains(f.Connector, c.want):
				t.Errorf("got\n%s\nwant %s", f.Connector, c.want)
			}
		})
	}
}

func TestCheckName(t *testing.T) {
	for _, c := range []struct{ name, better string }{
		{"acme", ""}, {"acme-cloud_2", ""}, {strings.Repeat("a", maxName), ""},
		{"Acme Cloud", "such as acme-cloud;"}, {"2acme", "such as acme;"}, {"../acme", "such as acme;"}, {"", "such as acme-cloud;"}, {"日本", "such as acme-cloud;"},
		{strings.Repeat("a", maxName+1), "such as " + strings.Repeat("a", maxName) + ";"},
	} {
		err := CheckName(c.name)
		if c.better == "" && err != nil || c.better != "" && (err == nil || !strings.Contains(err.Error(), c.better)) {
			t.Errorf("%q: got %v, want %q", c.name, err, c.better)
		}
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"usageStartTime": "usage start time", "usage_start-time": "usage start time", "orgID": "org id", "HTTPStatus": "http status", "x": "x", "": "",
		"sku2Id": "sku2 id", "Amount (USD)": "amount usd",
	} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
