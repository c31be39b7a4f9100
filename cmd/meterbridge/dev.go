package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/proxy"
)

// devTick is how often the files are looked at. Looking costs a few dozen stats; being told of changes would take a
// library, and is silent on network and container mounts.
const devTick = 250 * time.Millisecond

// dev takes connectors and mappings into service as they are saved. What lint finds is printed at once; a set that
// can't be served leaves the running one in place.
type dev struct {
	files  assembly.Files
	config string // the configuration file, "" where there is none
	reload func() error
	out    io.Writer

	running, seen string // states of the files: the one that was last tried, and the one of the last look
}

// watch looks until the context ends.
func (d *dev) watch(ctx context.Context) {
	d.running = d.state()
	d.seen = d.running
	for _, dir := range d.folders() {
		fmt.Fprintf(d.out, "watching %s\n", dir)
	}
	if len(d.folders()) == 0 {
		fmt.Fprintf(d.out, "there is no folder to watch: neither %s/ nor %s/ is here or configured\n", connectorsFolder, mappingsFolder)
	}
	tick := time.NewTicker(devTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.look()
		}
	}
}

// look tries the files once they have changed and then stayed the same for a turn: an editor may save several, or one
// in several steps.
func (d *dev) look() (tried bool) {
	now := d.state()
	settled := now == d.seen
	if d.seen = now; !settled || now == d.running {
		return false
	}
	d.running = now
	d.try()
	return true
}

func (d *dev) try() {
	began, broken := time.Now(), false
	if dirs := d.folders(); len(dirs) > 0 {
		report, err := assembly.Lint(d.files, dirs...)
		if err != nil {
			fmt.Fprintln(d.out, err)
			report = &assembly.Report{}
		}
		for _, f := range report.Findings {
			fmt.Fprintln(d.out, line(f))
		}
		broken = jq.Failed(report.Findings)
	}
	err := d.reload()
	var findings assembly.Findings
	switch {
	case err == nil:
		fmt.Fprintf(d.out, "reloaded in %s\n", time.Since(began).Round(time.Millisecond))
		return
	case errors.As(err, &findings) && broken: // they are the same, or follow from them
	case errors.As(err, &findings):
		for _, f := range findings {
			fmt.Fprintln(d.out, line(f))
		}
	default:
		fmt.Fprintln(d.out, printable(err.Error()))
	}
	fmt.Fprintln(d.out, "not reloaded: the running set stays")
}

// folders are those that exist and are watched.
func (d *dev) folders() []string {
	var out []string
	if f := d.files.ConnectorsDir; f != "" && (holds(f, "*.yaml") || holds(f, "testdata/*.txtar")) {
		out = append(out, f)
	}
	if f := d.files.MappingsDir; f != "" && holds(f, proxy.ModelName+"/*.jq") {
		out = append(out, f)
	}
	return out
}

// state changes with every file that could be loaded.
func (d *dev) state() string {
	var b strings.Builder
	b.WriteString(d.cassettes())
	patterns := []string{filepath.Join(d.files.MappingsDir, proxy.ModelName, "*.jq"), filepath.Join(d.files.MappingsDir, proxy.ModelName, "*", "*.jq")}
	if d.files.MappingsDir == "" {
		patterns = nil
	}
	if d.files.ConnectorsDir != "" {
		patterns = append(patterns, filepath.Join(d.files.ConnectorsDir, "*.yaml"))
	}
	if d.config != "" {
		patterns = append(patterns, d.config)
	}
	for _, p := range patterns {
		b.WriteString(stat(p))
	}
	return b.String()
}

// cassettes changes with every cassette.
func (d *dev) cassettes() string {
	if d.files.ConnectorsDir == "" {
		return ""
	}
	return stat(filepath.Join(d.files.ConnectorsDir, "testdata", "*.txtar"))
}

// stat is what the files of a pattern look like from outside, a line each.
func stat(pattern string) string {
	found, err := filepath.Glob(pattern)
	if err != nil { // a folder whose name is a malformed pattern
		return ""
	}
	var b strings.Builder
	for _, file := range found {
		if info, err := os.Stat(file); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", file, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}
