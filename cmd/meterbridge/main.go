// Command meterbridge is one API for every provider's usage and cost data.
//
// main.go wires and runs; each verb has a file of its own. Exit codes: 0 done, 1 a defect of ours, 2 the user's input,
// 3 the environment.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/proxy"
)

// verbs are the commands, in the order of the help.
type verbs struct {
	Serve       serveVerb       `cmd:"" help:"Run the gateway."`
	Demo        demoVerb        `cmd:"" help:"Start the gateway with simulated providers, answer a request, and keep serving. Needs no configuration, credentials or network."`
	Call        callVerb        `cmd:"" help:"Make one request and show it as a table, or as json, ndjson or csv."`
	Check       checkVerb       `cmd:"" help:"Prove accounts against their providers: credentials, scopes, plan, newest data."`
	Accounts    accountsVerb    `cmd:"" help:"Create, change, check and remove the integrated accounts of a database."`
	Keys        keysVerb        `cmd:"" help:"Replace the key that seals credentials, without a break."`
	Tokens      tokensVerb      `cmd:"" help:"Make, list and revoke the tokens of callers."`
	Connectors  connectorsVerb  `cmd:"" help:"List what is installed, or show one connector."`
	New         newVerb         `cmd:"" help:"Begin a connector."`
	Lint        lintVerb        `cmd:"" help:"Check connectors and mappings; every finding has its file, line and column."`
	Mappings    mappingsVerb    `cmd:"" help:"Print a mapping for jq, or show what overrides of mappings would change."`
	Test        testVerb        `cmd:"" help:"Replay each connector's cassette through the whole pipeline and compare with its goldens."`
	Docs        docsVerb        `cmd:"" help:"Print the documents that come with the binary: how connectors, mappings and cassettes are written, errors, limits."`
	Record      recordVerb      `cmd:"" help:"Make a live call and write a cassette of it, without secrets."`
	Simulate    simulateVerb    `cmd:"" help:"Serve every connector's cassette over HTTP, as the providers would."`
	Fingerprint fingerprintVerb `cmd:"" help:"Print what the log shows in the place of an account's id or of a token."`
	Version     versionVerb     `cmd:"" help:"Print version, commit and Go version."`
	JqWorker    workerVerb      `cmd:"" hidden:"" help:"Run overrides that are untrusted, for the gateway that started it."`
}

// std are the streams that a verb writes to.
type std struct {
	out, err io.Writer
}

func main() { os.Exit(run(os.Args[1:], std{os.Stdout, os.Stderr})) }

// run is main without the process, for tests.
func run(args []string, to std) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser, err := kong.New(&verbs{}, kong.Name("meterbridge"), kong.Writers(to.out, to.err),
		kong.Description("One API for every provider's usage and cost data."),
		kong.Vars{"dimensions": strings.Join(proxy.Dimensions(), ", "), "formats": strings.Join(principal.Formats(), ", "), "explained": strconv.Itoa(proxy.DefaultExplained)},
		kong.Bind(to), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Exit(func(c int) { panic(exited(c)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		say(to.err, err)
		return exitDefect
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exited:
			code = int(r)
		default:
			panic(r)
		}
	}()
	command, err := parser.Parse(args)
	if err != nil {
		say(to.err, err)
		io.WriteString(to.err, "Try: meterbridge --help\n")
		return exitInput
	}
	// The first signal ends the verb in good order, a second one the process.
	go func() { <-ctx.Done(); stop() }()
	if err := command.Run(); err != nil {
		say(to.err, err)
		return exitCode(err)
	}
	return 0
}

// exited is kong's wish to leave, after it has printed the help.
type exited int
