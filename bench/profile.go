package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

const (
	topCount    = 10              // functions that a profile names
	profileTime = 3 * time.Second // of each
	profileEnv  = "BENCH_PROFILE" // the file that an engine writes its profile to
)

// profiled is where the time of a process went.
type profiled struct {
	What string
	Top  []spent
}

// spent is a function with its part of the samples: its own, and with all that it calls.
type spent struct{ Own, All, Function string }

// profiling starts a profile of this process where it was asked for, and gives back what ends it.
func profiling(file string) (stop func(), err error) {
	if file == "" || file == "-" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

// profileEngine maps a page for a while, and says where the time went.
func (b *bench) profileEngine(ctx context.Context, shape shapes.Shape, page string) error {
	file := filepath.Join(b.dir, shape.Name+".prof")
	e, err := b.startEngine(ctx, engineOurs, shape, page, profileEnv+"="+file)
	if err != nil {
		return err
	}
	_, err = e.run(profileTime)
	e.stop()
	if err != nil {
		return err
	}
	return b.top(ctx, "P1: mapping the page of "+shape.Name, file)
}

// profileGateway loads a gateway with pages of 100 KB for a while, and says where the time went.
func (b *bench) profileGateway(ctx context.Context, up *server) error {
	addr, config, err := b.configure(up, account{id: "100k", connector: "confluent"})
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "gateway.prof")
	s, err := b.serve(ctx, "meterbridge, profiled", addr, "/readyz", nil, b.self, "gateway", kindHouse, config, file)
	if err != nil {
		return err
	}
	_, n := shapes.Confluent(b.month).Page(shapes.New(b.seed, b.month), pageSize, `"more"`)
	_, err = b.load(ctx, s, b.unified("100k", n, "&remote_query[n]="), 32, profileTime)
	s.stop()
	if err != nil {
		return err
	}
	return b.top(ctx, "P2: the gateway under load with pages of 100 KB", file)
}

// topRow is a line of pprof -top: flat, flat%, sum%, cum, cum%, name.
var topRow = regexp.MustCompile(`(?m)^\s*\S+\s+([\d.]+%)\s+[\d.]+%\s+\S+\s+([\d.]+%)\s+(.+)$`)

func (b *bench) top(ctx context.Context, what, file string) error {
	out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", fmt.Sprintf("-nodecount=%d", topCount), b.self, file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("reading a profile: %w: %s", err, out)
	}
	p := profiled{What: what}
	for _, row := range topRow.FindAllStringSubmatch(string(out), topCount) {
		name := strings.TrimSuffix(row[3], " (inline)")
		p.Top = append(p.Top, spent{row[1], row[2], name[strings.LastIndexByte(name, '/')+1:]})
	}
	b.report.Profiles = append(b.report.Profiles, p)
	return nil
}
