package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	took     time.Duration
}

// difference is an answer that is not its golden.
type difference struct {
	golden    string
	missing   bool
	want, got []byte
}

func (v *testVerb) Run(ctx context.Context, to std) error {
	files := v.here().files()
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
	wide, requests, changed := 0, 0, []string{}
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
		if len(r.differs) > 0 {
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
	switch {
	case v.Update, len(changed) == 0:
		fmt.Fprintf(to.out, "\n%s, %s, %s\n", count(len(cassettes), "connector"), count(requests, "request"), took)
		return nil
	}
	fmt.Fprintf(to.out, "\n%s, %s, %s: %s\n", count(len(cassettes), "connector"), count(requests, "request"), took, "differences in "+strings.Join(changed, ", "))
	fmt.Fprintf(to.out, "If they are meant: meterbridge test %s --update\n", strings.Join(changed, " "))
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
		want, ok := c.Golden(q)
		if got, want = golden(q, got), golden(q, want); !ok || !bytes.Equal(got, want) {
			out.differs = append(out.differs, difference{q.Golden(), !ok, want, got})
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

// update writes the goldens that differ, and nothing else of the file.
func (v *testVerb) update(w io.Writer, files assembly.Files, c *simulate.Cassette, r *replayed, wide int) error {
	if len(r.differs) == 0 {
		fmt.Fprintf(w, "ok       %-*s  %3d requests\n", wide, c.Name, r.requests)
		return nil
	}
	dir := files.ConnectorsDir
	if dir == "" {
		dir = connectorsFolder
	}
	path := filepath.Join(dir, "testdata", c.Name+".txtar")
	if filepath.Base(c.File) != c.File {
		path = c.File // it was given by its path
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("updating %s, which is written in the folder of its connector (--connectors DIR): %w", c.Name, err)
	}
	goldens := map[string][]byte{}
	for _, d := range r.differs {
		goldens[d.golden] = d.got
	}
	text := c.Update(goldens)
	if err := keeps(path, text, goldens, c); err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("updating %s: %w", c.Name, err)
	}
	fmt.Fprintf(w, "updated  %-*s  %3d requests  %s into %s\n", wide, c.Name, r.requests, count(len(goldens), "golden"), path)
	for _, d := range r.differs {
		if said := failure(d.got); said != "" {
			fmt.Fprintf(w, "  ! %s is an error: %s\n", d.golden, said)
		}
	}
	return nil
}

// keeps refuses to write what would not come back: a line of an answer that looks like the start of a file in an archive.
func keeps(path string, text []byte, goldens map[string][]byte, c *simulate.Cassette) error {
	again, err := simulate.Parse(path, text)
	if err != nil {
		return badInput("an answer of %s can't be kept in a cassette: %w", c.Name, err)
	}
	for _, q := range c.Requests {
		want, changed := goldens[q.Golden()]
		if got, _ := again.Golden(q); changed && !bytes.Equal(got, want) {
			return badInput("the answer to %s of %s can't be kept in a cassette: a line of it starts a new file", q.Name, c.Name)
		}
	}
	return nil
}
