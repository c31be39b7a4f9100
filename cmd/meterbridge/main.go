// Command meterbridge is one API for every provider's usage and cost data.
//
// main.go wires and runs; each verb has a file of its own. Exit codes: 0 done, 1 a defect of ours, 2 the user's input,
// 3 the environment.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// verbs are the commands, in the order of the help.
type verbs struct {
	Serve      serveVerb      `cmd:"" help:"Run the gateway."`
	Demo       demoVerb       `cmd:"" help:"Start the gateway with simulated providers, answer a request, and keep serving. Needs no configuration, credentials or network."`
	Call       callVerb       `cmd:"" help:"Make one request and show it as a table, or as json, ndjson or csv."`
	Check      checkVerb      `cmd:"" help:"Prove accounts against their providers: credentials, scopes, plan, newest data."`
	Connectors connectorsVerb `cmd:"" help:"List what is installed, or show one connector."`
	Lint       lintVerb       `cmd:"" help:"Check connectors and mappings; every finding has its file, line and column."`
	Test       testVerb       `cmd:"" help:"Replay each connector's cassette through the whole pipeline and compare with its goldens."`
	Simulate   simulateVerb   `cmd:"" help:"Serve every connector's cassette over HTTP, as the providers would."`
	Version    versionVerb    `cmd:"" help:"Print version, commit and Go version."`
}

// Exit codes.
const (
	exitDefect      = 1
	exitInput       = 2
	exitEnvironment = 3
)

// inputError is the user's to mend.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

func badInput(format string, args ...any) error { return inputError{fmt.Errorf(format, args...)} }

// std are the streams that a verb writes to.
type std struct {
	out, err io.Writer
}

func main() { os.Exit(run(os.Args[1:], std{os.Stdout, os.Stderr})) }

// run is main without the process, for tests.
func run(args []string, to std) (code int) {
	parser, err := kong.New(&verbs{}, kong.Name("meterbridge"), kong.Writers(to.out, to.err), kong.UsageOnError(),
		kong.Description("One API for every provider's usage and cost data."), kong.Bind(to),
		kong.Exit(func(c int) { panic(exited(c)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(to.err, "meterbridge:", err)
		return exitDefect
	}
	defer func() {
		if c, ok := recover().(exited); ok {
			code = int(c)
		}
	}()
	ctx, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(to.err, "meterbridge: %v\nTry: meterbridge --help\n", err)
		return exitInput
	}
	if err := ctx.Run(); err != nil {
		if err != errSaid {
			fmt.Fprintln(to.err, "meterbridge:", err)
		}
		return exitCode(err)
	}
	return 0
}

// exited is kong's wish to leave, after it has printed the help.
type exited int

// errSaid says that the verb has printed what is wrong with its input.
var errSaid = inputError{errors.New("the input has defects")}

func exitCode(err error) int {
	var (
		input    inputError
		errs     config.Errors
		findings assembly.Findings
		path     *fs.PathError
		network  *net.OpError
		p        *problem.Problem
	)
	switch {
	case errors.As(err, &input), errors.As(err, &errs), errors.As(err, &findings), errors.As(err, &p):
		return exitInput
	case errors.As(err, &path), errors.As(err, &network), errors.Is(err, syscall.EADDRINUSE):
		return exitEnvironment
	}
	return exitDefect
}
