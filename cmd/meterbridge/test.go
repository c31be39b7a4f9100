package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

type testVerb struct {
	Names    []string `arg:"" optional:"" help:"Connectors; default: all that are installed, and those of connectors/ in the working directory." name:"name"`
	Coverage bool     `help:"Say which branches of each mapping no recorded request takes."`
	Update   bool     `help:"Write what differs into connectors/testdata/NAME.txtar, of the working directory or of --connectors."`
	folders
}

// maxDiffLines of a difference are shown.
const maxDiffLines = 60

// replayed is what one cassette gave.
type replayed struct {
	requests int
	branches []jq.Branch // of the mapping, where they are counted
	differs  []difference
	failed   []string // requests that were not answered as the cassette wants: NAME: STATUS code: message
	took     time.Duration
}

// difference is an answer that is not its golden.
type difference struct {
	golden    string
	missing   bool
	failed    bool // the answer has not the status that the cassette wants
	want, got []byte
}

func (v *testVerb) Run(ctx context.Context, to std) error {
	files := v.files()
	cassettes, err := files.Cassettes()
	if err != nil {
		return inputError{err}
	}
	var all []string
	for _, c := range cassettes {
		all = append(all, c.Name)
	}
	names, err := pick("connector with a cassette", v.Names, all)
	if err != nil {
		return err
	}
	cassettes = slices.DeleteFunc(cassettes, func(c *simulate.Cassette) bool { return !slices.Contains(names, c.Name) })
	wide, requests, changed, failed := 0, 0, []string{}, []string{}
	for _, c := range cassettes {
		wide = max(wide, len(c.Name))
	}
	began := time.Now()
	for _, c := range cassettes {
		r, err := replay(files, c, v.Coverage)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		requests += r.requests
		if len(r.failed) > 0 {
			failed = append(failed, c.Name)
		}
		if slices.ContainsFunc(r.differs, func(d difference) bool { return !d.failed }) {
			changed = append(changed, c.Name)
		}
		if v.Update {
			err = v.update(to.out, files, c, r, wide)
		} else {
			printReplay(to.out, c.Name, r, wide)
		}
		if err != nil {
			return err
		}
		if v.Coverage {
			printBranches(to.out, mappingFile(files, c.Name), r.branches)
		}
	}
	took := seconds(time.Since(began))
	if v.Update {
		changed = nil
	}
	sum := fmt.Sprintf("%s, %s, %s", count(len(cassettes), "connector"), count(requests, "request"), took)
	if len(failed)+len(changed) == 0 {
		fmt.Fprintf(to.out, "\n%s\n", sum)
		return nil
	}
	fmt.Fprintf(to.out, "\n%s: %s\n", sum, join(in("errors", failed), in("differences", changed)))
	if len(failed) > 0 {
		fmt.Fprintln(to.out, "An error becomes a golden where the request of cassette.yaml has its status, such as `status: 404`.")
	}
	if len(changed) > 0 {
		fmt.Fprintf(to.out, "If the differences are meant: meterbridge test %s --update\n", strings.Join(changed, " "))
	}
	return errSaid
}

// replay asks a cassette's requests through the whole pipeline, with the cassette's clock.
func replay(files assembly.Files, c *simulate.Cassette, count bool) (*replayed, error) {
	began := time.Now()
	r, err := assembly.NewReplay(files, c, assembly.Options{Version: version, Hurry: true, Count: count})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	out := &replayed{requests: len(c.Requests)}
	for _, q := range c.Requests {
		got, err := r.Answer(q)
		if err != nil {
			return nil, err
		}
		failed := got.Status != q.Status
		if failed {
			out.failed = append(out.failed, q.Name+": "+printable(cmp.Or(got.Problem(), fmt.Sprintf("%d, where the cassette wants status: %d", got.Status, q.Status))))
		}
		want, ok := c.Golden(q)
		if now, want := golden(q, got.Body), golden(q, want); failed || !ok || !bytes.Equal(now, want) {
			out.differs = append(out.differs, difference{golden: q.Golden(), missing: !ok, failed: failed, want: want, got: now})
		}
	}
	out.took, out.branches = time.Since(began), r.Branches(c.Name)
	return out, nil
}

// golden is an answer as a cassette keeps it: JSON indented, with every number's own digits, and a line's end last.
func golden(q simulate.Request, body []byte) []byte {
	if filepath.Ext(q.Golden()) == ".json" {
		var b bytes.Buffer
		if err := json.Indent(&b, bytes.TrimSpace(body), "", "  "); err == nil {
			body = b.Bytes()
		}
	}
	if !bytes.HasSuffix(body, []byte("\n")) {
		body = append(bytes.Clone(body), '\n')
	}
	return body
}

func printReplay(w io.Writer, name string, r *replayed, wide int) {
	sign, note := "ok  ", ""
	if len(r.differs) > 0 {
		sign, note = "FAIL", fmt.Sprintf("  %d differ", len(r.differs))
	}
	fmt.Fprintf(w, "%s  %-*s  %3d requests  %s%s\n", sign, wide, name, r.requests, seconds(r.took), note)
	printFailed(w, r)
	var missing []string
	for _, d := range r.differs {
		switch {
		case d.failed: // its line says more than a difference to a good answer
			continue
		case d.missing:
			missing = append(missing, d.golden)
			continue
		}
		lines := strings.SplitAfter(string(diff.Diff("golden/"+d.golden, d.want, "now", d.got)), "\n")
		_, lines = lines[0], lines[1:] // the line that says what was compared stands in the next two
		hidden := len(lines) - maxDiffLines
		if hidden > 0 {
			lines = lines[:maxDiffLines]
		}
		fmt.Fprintln(w)
		indented(w, "  ", strings.Join(lines, ""))
		if hidden > 0 {
			fmt.Fprintf(w, "  … and %s more\n", count(hidden, "line"))
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(w, "\n  without a golden: %s\n  (fix: meterbridge test %s --update writes what they answer now)\n\n", strings.Join(missing, ", "), name)
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
