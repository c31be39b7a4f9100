package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/meterbridge/meterbridge/bench/shapes"
	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/proxy"
)

// Kinds of a gateway in this program, for profiles and to see what its guards cost.
const (
	// kindHouse is the gateway as the binary assembles it.
	kindHouse = "guarded"
	// kindUnguarded is the walk alone: no token, no limits of a request's size, no request id, log line, metrics or
	// panic barrier, no connector's rate limits. What stays is what can't be left out: the parser of the query, the egress
	// guard (which judges connections, and they are kept), the bounds of bodies and items, and the mapping's budgets.
	kindUnguarded = "unguarded"
	// kindBare is net/http, a client that trusts its provider, and the mapping: no gateway at all.
	kindBare = "bare"
)

// gatewayVerb serves until it is told to stop: gateway KIND CONFIG PROFILE. PROFILE is a file for where its time went, or -.
func gatewayVerb(args []string) error {
	cfg, err := config.Load(args[1])
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	house, err := assembly.Build(cfg, assembly.Options{Log: log, Version: "bench", Hurry: args[0] == kindUnguarded})
	if err != nil {
		return err
	}
	var h http.Handler = house
	switch args[0] {
	case kindHouse:
	case kindUnguarded:
		h = unguarded(house.Proxy)
	case kindBare:
		if h, err = bare(cfg); err != nil {
			return err
		}
	default:
		return fmt.Errorf("no kind of gateway is named %s", args[0])
	}
	stopProfile, err := profiling(args[2])
	if err != nil {
		return err
	}
	defer stopProfile()
	srv := gateway.Server(h)
	srv.Addr = cfg.Server.Listen
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- srv.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-stop:
		return srv.Close()
	}
}

func unguarded(p *proxy.Proxy) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /unified/{model}/{resource}", func(w http.ResponseWriter, r *http.Request) {
		who := &principal.Principal{Name: "bench", Grants: principal.Grants{Accounts: []string{"*"}}}
		if err := p.Unified(w, r, who, r.PathValue("model"), r.PathValue("resource"), ""); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return mux
}

func bare(cfg *config.Config) (http.Handler, error) {
	shape, err := shapes.Of("confluent", shapes.Month(time.Now()))
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	engines := make(chan *ours, 64) // a runner belongs to one request at a time
	for range cap(engines) {
		o, err := newOurs(shape, false)
		if err != nil {
			return nil, err
		}
		engines <- o
	}
	base := fmt.Sprint(cfg.Accounts.Static[0].Context["base_url"])
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /unified/", func(w http.ResponseWriter, r *http.Request) {
		o := <-engines
		defer func() { engines <- o }()
		resp, err := client.Get(base + costsPath + "?n=" + r.URL.Query().Get("remote_query[n]"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		var out []byte
		if err == nil {
			out, err = o.Map([]byte(`{"result":`), page)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(append(out, '}'))
	})
	return mux, nil
}
