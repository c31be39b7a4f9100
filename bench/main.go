// Bench measures Meterbridge beside its peers, in interleaved rounds of one run, and writes docs/performance.md.
//
// Everything that is measured is a process of its own: engines that map a page (package worker), gateways before one
// upstream, the upstream itself. Before any time counts, what two of them make of the same input is compared. A figure is
// a ratio of two that took turns; it has a floor, under which the run fails, and a goal.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run takes the verbs that bench starts itself with, or measures.
func run(args []string) error {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, ok := verbs[args[0]]
		if !ok || len(args)-1 != verb.args {
			return fmt.Errorf("no verb %s with %d arguments", args[0], len(args)-1)
		}
		return verb.run(args[1:])
	}
	b := &bench{month: shapes.Month(time.Now())}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.Uint64Var(&b.seed, "seed", 1, "of the data: the same seed, the same bytes")
	f.IntVar(&b.rounds, "rounds", 5, "in which all that is compared takes turns")
	f.DurationVar(&b.slice, "slice", 300*time.Millisecond, "of each engine in each round; a gateway under load has three of them")
	f.Int64Var(&b.stream, "stream", 1<<30, "bytes of the stream that P4 sends through")
	f.BoolVar(&b.large, "large", false, "P4 with ten times as much, and with 10 MB, beside it")
	f.StringVar(&b.only, "only", "", "figures to measure, as P1,P4; the page is written after all of them alone")
	f.StringVar(&b.page, "write", "", "the page to write")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	f.Visit(func(set *flag.Flag) {
		if set.Name != "write" {
			b.given = append(b.given, "-"+set.Name+" "+set.Value.String())
		}
	})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return b.measure(ctx)
}

// verbs are what processes of a run are started as.
var verbs = map[string]struct {
	args int
	run  func([]string) error
}{
	"engine":   {3, engineVerb},
	"upstream": {3, upstreamVerb},
	"gateway":  {3, gatewayVerb},
}
