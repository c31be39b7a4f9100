package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// loaded is what wrk found.
type loaded struct {
	requests  int64
	perSecond float64
	perCore   float64 // requests in a second of a core that the server took
	p50       time.Duration
}

// Each request differs from all others, so that no gateway answers two of them with one call.
const wrkScript = `
local n = 0
function init(args) path = args[1] end
function request() n = n + 1; return wrk.format("GET", path .. n, {Authorization = "Bearer ` + token + `"}) end
`

var (
	wrkRate   = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkMedian = regexp.MustCompile(`50%\s+([\d.]+(?:us|ms|s))`)
	wrkAsked  = regexp.MustCompile(`(\d+) requests in`)
	wrkBad    = regexp.MustCompile(`Non-2xx[^\n]*|Socket errors:[^\n]*`)
)

// load asks a server for a path, to which a number is appended, over kept connections for a while.
func (b *bench) load(ctx context.Context, s *server, path string, connections int, d time.Duration) (l loaded, err error) {
	script := filepath.Join(b.dir, "wrk.lua")
	if err := os.WriteFile(script, []byte(wrkScript), 0o644); err != nil {
		return l, err
	}
	b.loads++
	path += fmt.Sprintf("%d-", b.loads) // each run counts anew
	// wrk takes whole seconds, and a second at least.
	seconds := fmt.Sprintf("-d%ds", max(1, int(d.Round(time.Second)/time.Second)))
	called, err := b.calls(ctx)
	if err != nil {
		return l, err
	}
	used, err := core(s.cmd.Process.Pid)
	if err != nil {
		return l, err
	}
	out, err := exec.CommandContext(ctx, "wrk", "-t1", fmt.Sprintf("-c%d", connections), seconds, "--latency", "--timeout", "20s", "-s", script, s.url(), "--", path).CombinedOutput()
	if err != nil {
		return l, fmt.Errorf("wrk: %w: %s", err, out)
	}
	if bad := wrkBad.Find(out); bad != nil {
		return l, fmt.Errorf("%s: %s", s.name, bad)
	}
	after, err := core(s.cmd.Process.Pid)
	if err != nil {
		return l, err
	}
	asked := wrkAsked.FindSubmatch(out)
	if asked == nil || string(asked[1]) == "0" {
		return l, fmt.Errorf("%s has answered nothing: %s", s.name, out)
	}
	if l.requests, err = strconv.ParseInt(string(asked[1]), 10, 64); err != nil {
		return l, err
	}
	l.perCore = float64(l.requests) / max(tick, after-used).Seconds()
	now, err := b.calls(ctx)
	if err != nil {
		return l, err
	}
	if now-called < l.requests {
		return l, fmt.Errorf("%s has answered %d requests with %d calls of the provider", s.name, l.requests, now-called)
	}
	rate, middle := wrkRate.FindSubmatch(out), wrkMedian.FindSubmatch(out)
	if rate == nil || middle == nil {
		return l, fmt.Errorf("wrk says nothing of its rate: %s", out)
	}
	if l.perSecond, err = strconv.ParseFloat(string(rate[1]), 64); err != nil {
		return l, err
	}
	l.p50, err = time.ParseDuration(string(middle[1]))
	return l, err
}

// calls is how many pages the provider was asked for: each answer under load has to have cost one.
func (b *bench) calls(ctx context.Context) (n int64, err error) {
	resp, err := get(ctx, http.DefaultClient, b.site.url()+"/"+callsName+"/")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = fmt.Fscan(resp.Body, &n)
	return n, err
}
