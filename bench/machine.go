package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// machine is what a figure depends on beside the code.
func (b *bench) machine() []fact {
	facts := []fact{
		{"machine", fmt.Sprintf("%d cores, %s, %s, Linux %s", runtime.NumCPU(), field("/proc/cpuinfo", "model name"), memory(), kernel())},
		{"Meterbridge", first(b.gateway, "version")},
		{"Go", runtime.Version()},
	}
	ask := func(peer, name string, program string, args ...string) {
		if b.has(peer) {
			facts = append(facts, fact{name, first(program, args...)})
		}
	}
	ask("nginx", "nginx", "nginx", "-v")
	ask("wrk", "wrk", "wrk", "-v")
	ask("jq", "jq", "jq", "--version")
	ask("node", "Node", "node", "--version")
	return append(facts, b.libraries()...)
}

// libraries are the versions of the peers that are libraries.
func (b *bench) libraries() (facts []fact) {
	if b.has("node") {
		var p struct {
			Dependencies map[string]string `json:"dependencies"`
		}
		text, err := os.ReadFile(filepath.Join(b.node, "package.json"))
		if err == nil && json.Unmarshal(text, &p) == nil {
			for _, name := range []string{"@truto/truto-jsonata", "jsonata", "express"} {
				facts = append(facts, fact{name, p.Dependencies[name]})
			}
		}
	}
	for program, names := range map[string][]string{b.self: {"gojq"}, b.peers: {"lura/v2", "benthos/v4"}} {
		out, err := exec.Command("go", "version", "-m", program).Output()
		if err != nil {
			continue
		}
		for _, name := range names {
			if m := regexp.MustCompile(`dep\s+\S+/` + regexp.QuoteMeta(name) + `\s+(\S+)`).FindSubmatch(out); m != nil {
				facts = append(facts, fact{name, string(m[1])})
			}
		}
	}
	slices.SortFunc(facts, func(a, b fact) int { return strings.Compare(a.Name, b.Name) })
	return facts
}

// first is the first line that a program says of itself.
func first(program string, args ...string) string {
	out, _ := exec.Command(program, args...).CombinedOutput() // some end with a status of their own, and say it all the same
	line, _, _ := bytes.Cut(bytes.TrimSpace(out), []byte("\n"))
	text, _, _ := strings.Cut(string(line), " Copyright")
	return strings.TrimPrefix(text, "nginx version: ")
}

func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	_, rest, _ := strings.Cut(string(text), name)
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(strings.TrimLeft(line, "\t :"))
}

func memory() string {
	var kib int64
	fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kib)
	return fmt.Sprintf("%d GiB", (kib+1<<19)>>20)
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	version, _, _ := strings.Cut(strings.TrimSpace(string(text)), "-")
	return version
}
