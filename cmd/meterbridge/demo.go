package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

type demoVerb struct {
	Listen   string `help:"Where to listen; port 0 is any free one. Default: 127.0.0.1:8080, and where that is taken any free port." placeholder:"ADDR"`
	JSON     bool   `help:"One line with url, token and accounts once it is ready, and nothing else." name:"json"`
	Once     bool   `help:"End after the tour."`
	Dev      bool   `help:"Take the working directory's connectors/ and mappings/ (or the folders that are given) into service as they are saved, and say what lint finds. A connector with a cassette has an account."`
	LogLevel string `help:"debug, info, warn or error; info logs every request." default:"error" enum:"debug,info,warn,error"`
	folders
}

// The demo's own: nothing here is a secret, everything listens on loopback.
const (
	demoToken  = "demo-token-for-everyone"
	demoListen = "127.0.0.1:8080"
	anyPort    = "127.0.0.1:0"
)

// demoHouse is a gateway and the providers that it calls, both listening.
type demoHouse struct {
	url, providers string
	accounts       []simulate.Account
	config         *config.Config
	house          *assembly.House
	front, back    net.Listener
	sim            simulators
	moved          bool // the default port was taken
}

// simulators is the simulator that answers now.
type simulators struct {
	atomic.Pointer[simulate.Simulator]
}

func (s *simulators) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Load().ServeHTTP(w, r) }

func (v *demoVerb) Run(ctx context.Context, to std) error {
	log := newLogger(to, v.LogLevel, false)
	d, err := v.build(log)
	if err != nil {
		return err
	}
	defer d.house.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 2)
	go func() { ended <- serve(ctx, d.back, &d.sim, slog.New(slog.DiscardHandler)) }()
	go func() { ended <- serve(ctx, d.front, d.house, log) }()

	if v.JSON {
		err = d.line(to.out)
	} else {
		err = d.tour(ctx, to, v.Once)
	}
	switch {
	case err != nil || v.Once:
		stop()
	case v.Dev:
		go d.dev(v.files(), to.err, log).watch(ctx)
	}
	first := <-ended
	stop()
	return errors.Join(err, first, <-ended)
}

// build opens both listeners and puts the house together.
func (v *demoVerb) build(log *slog.Logger) (*demoHouse, error) {
	v.folders = v.here()
	d := &demoHouse{}
	sim, err := newSimulator(v.files(), simulate.Config{Shift: true, Log: log})
	if err != nil {
		return nil, err
	}
	if d.back, err = net.Listen("tcp", anyPort); err != nil {
		return nil, environmentError{fmt.Errorf("listening for the simulated providers: %w", err)}
	}
	if d.front, d.moved, err = v.listen(); err != nil {
		d.back.Close()
		return nil, environmentError{fmt.Errorf("listening: %w", err)}
	}
	d.sim.Store(sim)
	d.url, d.providers = "http://"+reachable(d.front.Addr()), "http://"+d.back.Addr().String()
	d.accounts = sim.Accounts(d.providers)
	cfg := config.Default()
	d.config, cfg.Connectors.Dir, cfg.Mappings.Dir = cfg, v.Connectors, v.Mappings
	cfg.Accounts.Static, cfg.Egress.Allow = assembly.Accounts(d.accounts), assembly.Loopback
	cfg.Auth.Tokens = []config.Token{config.NewToken("demo", secret.New(demoToken), []string{"*"}, true)}
	if d.house, err = assembly.Build(cfg, assembly.Options{Log: log, Version: version, Hurry: true}); err != nil {
		d.front.Close()
		d.back.Close()
		return nil, err
	}
	return d, nil
}

// dev reloads the gateway when a file was saved, and the simulated providers when a cassette was: they would lose their
// tokens and jobs for nothing else.
func (d *demoHouse) dev(files assembly.Files, out io.Writer, log *slog.Logger) *dev {
	w := &dev{files: files, out: out}
	recorded := w.cassettes()
	w.reload = func() error {
		next, sim, tapes := *d.config, d.sim.Load(), w.cassettes()
		if tapes != recorded {
			var err error
			if sim, err = newSimulator(files, simulate.Config{Shift: true, Log: log}); err != nil {
				return err
			}
			next.Accounts.Static = assembly.Accounts(sim.Accounts(d.providers))
		}
		if err := d.house.Load(&next); err != nil {
			return err
		}
		d.config, recorded = &next, tapes
		d.sim.Store(sim)
		return nil
	}
	return w
}

// listen takes the address that was asked for, or the default one, or where that is taken any.
func (v *demoVerb) listen() (l net.Listener, moved bool, err error) {
	if v.Listen != "" {
		l, err = net.Listen("tcp", v.Listen)
		return l, false, err
	}
	if l, err = net.Listen("tcp", demoListen); errors.Is(err, syscall.EADDRINUSE) {
		l, err = net.Listen("tcp", anyPort)
		return l, true, err
	}
	return l, false, err
}

// reachable is an address that a client can use: a listener on every address is reached on loopback.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// line is for programs that start a demo.
func (d *demoHouse) line(w io.Writer) error {
	type demoAccount struct {
		ID        string `json:"id"`
		Connector string `json:"connector"`
	}
	ready := struct {
		URL      string        `json:"url"`
		Token    string        `json:"token"`
		Accounts []demoAccount `json:"accounts"`
	}{URL: d.url, Token: demoToken}
	for _, a := range d.accounts {
		ready.Accounts = append(ready.Accounts, demoAccount{a.Connector, a.Connector})
	}
	return json.NewEncoder(w).Encode(ready)
}

// lastMonth is a range that every provider has figures for, on any day.
func lastMonth(now time.Time) string {
	return time.Date(now.UTC().Year(), now.UTC().Month()-1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}
