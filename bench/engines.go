package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/meterbridge/meterbridge/bench/hand"
	"github.com/meterbridge/meterbridge/bench/shapes"
	"github.com/meterbridge/meterbridge/bench/worker"
)

// Names of the engines that map a page.
const (
	engineOurs     = "meterbridge"
	engineGojq     = "gojq"
	engineHand     = "hand-written Go"
	engineBloblang = "Bloblang"
	engineJSONata  = "jsonata"
	engineTruto    = "truto-jsonata"
)

// engineVerb maps a page in this process: engine NAME SHAPE PAGE.
func engineVerb(args []string) error {
	page, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	shape, err := shapes.Of(args[1], shapes.Month(time.Now()))
	if err != nil {
		return err
	}
	m, err := engineOf(args[0], shape)
	if err != nil {
		return err
	}
	stop, err := profiling(os.Getenv(profileEnv))
	if err != nil {
		return err
	}
	defer stop()
	return worker.Serve(os.Stdin, os.Stdout, page, m)
}

func engineOf(name string, shape shapes.Shape) (worker.Map, error) {
	switch {
	case name == engineOurs, name == engineGojq:
		o, err := newOurs(shape, name == engineGojq)
		if err != nil {
			return nil, err
		}
		return o.Map, nil
	case name == engineHand && shape.Name == "confluent":
		c, err := hand.NewConfluent(shape.Vars.Lookups)
		if err != nil {
			return nil, err
		}
		return c.Map, nil
	case name == engineHand && shape.Name == "datadog":
		return (&hand.Datadog{}).Map, nil
	}
	return nil, fmt.Errorf("%s does not map %s", name, shape.Name)
}

// engine is a process that maps one page.
type engine struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
}

// startEngine starts an engine for a page; nil and no error where it is a peer that is not there.
func (b *bench) startEngine(ctx context.Context, name string, shape shapes.Shape, page string, env ...string) (*engine, error) {
	var cmd *exec.Cmd
	switch name {
	case engineBloblang:
		if !b.has("peers") {
			return nil, nil
		}
		cmd = exec.CommandContext(ctx, b.peers, "bloblang", shape.Name, page, shape.Vars.Lookups)
	case engineJSONata, engineTruto:
		if !b.has("node") {
			return nil, nil
		}
		cmd = exec.CommandContext(ctx, "node", filepath.Join(b.node, "engine.mjs"), name, shape.Name, page, shape.Vars.Lookups)
	default:
		cmd = exec.CommandContext(ctx, b.self, "engine", name, shape.Name, page)
	}
	cmd.Env = append(append(os.Environ(), "GOMAXPROCS=1"), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	return &engine{name: name, cmd: cmd, in: in, out: bufio.NewScanner(out)}, nil
}

func (e *engine) order(format string, args ...any) (ran worker.Ran, err error) {
	if _, err := fmt.Fprintf(e.in, format+"\n", args...); err != nil {
		return ran, fmt.Errorf("asking %s: %w", e.name, err)
	}
	if !e.out.Scan() {
		return ran, fmt.Errorf("%s has ended", e.name)
	}
	if err := json.Unmarshal(e.out.Bytes(), &ran); err != nil {
		return ran, fmt.Errorf("reading what %s says: %w", e.name, err)
	}
	if ran.Error != "" {
		return ran, fmt.Errorf("%s: %w", e.name, errors.New(ran.Error))
	}
	return ran, nil
}

// once is what the engine makes of its page.
func (e *engine) once(dir string) ([]byte, error) {
	file := filepath.Join(dir, "once.json")
	if _, err := e.order("once %s", file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// run maps for a while.
func (e *engine) run(d time.Duration) (worker.Ran, error) { return e.order("run %d", d.Milliseconds()) }

func (e *engine) stop() {
	e.in.Close()
	_ = e.cmd.Wait() // it ends with its input
}
