package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

// jqBytes are the items that the command is given: enough that its start does not count.
const jqBytes = 1 << 20

// whole is what the command jq came to with a shipped mapping in plain jq.
type whole struct {
	Shape string
	MB    float64 // a second of a core
}

// command measures jq itself. Its program is the shipped mapping with the house's functions in plain jq, whose objects are
// not yet in the model's form: so records are counted, and proxy's tests compare what they say.
func (b *bench) command(ctx context.Context, shape shapes.Shape) error {
	if !b.has("jq") {
		return nil
	}
	p, err := program(shape.Name)
	if err != nil {
		return err
	}
	items, _ := shape.Items(shapes.New(b.seed, b.month), nil, jqBytes, "\n")
	in, text := filepath.Join(b.dir, "items.json"), filepath.Join(b.dir, "program.jq")
	if err := os.WriteFile(in, items, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(text, []byte(p.Portable("usage")), 0o644); err != nil {
		return err
	}
	args := []string{"-c"}
	for name, value := range map[string]string{"query": shape.Vars.Query, "account": shape.Vars.Account, "call": shape.Vars.Call,
		"lookups": shape.Vars.Lookups, "page": "null", "parent": "null", "carry": "null"} {
		args = append(args, "--argjson", name, value)
	}
	cmd := exec.CommandContext(ctx, "jq", append(args, "-f", text, in)...)
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("jq: %w", err)
	}
	o, err := newOurs(shape, true)
	if err != nil {
		return err
	}
	page := append(append([]byte(shape.Open()), bytes.ReplaceAll(items, []byte("\n"), []byte(","))...), ']')
	want, err := o.Map(nil, page)
	if err != nil {
		return err
	}
	if got := bytes.Count(out, []byte("\n")); got != count(want) {
		return fmt.Errorf("jq makes %d records, want %d", got, count(want))
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	b.report.JQ = append(b.report.JQ, whole{shape.Name, float64(len(items)) / used.Seconds() / 1e6})
	return nil
}
