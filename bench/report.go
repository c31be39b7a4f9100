package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

// report is all that a run found.
type report struct {
	Figures    []figure
	Mapping    []mapped
	Recorded   []recorded
	JQ         []whole
	Pages      []served
	Stream     string
	StreamSize string
	Guards     string
	Profiles   []profiled
	Machine    []fact
	Missing    map[string]string
	Command    string
	Took       time.Duration
}

// fact is one of the machine or of a version.
type fact struct{ Name, Value string }

//go:embed page.md.tmpl
var templates embed.FS

// picture is the file of the page's picture, beside it.
const picture = "performance.svg"

// write makes the page and its picture.
func (r *report) write(page string) error {
	t, err := template.New("page.md.tmpl").Funcs(template.FuncMap{
		"figure": r.shown, "state": figure.state, "speed": showSpeed, "times": showTimes, "rate": showRate, "missing": r.lacks, "ms": showMillis,
	}).ParseFS(templates, "page.md.tmpl")
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := t.Execute(&text, r); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	if err := os.WriteFile(page, []byte(text.String()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(filepath.Dir(page), picture), r.picture(), 0o644)
}

// shown is a figure's value, for prose.
func (r *report) shown(key string) string {
	for _, f := range r.Figures {
		if f.key == key {
			return f.show(f.value)
		}
	}
	return "not measured"
}

// lacks says what was not measured, in order.
func (r *report) lacks() (all []fact) {
	for _, name := range slices.Sorted(maps.Keys(r.Missing)) {
		all = append(all, fact{name, r.Missing[name]})
	}
	return all
}

// state says where a figure stands.
func (f figure) state() string {
	switch {
	case f.failed():
		return "under the floor"
	case f.reached():
		return "goal"
	}
	return "floor"
}

func showSpeed(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func showTimes(v float64) string { return fmt.Sprintf("%.3g×", v) }

// showRate groups thousands.
func showRate(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func showMillis(d time.Duration) string { return fmt.Sprintf("%.3g ms", float64(d.Microseconds())/1e3) }

// count is how many records an array has.
func count(array []byte) int {
	var all []json.RawMessage
	if json.Unmarshal(array, &all) != nil {
		return 0
	}
	return len(all)
}
