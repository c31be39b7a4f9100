package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// update writes the goldens that differ, and nothing else of the file.
func (v *testVerb) update(w io.Writer, files assembly.Files, c *simulate.Cassette, r *replayed, wide int) error {
	goldens := map[string][]byte{}
	for _, d := range r.differs {
		if !d.failed {
			goldens[d.golden] = d.got
		}
	}
	switch {
	case len(goldens) == 0 && len(r.failed) == 0:
		fmt.Fprintf(w, "ok       %-*s  %3d requests\n", wide, c.Name, r.requests)
		return nil
	case len(goldens) == 0:
		fmt.Fprintf(w, "FAIL     %-*s  %3d requests\n", wide, c.Name, r.requests)
		printFailed(w, r)
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
	text := c.Update(goldens)
	if err := keeps(path, text, goldens, c); err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("updating %s: %w", c.Name, err)
	}
	fmt.Fprintf(w, "updated  %-*s  %3d requests  %s into %s\n", wide, c.Name, r.requests, count(len(goldens), "golden"), path)
	printFailed(w, r)
	return nil
}

func printFailed(w io.Writer, r *replayed) {
	for _, said := range r.failed {
		fmt.Fprintf(w, "  ! %s\n", said)
	}
}

// in says where something is, and nothing where it is nowhere.
func in(what string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return what + " in " + strings.Join(names, ", ")
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
