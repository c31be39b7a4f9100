package mapping_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/mapping/mappingtest"
	"github.com/meterbridge/meterbridge/internal/record"
)

// jqCase is a row of gojq's own table of tests.
type jqCase struct {
	Name  string
	Args  []string
	Input string
}

// jqTable reads the table where the module cache has it.
func jqTable(t *testing.T) []jqCase {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/itchyny/gojq").Output()
	if err != nil {
		t.Skipf("the module cache can't be asked for gojq's tests: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "cli", "test.yaml"))
	if err != nil {
		t.Skipf("gojq's tests are not in the module cache: %v", err)
	}
	var table []jqCase
	if err := yaml.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	return table
}

// program is the row's program, where it has one and no option that changes what a program is.
func (c jqCase) program() (text string, ok bool) {
	var rest []string
	for _, a := range c.Args {
		if !slices.Contains([]string{"-c", "-n", "-r", "-j", "--compact-output", "--null-input", "--raw-output"}, a) {
			rest = append(rest, a)
		}
	}
	return strings.Join(rest, ""), len(rest) == 1 && !strings.HasPrefix(rest[0], "-")
}

// items are the row's inputs, and with each a few that it has not.
func (c jqCase) items() []mappingtest.Step {
	steps := []mappingtest.Step{{Item: []byte("null")}}
	text := []byte(c.Input)
	for i := 0; ; {
		i = record.SkipSpace(text, i)
		end, st := record.Scan(text, i, true)
		if st != record.Done {
			break
		}
		steps, i = append(steps, mappingtest.Step{Item: text[i:end]}), end
	}
	dice := mappingtest.Seeded(1)
	for _, s := range slices.Clone(steps) {
		for range 4 {
			steps = append(steps, mappingtest.Step{Item: dice.Mutated(s.Item)})
		}
	}
	return steps
}

// TestTableOfJQ runs gojq's own tests as mappings, compiled and interpreted. What they expect is gojq's to say; here it is
// that both give the same.
func TestTableOfJQ(t *testing.T) {
	_, model := maker(t)
	var run, refused, other, ran, sure int
	for _, row := range jqTable(t) {
		program, ok := row.program()
		if !ok {
			other++
			continue
		}
		c := &mappingtest.Case{Resource: "usage", Steps: row.items(),
			Text: "# gojq: " + strings.ReplaceAll(row.Name, "\n", " ") + "\ndef usage: (" + program + "\n) | {id: \"x\", remote_data: [.]};\n"}
		p, err := c.Compile(model)
		if errors.Is(err, mappingtest.ErrRefused) {
			refused++
			continue
		}
		run++
		if err := c.Run(p, func(g mappingtest.Gave) {
			if ran++; g.Ran && !g.Bailed {
				sure++
			}
		}); err != nil {
			t.Errorf("%s: %v\n%s", row.Name, err, c)
		}
	}
	t.Logf("%d programs on %d items, of which %d compiled; %d programs are refused by the lint, %d rows are not of a program alone", run, ran, sure, refused, other)
	if run < 300 {
		t.Errorf("only %d programs were compared", run)
	}
}
