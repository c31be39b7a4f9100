package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

const (
	fewConnections = 4               // keep one core busy
	slowTime       = 8 * time.Second // that a slow server has at least in each round
)

// served is what the servers of one page came to.
type served struct {
	Page        string
	Bytes       int
	Connections int
	Rows        []servedRow
}

type servedRow struct {
	Name      string
	PerSecond float64
	P50       time.Duration
	PerCore   float64 // requests in a second of a core that the server took
}

// Title names the page and the load.
func (s served) Title() string {
	size, at := "100 KB", "32 connections"
	if s.Page == "1k" {
		size = "1 KB"
	}
	if s.Connections == 1 {
		at = "one connection"
	}
	return size + ", " + at
}

// Ours says whether the row is this gateway's.
func (r servedRow) Ours() bool { return strings.HasPrefix(r.Name, "meterbridge") }

// route is a server's way to a page. Its path ends so that a number can follow.
type route struct {
	name   string
	server *server
	path   string
	form   string // what it answers: "page" as the upstream, or "records"
	few    bool   // it is too slow for a second of all connections: they would only queue
}

// pages is P2 and P3: one page through whole gateways, under load and alone.
func (b *bench) pages(ctx context.Context) error {
	if !b.has("wrk") {
		return nil
	}
	up, err := b.serveSite(ctx)
	if err != nil {
		return err
	}
	defer up.stop()
	house, err := b.serveGateway(ctx, up, account{id: "1k", connector: "confluent"}, account{id: "100k", connector: "confluent"})
	if err != nil {
		return err
	}
	defer house.stop()
	nginx, err := b.serveNginx(ctx, up)
	if err != nil {
		return err
	}
	defer nginx.stop()
	lura, err := b.serveLura(ctx, up)
	if err != nil {
		return err
	}
	defer lura.stop()
	express, err := b.serveExpress(ctx, up)
	if err != nil {
		return err
	}
	defer express.stop()

	for _, page := range []string{"1k", "100k"} {
		size := map[string]int{"1k": 1 << 10, "100k": pageSize}[page]
		_, n := shapes.Confluent(b.month).Page(shapes.New(b.seed, b.month), size, `"more"`)
		path := "/" + page + costsPath + "?n="
		routes := []route{
			{"upstream alone", up, path, "page", false},
			{"nginx, pass", nginx, path, "page", false},
			{"meterbridge, unified", house, b.unified(page, n, "&remote_query[n]="), "records", false},
			{"meterbridge, raw", house, b.unified(page, n, "&truto_response_format=raw&remote_query[n]="), "page", false},
			{"lura, pass", lura, "/pass" + path, "page", false},
			{"lura, mapping", lura, "/map" + path, "records", false},
			{"Express, truto-jsonata", express, path, "records", true},
		}
		if err := agree(ctx, routes); err != nil {
			return err
		}
		for _, connections := range []int{32, 1} {
			if err := b.loadPage(ctx, page, size, connections, routes); err != nil {
				return err
			}
		}
	}
	return b.profileGateway(ctx, up)
}

// agree compares what all routes answer: pages byte for byte, records as JSON.
func agree(ctx context.Context, routes []route) error {
	want := map[string][]byte{}
	for _, r := range routes {
		if r.server == nil {
			continue
		}
		resp, err := get(ctx, http.DefaultClient, r.server.url()+r.path+"0")
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if r.form == "records" {
			var list struct {
				Result json.RawMessage `json:"result"`
			}
			if err := json.Unmarshal(body, &list); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			body = list.Result
		}
		if want[r.form] == nil {
			want[r.form] = body
		}
		if r.form == "records" {
			err = same(want[r.form], body)
		} else if !bytes.Equal(want[r.form], body) {
			err = fmt.Errorf("another body")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return nil
}

// loadPage lets the routes take turns under load.
func (b *bench) loadPage(ctx context.Context, page string, size, connections int, routes []route) error {
	p50, perCore := map[string][]float64{}, map[string][]float64{}
	var all []contender
	for _, r := range routes {
		if r.server == nil {
			continue
		}
		all = append(all, contender{r.name, func() (float64, error) {
			at, d := connections, 3*b.slice
			if r.few && page == "100k" {
				at, d = min(at, fewConnections), max(9*b.slice, slowTime)
			}
			l, err := b.load(ctx, r.server, r.path, at, d)
			p50[r.name] = append(p50[r.name], float64(l.p50))
			perCore[r.name] = append(perCore[r.name], l.perCore)
			return l.perSecond, err
		}})
	}
	rounds := b.rounds
	if connections == 1 {
		rounds = (rounds + 1) / 2
	}
	speeds, err := takeTurns(ctx, rounds, all)
	if err != nil {
		return err
	}
	s := served{Page: page, Bytes: size, Connections: connections}
	for _, c := range all {
		s.Rows = append(s.Rows, servedRow{c.name, median(speeds[c.name]), time.Duration(median(p50[c.name])), median(perCore[c.name])})
		b.say("P2 %-4s %2d connections  %-24s %9.0f/s  p50 %-8s %7.0f/s of a core", page, connections, c.name,
			median(speeds[c.name]), time.Duration(median(p50[c.name])), median(perCore[c.name]))
	}
	b.report.Pages = append(b.report.Pages, s)
	if connections == 1 {
		return nil
	}
	against := func(key, ours, theirs string) {
		if len(speeds[theirs]) > 0 {
			b.report.add(key, ratio(speeds[ours], speeds[theirs]), "")
		}
	}
	against("p2-lura-"+page, "meterbridge, unified", "lura, mapping")
	against("p2-nginx-"+page, "meterbridge, unified", "nginx, pass")
	if page == "100k" {
		against("p2-express", "meterbridge, unified", "Express, truto-jsonata")
		against("p3-nginx", "meterbridge, raw", "nginx, pass")
	}
	return nil
}
