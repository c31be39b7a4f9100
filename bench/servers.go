package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

// token is the one that the gateway's callers have.
const token = "bench-token-0123456789"

// patience is for a server to answer for the first time.
const patience = 20 * time.Second

// server is a process that listens.
type server struct {
	name, addr string
	cmd        *exec.Cmd
	took       time.Duration // until it was ready
	ended      chan error
}

func (s *server) url() string { return "http://" + s.addr }

func (s *server) stop() {
	if s != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.ended:
		case <-time.After(patience):
			_ = s.cmd.Process.Kill()
			<-s.ended
		}
	}
}

// freeAddr is an address that nothing listens at.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// serve starts a process and waits until it answers with 200 at ready.
func (b *bench) serve(ctx context.Context, name, addr, ready string, env []string, program string, args ...string) (*server, error) {
	s := &server{name: name, addr: addr, cmd: exec.CommandContext(ctx, program, args...)}
	s.cmd.Env = append(os.Environ(), env...)
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	s.ended = make(chan error, 1)
	go func() { s.ended <- s.cmd.Wait() }()
	for time.Since(began) < patience {
		select {
		case err := <-s.ended:
			return nil, fmt.Errorf("%s has ended: %v: %s", name, err, s.cmd)
		default:
		}
		resp, err := http.Get(s.url() + ready)
		if err == nil {
			resp.Body.Close()
			if s.took = time.Since(began); resp.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("%s does not answer at %s%s", name, s.url(), ready)
}

// page1k is a path that every server of a page answers.
const page1k = "/1k" + costsPath

func (b *bench) serveSite(ctx context.Context) (up *server, err error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	defer func() { b.site = up }()
	return b.serve(ctx, "upstream", addr, page1k, nil, b.self, "upstream", addr, fmt.Sprint(b.seed), b.month.Format(time.DateOnly))
}

// serveNginx passes on what the upstream answers, over connections that are kept.
func (b *bench) serveNginx(ctx context.Context, up *server) (*server, error) {
	if !b.has("nginx") {
		return nil, nil
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(strings.NewReplacer("DIR", b.dir, "LISTEN", addr, "UPSTREAM", up.addr).Replace(nginxConf)), 0o644); err != nil {
		return nil, err
	}
	return b.serve(ctx, "nginx", addr, page1k, nil, "nginx", "-p", b.dir, "-c", file)
}

// Nothing is written to disk: neither a log nor a body that the client is slower to take.
const nginxConf = `
daemon off; worker_processes auto; pid DIR/nginx.pid; error_log DIR/nginx.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path DIR/t1; proxy_temp_path DIR/t2; fastcgi_temp_path DIR/t3; uwsgi_temp_path DIR/t4; scgi_temp_path DIR/t5;
  upstream site { server UPSTREAM; keepalive 64; keepalive_requests 100000000; }
  server {
    listen LISTEN; keepalive_requests 100000000;
    location / { proxy_pass http://site; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_max_temp_file_size 0; }
  }
}
`

func (b *bench) serveLura(ctx context.Context, up *server) (*server, error) {
	if !b.has("peers") {
		return nil, nil
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return b.serve(ctx, "lura", addr, "/map"+page1k, nil, b.peers, "lura", addr, up.url(), shapes.Lookups)
}

func (b *bench) serveExpress(ctx context.Context, up *server) (*server, error) {
	if !b.has("node") {
		return nil, nil
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return b.serve(ctx, "Express", addr, page1k, []string{"NODE_ENV=production"}, "node", filepath.Join(b.node, "express.mjs"), addr, up.url(), shapes.Lookups)
}

// account is one way in which the site answers: its id is the first part of every path.
type account struct {
	id, connector string
	host          string // of the site; empty is where it is known to listen
}

// credentials are what each connector asks for.
var credentials = map[string]string{
	"confluent": "{ api_key: bench, api_secret: bench }",
	"datadog":   "{ api_key: bench, application_key: bench }",
	"sumologic": "{ access_id: bench, access_key: bench }",
}

func gatewayConfig(listen string, up *server, accounts []account) string {
	var s strings.Builder
	fmt.Fprintf(&s, "server: { listen: %q }\n", listen)
	fmt.Fprintf(&s, "auth: { tokens: [ { name: bench, token: %s, accounts: [\"*\"] } ] }\n", token)
	s.WriteString("secret_key: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\negress: { allow: [127.0.0.0/8] }\naccounts:\n  static:\n")
	for _, a := range accounts {
		fmt.Fprintf(&s, "    - { id: %s, connector: %s, context: { base_url: \"http://%s/%[1]s\" }, credentials: %[4]s }\n",
			a.id, a.connector, cmp.Or(a.host, up.addr), credentials[a.connector])
	}
	return s.String()
}

// serveGateway starts the binary as an operator does.
func (b *bench) serveGateway(ctx context.Context, up *server, accounts ...account) (*server, error) {
	addr, file, err := b.configure(up, accounts...)
	if err != nil {
		return nil, err
	}
	return b.serve(ctx, "meterbridge", addr, "/readyz", nil, b.gateway, "serve", "--config", file)
}

func (b *bench) configure(up *server, accounts ...account) (addr, file string, err error) {
	if addr, err = freeAddr(); err != nil {
		return "", "", err
	}
	file = filepath.Join(b.dir, "config.yaml")
	return addr, file, os.WriteFile(file, []byte(gatewayConfig(addr, up, accounts)), 0o644)
}

// unified is the path of a page of an account, of the month that the data is of.
func (b *bench) unified(account string, limit int, more string) string {
	return fmt.Sprintf("/unified/usage-metering/usage?integrated_account_id=%s&start_date=%s&end_date=%[2]s&limit=%d%s", account, b.month.Format("2006-01"), limit, more)
}

// get asks with the token, as a client does.
func get(ctx context.Context, client *http.Client, url string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(r)
	if err == nil && resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return resp, err
}
