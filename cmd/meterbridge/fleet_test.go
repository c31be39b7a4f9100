package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"text/template"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// A fleet is several gateways of one configuration, each a process of its own as in production, before one provider and
// beside one Redis. Each replica reaches Redis over a link of its own, which a test may cut.
type fleet struct {
	t        *testing.T
	provider *simulate.Simulator
	upstream *httptest.Server // where it listens
	replicas []*replica
}

// replica is one gateway's process.
type replica struct {
	url   string
	admin string // where the admin surface is
	redis *link

	config string
	cmd    *exec.Cmd
	ended  chan struct{}

	mu  sync.Mutex
	log strings.Builder
}

const (
	fleetFolder  = "testdata/fleet"
	fleetToken   = "a-token-of-the-fleet"
	fleetAccount = "acme-1"
	fleetSecret  = "demo-secret-of-the-fleet"
)

// startFleet starts n gateways, which end with the test. With a database it has their accounts; without, the configuration
// lists one.
func startFleet(t *testing.T, n int, database string) *fleet {
	t.Helper()
	files := assembly.Files{ConnectorsDir: filepath.Join(fleetFolder, connectorsFolder), MappingsDir: filepath.Join(fleetFolder, mappingsFolder)}
	provider, err := newSimulator(files, simulate.Config{Shift: true})
	if err != nil {
		t.Fatal(err)
	}
	upstream := httptest.NewServer(provider)
	t.Cleanup(upstream.Close)
	redis := kvtest.Start(t)
	f := &fleet{t: t, provider: provider, upstream: upstream}
	for range n {
		r := &replica{redis: newLink(t, redis.Addr())}
		r.config = fleetConfig(t, upstream.URL, r.redis.addr, database)
		r.start(t)
		f.replicas = append(f.replicas, r)
	}
	return f
}

var fleetTemplate = template.Must(template.New("").Parse(`
server: { listen: 127.0.0.1:0 }
auth: { tokens: [{ name: test, token: {{.Token}}, accounts: ["*"] }] }
connectors: { dir: {{.Folder}}/connectors }
mappings: { dir: {{.Folder}}/mappings }
secret_key: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
cursors: { store: redis }
redis: { url: "redis://{{.Redis}}/0", timeout: 1s } # a machine that is busy with tests is slower than a network
egress: { allow: [127.0.0.0/8] }
admin: { listen: 127.0.0.1:0, tokens: [{ name: operator, token: {{.Token}}-of-operators }] }
limits: { account: { rate: 100000, per: 1s } }
accounts:
{{- if .Database}}
  store: "{{.Database}}"
{{- else}}
  static:
    - id: {{.Account}}
      connector: acme
      context: { base_url: "{{.Provider}}/acme" }
      credentials: { client_id: demo-client, client_secret: {{.Secret}} }
{{- end}}
`))

func fleetConfig(t *testing.T, provider, redis, database string) (file string) {
	t.Helper()
	folder, err := filepath.Abs(fleetFolder)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "config.yaml")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	err = fleetTemplate.Execute(out, map[string]string{"Folder": folder, "Redis": redis, "Database": database, "Provider": provider,
		"Token": fleetToken, "Account": fleetAccount, "Secret": fleetSecret})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// start runs this test's own binary as the command, as TestMain has it, and waits until it serves.
func (r *replica) start(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r.cmd = &exec.Cmd{Path: self, Args: []string{"meterbridge", "serve", "--config", r.config, "--log-json"}}
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	serving := make(chan struct{})
	r.ended = make(chan struct{})
	go func() {
		defer close(r.ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			r.mu.Lock()
			r.log.Write(append(lines.Bytes(), '\n'))
			r.mu.Unlock()
			var said struct{ Msg, URL string }
			switch _ = json.Unmarshal(lines.Bytes(), &said); said.Msg {
			case "administered":
				r.admin = said.URL
			case "serving":
				r.url = said.URL
				close(serving)
			}
		}
		_ = r.cmd.Wait() // a killed process's status is no news
	}()
	t.Cleanup(r.kill)
	select {
	case <-serving:
	case <-r.ended:
		t.Fatalf("the gateway ended before it served:\n%s", r.said())
	}
}

// said is all that the gateway has logged.
func (r *replica) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// kill ends the gateway as a crash would: kill -9. A second call does nothing.
func (r *replica) kill() {
	_ = r.cmd.Process.Kill()
	<-r.ended
}

// get asks one replica with the token of all. Its error is the connection's; an answer of any status is one.
func (r *replica) get(path, query string, header ...string) (*http.Response, error) {
	return send(http.MethodGet, r.url+path+"?"+query, fleetToken, "", header...)
}

func send(method, url, token, body string, header ...string) (*http.Response, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return http.DefaultClient.Do(req)
}

const usagePath = "/unified/usage-metering/usage"

// walkPage is what a walk reads of one page.
type walkPage struct {
	Result []json.RawMessage
	Next   *string `json:"next_cursor"`
}

// statusError is an answer that is none of 200.
type statusError string

func (e statusError) Error() string { return string(e) }

// ask is one page of a walk from one replica.
func (r *replica) ask(query string) (walkPage, error) {
	var p walkPage
	resp, err := r.get(usagePath, "integrated_account_id="+fleetAccount+"&"+query)
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = statusError(resp.Status + ": " + string(body))
	}
	if err == nil {
		err = json.Unmarshal(body, &p)
	}
	return p, err
}

// degraded says whether a replica knows of something lost that costs speed.
func (r *replica) degraded(t *testing.T) bool {
	t.Helper()
	resp, err := r.get("/readyz", "")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var ready struct{ Degraded bool }
	if err := json.NewDecoder(resp.Body).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	return ready.Degraded
}
