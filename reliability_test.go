package meterbridge_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	shownBy    = regexp.MustCompile("`go test ([^`]*) -run '?([^`' ]+)'?[^`]*`")
	testNamed  = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)\w+)\(`)
	benchmarks = "^$" // of a command that runs benchmarks alone
)

// TestPromisesNameTheirTests: what docs/reliability.md says a test shows, a test of that name is there for.
func TestPromisesNameTheirTests(t *testing.T) {
	page, err := os.ReadFile("docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := shownBy.FindAllSubmatch(page, -1)
	if len(commands) == 0 {
		t.Fatal("the page has no command")
	}
	for _, command := range commands {
		names := ""
		for _, dir := range strings.Fields(string(command[1])) {
			files, _ := filepath.Glob(filepath.Join(dir, "*_test.go")) // a pattern without mistakes
			for _, f := range files {
				text, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range testNamed.FindAllSubmatch(text, -1) {
					names += string(m[1]) + "\n"
				}
			}
		}
		pattern := string(bytes.ReplaceAll(command[2], []byte(`\|`), []byte("|")))
		if pattern == benchmarks {
			continue
		}
		for _, one := range strings.Split(pattern, "|") {
			if found, err := regexp.MatchString("(?m)^.*"+one+".*$", names); err != nil || !found {
				t.Errorf("%s: no test is named %s (%v)", command[0], one, err)
			}
		}
	}
}
