package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// tally sums what records cost. Only `total` charges of usage are a cost; what was put in, and what is only forecast,
// stand apart.
type tally struct {
	records     int
	totals      []sum
	preliminary []sum
	commitments []sum
	projected   []sum
	points      []point // of totals, for the chart
}

// point is a cost in a chart: that of a record in time, or that of a group under its name.
type point struct {
	at   time.Time
	days float64 // that it lasts
	name string
	sum
}

// add counts a record.
func (t *tally) add(r *usageRecord) error {
	t.records++
	totals, err := r.of("total")
	if err != nil {
		return err
	}
	if r.Category == "commitment" {
		committed, err := r.of("committed")
		for _, s := range committed {
			t.commitments = addTo(t.commitments, s)
		}
		return err
	}
	for _, s := range totals {
		if r.Finality == "projected" {
			t.projected = addTo(t.projected, s)
			continue
		}
		t.totals = addTo(t.totals, s)
		if r.Finality == "preliminary" {
			t.preliminary = addTo(t.preliminary, s)
		}
		if r.Start != nil && r.End != nil {
			t.points = append(t.points, point{at: *r.Start, days: r.End.Sub(*r.Start).Hours() / 24, sum: s})
		}
	}
	return nil
}

// write prints the sums with all their digits.
func (t *tally) write(w io.Writer) {
	if len(t.totals)+len(t.commitments)+len(t.projected) == 0 {
		if t.records > 0 {
			fmt.Fprintln(w, "No costs in these records.")
		}
		return
	}
	var labels, amounts, notes []string
	line := func(label string, s sum, note string) {
		if s.virtual {
			note = join(note, "not money")
		}
		if note != "" {
			note = "  (" + note + ")"
		}
		labels, amounts, notes = append(labels, label), append(amounts, exactly(s.amount, leastMoney)), append(notes, " "+s.currency+note)
	}
	for _, s := range t.totals {
		note := ""
		for _, p := range t.preliminary {
			switch {
			case p.currency != s.currency:
			case p.amount.Cmp(s.amount) == 0:
				note = "all of it preliminary"
			default:
				note = exactly(p.amount, leastMoney) + " of it preliminary"
			}
		}
		line("Total", s, note)
	}
	for _, s := range t.commitments {
		line("Commitments", s, "put in, not spent: not in the total")
	}
	for _, s := range t.projected {
		line("Projected", s, "a forecast: not in the total")
	}
	amounts = pointed(amounts)
	wide := 0
	for _, a := range amounts {
		wide = max(wide, len(a))
	}
	for i := range labels {
		fmt.Fprintf(w, "%-12s %*s%s\n", labels[i], wide, amounts[i], printable(notes[i]))
	}
}

func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}
