package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// collectAt is by how many per cent the heap may grow past what is held before it is collected. That is a few MiB, so that
// at Go's own 100 a busy gateway would collect many times a second; at 200 its memory stays within what starting it took.
const collectAt = 200

// drainTime is how long requests under way may take to end after a signal.
const drainTime = 10 * time.Second

type serveVerb struct {
	Config   string `help:"The configuration file." default:"config.yaml" type:"path" placeholder:"FILE"`
	LogLevel string `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
	LogJSON  bool   `help:"Log as JSON, one object a line." name:"log-json"`
	Dev      bool   `help:"Take connectors, mappings and the configuration into service as they are saved, and say what lint finds. Without folders in the configuration, connectors/ and mappings/ of the working directory."`
}

func (v *serveVerb) Run(ctx context.Context, to std) error {
	cfg, err := v.load()
	if err != nil {
		return err
	}
	log := newLogger(to, v.LogLevel, v.LogJSON)
	house, err := assembly.Build(cfg, assembly.Options{Log: log, Version: version})
	if err != nil {
		return err
	}
	defer house.Close()
	if os.Getenv("GOGC") == "" { // an operator's word counts
		debug.SetGCPercent(collectAt)
	}
	listener, err := net.Listen("tcp", cfg.Server.Listen)
	if err != nil {
		return fmt.Errorf("listening on server.listen: %w", err)
	}
	house.Upstream.ListensAt(listener.Addr())
	if len(cfg.Auth.Tokens) == 0 {
		log.Warn("no token is configured, so every request is a 401; add one to auth.tokens in " + v.Config)
	}
	log.Info("serving", "url", "http://"+listener.Addr().String(), "accounts", accountsIn(cfg), "connectors", len(house.Catalog().Connectors.Names()))
	reload := func() error {
		cfg, err := v.load()
		if err == nil {
			err = house.Load(cfg)
		}
		return err
	}
	go reloadOnHangup(reload, house, log)
	if v.Dev {
		d := &dev{files: assembly.Files{ConnectorsDir: cfg.Connectors.Dir, MappingsDir: cfg.Mappings.Dir}, config: v.Config, reload: reload, out: to.out}
		go d.watch(ctx)
	}
	return serve(ctx, listener, house, log)
}

// load reads the configuration.
func (v *serveVerb) load() (*config.Config, error) {
	cfg, err := config.Load(v.Config)
	if err == nil && v.Dev {
		f := folders{cfg.Connectors.Dir, cfg.Mappings.Dir}.here()
		cfg.Connectors.Dir, cfg.Mappings.Dir = f.Connectors, f.Mappings
	}
	return cfg, err
}

// accountsIn says for the log where accounts live.
func accountsIn(cfg *config.Config) any {
	if cfg.Accounts.Stored() {
		return "in a database"
	}
	return len(cfg.Accounts.Static)
}

func newLogger(to std, level string, asJSON bool) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // the flag's enum lets nothing else through
	return telemetry.NewLogger(to.err, l, asJSON)
}

// reloadOnHangup takes a changed configuration into service. One that does not validate leaves the running set in place.
func reloadOnHangup(reload func() error, house *assembly.House, log *slog.Logger) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	for range hup {
		if err := reload(); err != nil {
			log.Error("the configuration was not reloaded; the running one stays", "error", err)
			continue
		}
		log.Info("reloaded", "connectors", len(house.Catalog().Connectors.Names()))
	}
}

// serve answers until the context ends, then lets what is under way end.
func serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	srv := gateway.Server(h)
	srv.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping; requests under way may end", "within", drainTime)
	if house, ok := h.(interface{ Stop() }); ok {
		house.Stop()
	}
	return srv.Drain(drainTime)
}
