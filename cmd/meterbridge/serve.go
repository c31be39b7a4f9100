package main

import (
	"context"
	"errors"
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
	surfaces, err := v.admin(cfg, house, log)
	if err != nil {
		return err
	}
	listens := []net.Addr{listener.Addr()}
	for _, s := range surfaces {
		listens = append(listens, s.Addr())
	}
	house.Upstream.ListensAt(listens...)
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
	return serveAll(lingering(ctx, house.Drain, cfg.Server.Drain), log, append([]surface{{listener, house}}, surfaces...)...)
}

// admin is the admin surface, where somebody may call it.
func (v *serveVerb) admin(cfg *config.Config, house *assembly.House, log *slog.Logger) ([]surface, error) {
	switch {
	case cfg.Admin.Listen == "":
		return nil, nil
	case len(cfg.Admin.Tokens) == 0:
		log.Info("the admin surface stays closed; admin.tokens opens it")
		return nil, nil
	}
	l, err := net.Listen("tcp", cfg.Admin.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening on admin.listen: %w", err)
	}
	if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		log.Warn("the admin surface can be reached from other machines, and is sent without TLS; put a proxy with TLS in front of it")
	}
	log.Info("administered", "url", "http://"+l.Addr().String())
	return []surface{{l, house.Admin}}, nil
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

// lingering is a context that ends so much later than ctx; drain is called when ctx does.
func lingering(ctx context.Context, drain func(), by time.Duration) context.Context {
	later, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		drain()
		time.AfterFunc(by, end)
	})
	return later
}

// surface is what answers on a listener.
type surface struct {
	net.Listener
	handler http.Handler
}

// serve answers on one listener; see serveAll.
func serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	return serveAll(ctx, log, surface{l, h})
}

// serveAll answers until the context ends, then lets what is under way end.
func serveAll(ctx context.Context, log *slog.Logger, surfaces ...surface) error {
	failed := make(chan error, len(surfaces))
	var servers []*gateway.EdgeServer
	for _, s := range surfaces {
		srv := gateway.Server(s.handler)
		srv.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
		servers = append(servers, srv)
		go func() { failed <- srv.Serve(s) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping; requests under way may end", "within", drainTime)
	ended := make(chan error, len(servers))
	for i, srv := range servers {
		if house, ok := surfaces[i].handler.(interface{ Stop() }); ok {
			house.Stop()
		}
		go func() { ended <- srv.Drain(drainTime) }()
	}
	var err error
	for range servers {
		err = errors.Join(err, <-ended)
	}
	return err
}
