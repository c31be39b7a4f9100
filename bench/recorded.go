package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// recorded is what mapping a connector's recorded items came to.
type recorded struct {
	Connector string
	Times     float64 // as fast as gojq
}

// recordedRow is a line of the benchmark beside the walk, which knows an item's roots.
var recordedRow = regexp.MustCompile(`(?m)^BenchmarkRecorded/(\S+)/(compiled|gojq)\s+\d+\s.*\s([\d.]+) core-ns/op`)

// recordings lets every connector's mapping take turns with gojq over the items of its cassette.
func (b *bench) recordings(ctx context.Context) error {
	program := filepath.Join(filepath.Dir(b.self), "proxy.test")
	times := map[string][]float64{}
	for range min(b.rounds, 3) {
		cmd := exec.CommandContext(ctx, program, "-test.run", "^$", "-test.bench", "^BenchmarkRecorded$", "-test.benchtime", b.slice.String(), "-test.cpu", "1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("the benchmark of recorded items: %w: %s", err, out)
		}
		round := map[string]map[string]float64{}
		for _, row := range recordedRow.FindAllSubmatch(out, -1) {
			name := string(row[1])
			if round[name] == nil {
				round[name] = map[string]float64{}
			}
			if round[name][string(row[2])], err = strconv.ParseFloat(string(row[3]), 64); err != nil {
				return err
			}
		}
		for name, took := range round {
			times[name] = append(times[name], took["gojq"]/took["compiled"])
		}
	}
	for name, v := range times {
		b.report.Recorded = append(b.report.Recorded, recorded{name, median(v)})
	}
	if len(times) == 0 {
		return fmt.Errorf("the benchmark of recorded items says nothing")
	}
	slices.SortFunc(b.report.Recorded, func(a, b recorded) int { return int(1e6 * (a.Times - b.Times)) })
	slowest := b.report.Recorded[0]
	b.report.add("p1-recorded", slowest.Times, slowest.Connector)
	b.say("P1 recorded items: %s gojq at %s, the slowest of %d", showTimes(slowest.Times), slowest.Connector, len(times))
	return nil
}
