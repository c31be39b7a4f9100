package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/coverage"
)

// printCoverage is the coverage table for a terminal: a column for each field of the record, a sign for each member.
func printCoverage(w io.Writer, all []*coverage.Connector, width int) {
	if len(all) == 0 {
		fmt.Fprintln(w, "No connector fills usage.")
		return
	}
	var tops []string
	g := &grid{columns: []column{{title: "name"}}}
	for _, f := range all[0].Fields {
		if top := coverage.Top(f.Path); !slices.Contains(tops, top) {
			tops = append(tops, top)
			g.columns = append(g.columns, column{title: top, long: true})
		}
	}
	g.columns = append(g.columns, column{title: "filters", long: true})
	for _, c := range all {
		row := []string{c.Name}
		for _, top := range tops {
			signs := ""
			for _, f := range c.Fields {
				if coverage.Top(f.Path) == top {
					signs += f.Sign()
				}
			}
			row = append(row, signs)
		}
		possible := 0
		for _, f := range c.Filters {
			if f.By != "" {
				possible++
			}
		}
		g.add(append(row, fmt.Sprintf("%d of %d", possible, len(c.Filters)))...)
	}
	g.write(w, "", width)
	fmt.Fprintf(w, "\nA sign a member, in the model's order. %s\nReasons and shares: meterbridge connectors show NAME --markdown, or --json here\n", strings.Join(coverage.Legend(), "  "))
}
