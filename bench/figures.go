package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// goal is a figure that a run is held to. Under its floor the run fails; its goal is what is worked for.
type goal struct {
	key, part, what, against string
	unit                     string // ×, % (of 1), or what a number is of
	floor, goal              float64
	less                     bool // less is better, and the floor is a ceiling
}

var goals = []goal{
	{"p1-truto", "P1", "mapping on one core", "truto-jsonata in Node", "×", 60, 120, false},
	{"p1-jsonata", "P1", "mapping on one core", "JSONata in Node", "×", 50, 100, false},
	{"p1-gojq", "P1", "mapping on one core", "gojq, record by record", "×", 12, 25, false},
	{"p1-bloblang", "P1", "mapping on one core", "Bloblang", "×", 18, 30, false},
	{"p1-hand", "P1", "mapping on one core", "hand-written one-pass Go", "%", .55, .80, false},
	{"p1-recorded", "P1", "recorded items, the slowest connector", "gojq, record by record", "×", 4, 8, false},
	{"p1-mallocs", "P1", "allocations a record", "", "", 0.02, 0.02, true},
	{"p2-express", "P2", "unified page, 100 KB", "Express, truto-jsonata", "×", 50, 100, false},
	{"p2-lura-100k", "P2", "unified page, 100 KB", "lura, mapping in Go", "×", 6, 12, false},
	{"p2-nginx-100k", "P2", "unified page, 100 KB", "nginx, unmapped", "%", .15, .30, false},
	{"p2-lura-1k", "P2", "unified page, 1 KB", "lura, mapping in Go", "×", 1.8, 3, false},
	{"p2-nginx-1k", "P2", "unified page, 1 KB", "nginx, unmapped", "%", .35, .60, false},
	{"p3-nginx", "P3", "raw page, 100 KB", "nginx", "%", .50, .75, false},
	{"p4-memory", "P4", "stream: rise of resident memory", "idle", "MB", 32, 16, true},
	{"p4-nginx", "P4", "stream: bytes out a second", "nginx", "%", .40, .75, false},
	{"p4-first", "P4", "stream: time to the first byte", "nginx", "×", 5, 2, true},
	{"p4-csv", "P4", "stream of a table: rows a second", "encoding/csv and gojq", "×", 10, 30, false},
	{"p4-growth", "P4", "stream: more memory at ten times the size", "at 10 MB", "MB", 2, 2, true},
	{"p5-cursor", "P5", "50 pages by cursor, 100 ms each", "the sum of latencies", "×", 1.10, 1.03, true},
	{"p5-windows", "P5", "50 windows, 100 ms each", "the sum of latencies", "×", .35, .27, true},
	{"p6-guards", "P6", "what guards add, 100 records", "without them", "%", .15, .10, true},
	{"p7-start", "P7", "start to ready, all connectors", "", "ms", 300, 150, true},
	{"p7-binary", "P7", "the binary", "", "MB", 40, 30, true},
	{"p7-idle", "P7", "resident, idle", "", "MiB", 60, 40, true},
	{"p7-stream", "P7", "resident, each of 1,000 idle streams", "", "KiB", 128, 64, true},
}

// figure is what a goal came to.
type figure struct {
	goal
	value  float64
	spread string // behind a mean
}

// Part, What and the others are what the page's table has of a figure.
func (f figure) Part() string     { return f.part }
func (f figure) What() string     { return f.what }
func (f figure) Against() string  { return f.against }
func (f figure) Measured() string { return f.show(f.value) }
func (f figure) Spread() string   { return f.spread }
func (f figure) Floor() string    { return f.show(f.floor) }
func (f figure) Goal() string     { return f.show(f.goal.goal) }

// failed says that the figure is under its floor.
func (f figure) failed() bool {
	if f.less {
		return f.value > f.floor
	}
	return f.value < f.floor
}

// reached says that it is the goal, or better.
func (f figure) reached() bool {
	if f.less {
		return f.value <= f.goal.goal
	}
	return f.value >= f.goal.goal
}

// versus says what is measured, and against what.
func (g goal) versus() string {
	if g.against == "" {
		return g.what
	}
	return g.what + " against " + g.against
}

// show writes a value of the figure's unit.
func (g goal) show(v float64) string {
	switch g.unit {
	case "%":
		return fmt.Sprintf("%.0f %%", 100*v)
	case "×":
		return fmt.Sprintf("%.3g×", v)
	case "":
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.0f %s", v, g.unit)
}

// addMean takes the geometric mean of several in.
func (r *report) addMean(key string, v []float64) {
	r.add(key, mean(v), "")
	f := &r.Figures[len(r.Figures)-1]
	f.spread = f.show(slices.Min(v)) + " to " + f.show(slices.Max(v))
}

// add takes a figure's value in, with what there is to say of it.
func (r *report) add(key string, value float64, spread string) {
	for _, g := range goals {
		if g.key == key {
			r.Figures = append(r.Figures, figure{g, value, spread})
			return
		}
	}
	panic("no goal is named " + key)
}

// print writes the table that a terminal shows.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%-3s %-42s %-26s %10s %10s %10s\n", "", "", "against", "measured", "floor", "goal")
	for _, f := range r.Figures {
		mark := " "
		if f.failed() {
			mark = "✗"
		} else if f.reached() {
			mark = "✓"
		}
		fmt.Fprintf(w, "%-3s %-42s %-26s %10s %10s %10s %s\n", f.part, f.what, f.against, f.show(f.value), f.show(f.floor), f.show(f.goal.goal), mark)
	}
	fmt.Fprintf(w, "\n✓ the goal, ✗ under the floor; %s\n", r.Took.Round(time.Second))
}

// underFloors is an error that names each figure under its floor.
func (r *report) underFloors() error {
	var under []string
	for _, f := range r.Figures {
		if f.failed() {
			under = append(under, fmt.Sprintf("%s %s: %s, the floor is %s", f.part, f.versus(), f.show(f.value), f.show(f.floor)))
		}
	}
	if len(under) == 0 {
		return nil
	}
	return errors.New("under the floor:\n  " + strings.Join(under, "\n  "))
}
