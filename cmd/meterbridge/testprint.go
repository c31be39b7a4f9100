package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"
)

// maxDiffLines of a difference are shown.
const maxDiffLines = 60

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
