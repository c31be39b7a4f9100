package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/server"
)

// pages are the names of the pages that are asked for, each an endpoint of its own: a backend's path is fixed.
var pages = []string{"1k", "100k"}

const costs = "/billing/v1/costs"

// luraGateway serves the upstream's pages as they are, and with their lines mapped.
func luraGateway(listen, upstream, lookups string) error {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	m := &lines{}
	if err := json.Unmarshal([]byte(lookups), &m.lookups); err != nil {
		return fmt.Errorf("reading the lookups: %w", err)
	}
	cfg := config.ServiceConfig{Version: config.ConfigVersion, Name: "bench", Address: host, Port: port, Timeout: 30 * time.Second}
	for _, page := range pages {
		pass := &config.Backend{Encoding: "no-op", Host: []string{upstream}, URLPattern: "/" + page + costs}
		mapped := &config.Backend{Encoding: "json", Host: []string{upstream}, URLPattern: "/" + page + costs}
		cfg.Endpoints = append(cfg.Endpoints,
			&config.EndpointConfig{Endpoint: "/pass/" + page + costs, Method: "GET", OutputEncoding: "no-op", QueryString: []string{"*"}, Backend: []*config.Backend{pass}},
			&config.EndpointConfig{Endpoint: "/map/" + page + costs, Method: "GET", OutputEncoding: "json", QueryString: []string{"*"}, Backend: []*config.Backend{mapped}})
	}
	if err := cfg.Init(); err != nil {
		return fmt.Errorf("preparing lura: %w", err)
	}
	gin.SetMode(gin.ReleaseMode)
	log, err := logging.NewLogger("ERROR", io.Discard, "")
	if err != nil {
		return err
	}
	f := router.NewFactory(router.Config{
		Engine: gin.New(), HandlerFactory: router.EndpointHandler, Logger: log, RunServer: server.RunServer,
		ProxyFactory: proxy.NewDefaultFactory(m.backend, log),
	})
	f.NewWithContext(context.Background()).Run(cfg)
	return nil
}

// backend is lura's own HTTP backend, whose decoded answers are mapped before lura encodes them.
func (m *lines) backend(b *config.Backend) proxy.Proxy {
	next := proxy.HTTPProxyFactory(http.DefaultClient)(b)
	if b.Encoding == "no-op" {
		return next
	}
	return func(ctx context.Context, r *proxy.Request) (*proxy.Response, error) {
		response, err := next(ctx, r)
		if err == nil {
			response.Data = m.page(response.Data)
		}
		return response, err
	}
}
