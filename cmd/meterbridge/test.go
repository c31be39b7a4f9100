package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

type testVerb struct {
	Names    []string `arg:"" optional:"" help:"Connectors, or cassettes by their files, NAME.txtar; default: all that are installed, and those of connectors/ in the working directory." name:"name"`
	Coverage bool     `help:"Say which branches of each mapping no recorded request takes."`
	Update   bool     `help:"Write what differs into connectors/testdata/NAME.txtar, of the working directory or of --connectors."`
	folders
}

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
	given, err := v.given()
	if err != nil {
		return err
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
	if len(given) > 0 && len(v.Names) == 0 {
		cassettes = nil
	}
	cassettes = append(cassettes, given...)
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

// given takes the names that are files out of the names, and reads them.
func (v *testVerb) given() (out []*simulate.Cassette, err error) {
	var names []string
	for _, name := range v.Names {
		if filepath.Ext(name) != ".txtar" {
			names = append(names, name)
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading a cassette: %w", err)
		}
		c, err := simulate.Parse(name, text)
		if err != nil {
			return nil, inputError{err}
		}
		out = append(out, c)
	}
	v.Names = names
	return out, nil
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
