package main

import (
	"fmt"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/jq"
)

type lintVerb struct {
	Paths     []string `arg:"" optional:"" help:"Connectors (.yaml), mappings (.jq), cassettes (.txtar), or folders of them; default: all that is installed, and connectors/ and mappings/ of the working directory." name:"path" type:"path"`
	Overrides string   `help:"A folder of overrides; it holds usage-metering/. Default: overrides/ of the working directory." type:"path" placeholder:"DIR"`
	JSON      bool     `help:"The findings as a JSON array." name:"json"`
	folders
}

func (v *lintVerb) Run(to std) error {
	files := v.files()
	files.OverridesDir = v.Overrides
	if v.Overrides == "" && len(v.Paths) == 0 && (holds(environmentFolder, "*.jq") || holds(environmentFolder, "*.yaml")) {
		files.OverridesDir = overridesFolder
	}
	report, err := assembly.Lint(files, v.Paths...)
	if err != nil {
		return err
	}
	if v.JSON {
		if report.Findings == nil {
			report.Findings = []jq.Finding{}
		}
		err = printJSON(to.out, report.Findings)
	} else {
		printReport(to, report)
	}
	if err == nil && jq.Failed(report.Findings) {
		return errSaid
	}
	return err
}

func printReport(to std, r *assembly.Report) {
	warnings := 0
	for _, f := range r.Findings {
		if f.Warn {
			warnings++
		}
		fmt.Fprintln(to.out, line(f))
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(to.out)
	}
	what := join(some(r.Connectors, "connector"), some(r.Mappings, "mapping"), some(r.Libraries, "library file"), some(r.Overrides, "override"), some(r.Cassettes, "cassette"))
	found := count(len(r.Findings)-warnings, "finding")
	fmt.Fprintln(to.out, join(what, found, some(warnings, "warning")))
}

// some is a count of what is there, and nothing where nothing is.
func some(n int, noun string) string {
	if n == 0 {
		return ""
	}
	return count(n, noun)
}

// line is a finding as a line of a terminal.
func line(f jq.Finding) string {
	if f.Warn {
		f.Text += " (warning)"
	}
	return printable(f.String())
}
