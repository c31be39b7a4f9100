package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

// bench is one run.
type bench struct {
	seed   uint64
	rounds int
	slice  time.Duration
	stream int64
	large  bool
	only   string
	page   string
	given  []string // flags that are not the defaults
	month  time.Time

	self, gateway, peers, node string // programs, and the folder of those that node runs
	dir                        string // of what the run writes
	missing                    map[string]string
	began                      time.Time
	loads                      int     // runs of wrk
	site                       *server // the provider behind the gateways of now
	report                     report
}

// parts are what can be asked for by name, in order.
var parts = []struct {
	name string
	run  func(*bench, context.Context) error
}{
	{"P1", (*bench).mapping},
	{"P2", (*bench).pages},
	{"P4", (*bench).streams},
	{"P5", (*bench).walks},
	{"P6", (*bench).guards},
	{"P7", (*bench).footprint},
}

// measure runs what was asked for, prints the table, and writes the page where all of it was.
func (b *bench) measure(ctx context.Context) error {
	b.began = time.Now()
	if err := b.prepare(); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	for _, p := range parts {
		if !b.wants(p.name) {
			continue
		}
		if err := p.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	b.report.Machine = b.machine()
	b.report.Missing = b.missing
	b.report.Command = "make bench"
	if len(b.given) > 0 {
		b.report.Command += fmt.Sprintf(" BENCH=%q", strings.Join(b.given, " "))
	}
	b.report.Took = time.Since(b.began).Round(time.Second)
	b.report.print(os.Stdout)
	if b.page != "" && b.only == "" {
		if err := b.report.write(b.page); err != nil {
			return err
		}
		fmt.Println("written:", b.page)
	}
	return b.report.underFloors()
}

func (b *bench) wants(part string) bool {
	if b.only == "" {
		return true
	}
	asked := strings.Split(strings.ToUpper(b.only), ",")
	return slices.Contains(asked, part) || part == "P2" && slices.Contains(asked, "P3") // P3 is the same run
}

// prepare finds the programs, and says which peers are missing and where they come from.
func (b *bench) prepare() (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	bin := filepath.Dir(b.self)
	b.gateway, b.peers, b.node = filepath.Join(bin, "meterbridge"), filepath.Join(bin, "peers"), filepath.Join(bin, "node")
	if b.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	b.missing = map[string]string{}
	lacks := func(name, how string, there bool) {
		if !there {
			b.missing[name] = how
			fmt.Printf("missing: %s. %s\n", name, how)
		}
	}
	installed := func(program string) bool { _, err := exec.LookPath(program); return err == nil }
	exists := func(file string) bool { _, err := os.Stat(file); return err == nil }
	lacks("node", "Express, jsonata and truto-jsonata are not measured: install Node 20 or later, then run: make bench-peers", installed("node") && exists(filepath.Join(b.node, "node_modules")))
	lacks("peers", "Bloblang and lura are not measured: run make bench-peers", exists(b.peers))
	lacks("nginx", "it is not measured: install the package nginx", installed("nginx"))
	lacks("wrk", "P2 and P3 are not measured: install the package wrk", installed("wrk"))
	lacks("jq", "the command is not measured: install the package jq", installed("jq"))
	if !exists(b.gateway) {
		return errors.New("there is no " + b.gateway + ": run it as make bench")
	}
	return nil
}

func (b *bench) has(peer string) bool { return b.missing[peer] == "" }

// say prints what is being done.
func (b *bench) say(format string, args ...any) {
	fmt.Printf("%5s  %s\n", time.Since(b.began).Round(time.Second), fmt.Sprintf(format, args...))
}

// pageFile writes a page of a shape, and says how many items it has.
func (b *bench) pageFile(shape shapes.Shape, size int) (file string, page []byte, n int, err error) {
	page, n = shape.Page(shapes.New(b.seed, b.month), size, "null")
	file = filepath.Join(b.dir, fmt.Sprintf("%s-%d.json", shape.Name, size))
	return file, page, n, os.WriteFile(file, page, 0o644)
}
