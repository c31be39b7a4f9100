package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

type simulateVerb struct {
	Listen     string `help:"Where to listen; port 0 is any free one." default:"127.0.0.1:9090" placeholder:"ADDR"`
	Connectors string `help:"A folder of connectors beside the built-in ones. Default: connectors/ of the working directory." type:"path" placeholder:"DIR"`
	JSON       bool   `help:"One line with url and accounts once it is ready." name:"json"`
	LogLevel   string `help:"debug logs every request." default:"info" enum:"debug,info,warn,error"`
}

func (v *simulateVerb) Run(ctx context.Context, to std) error {
	log := newLogger(to, v.LogLevel, false)
	sim, err := newSimulator(folders{Connectors: v.Connectors}.files(), simulate.Config{Shift: true, Log: log})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", v.Listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	url := "http://" + l.Addr().String()
	accounts := sim.Accounts(url)
	if v.JSON {
		if err := json.NewEncoder(to.out).Encode(map[string]any{"url": url, "accounts": accounts}); err != nil {
			return err
		}
		return serve(ctx, l, sim, log)
	}
	fmt.Fprintf(to.out, "The providers of %d connectors, simulated at %s\n\n", len(accounts), url)
	for _, a := range accounts {
		fmt.Fprintf(to.out, "  %-16s %v\n", a.Connector, a.Context["base_url"])
	}
	fmt.Fprintf(to.out, "\nAccounts to configure:   curl %s/_simulate/accounts\nNext answer a 429:       curl -X POST '%s/_simulate/faults?connector=%s&fault=429&retry_after=2'\n", url, url, accounts[0].Connector)
	return serve(ctx, l, sim, log)
}

// newSimulator serves the cassettes of the installed connectors.
func newSimulator(files assembly.Files, cfg simulate.Config) (*simulate.Simulator, error) {
	cassettes, err := files.Cassettes()
	if err != nil {
		return nil, inputError{err}
	}
	cfg.Cassettes = cassettes
	return simulate.New(cfg)
}
