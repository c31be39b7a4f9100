package gateway_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// Tokens of the test house. Two accounts, acme-1 of the tenant north and acme-2 of south.
const (
	everyone = "everyone-may-see-all-accounts" // and may write
	reader   = "reader-sees-acme-1-and-reads"
	tenant   = "tenant-sees-what-is-of-north"
	other    = "other-sees-acme-2-and-writes"
	stranger = "stranger-sees-no-account-here"
	expired  = "expired-a-moment-before-today"
	narrow   = "narrow-reaches-workspaces-alone"
	table    = "table-gets-comma-separated-only"
	passer   = "passer-gets-what-passes-through"
	revoked  = "revoked-and-was-as-everyone-is"
)

// house is a gateway and its provider, both on real sockets.
type house struct {
	url      string
	built    *assembly.House
	config   *config.Config
	provider *provider
	client   *http.Client
	log      *logged
}

// close ends the house before the test does.
func (h *house) close(t testing.TB) {
	t.Helper()
	if err := h.built.Close(); err != nil {
		t.Error(err)
	}
}

// logged is a log that is written and read at the same time.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// provider answers anything and remembers what it was asked.
type provider struct {
	mu   sync.Mutex
	seen []string // method, request target
	sent []http.Header
	odd  bool // a header came that a caller made up
}

// headers are the values of a header that the provider was sent.
func (p *provider) headers(name string) (values []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.sent {
		values = append(values, h.Values(name)...)
	}
	return values
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen, p.sent = append(p.seen, r.Method+" "+r.RequestURI), append(p.sent, r.Header)
	for name := range r.Header {
		p.odd = p.odd || name == "X-Evil" || name == "Forwarded" || strings.HasPrefix(name, "X-Forwarded")
	}
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]; {
	case r.Header.Get("X-Acme-Key") != "key":
		http.Error(w, `{"error":"no key"}`, http.StatusUnauthorized)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		body, _ := io.ReadAll(r.Body)
		json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "bytes": len(body)})
	case last == "usage":
		io.WriteString(w, `{"data":[{"day":"2026-09-03","product":"p1","cost":123.4567890123456789,"calls":7}]}`)
	case last == "workspaces", last == "invoices":
		io.WriteString(w, `{"data":[{"id":"w1","name":"one"},{"id":"w2","name":"two"}]}`)
	case last == "gone":
		w.WriteHeader(http.StatusGone)
		io.WriteString(w, `{"error":"gone"}`)
	default:
		io.WriteString(w, `{"id":"w1","name":"one"}`)
	}
}

// asked is what the provider was asked since the last call.
func (p *provider) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.seen
	p.seen = nil
	return seen
}

// evil says that a header arrived which no connector has.
func (p *provider) evil() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.odd
}

func newHouse(t testing.TB) *house { return newHouseOf(t, func(*config.Config) {}) }

// houseOfKey is a house whose secret key is that letter, all through.
func houseOfKey(t testing.TB, letter string) *house {
	return newHouseOf(t, func(cfg *config.Config) { cfg.SecretKeys = keyOf(letter) })
}

func keyOf(letter string) []secret.Value {
	return []secret.Value{secret.New(strings.Repeat(letter, config.KeyBytes))}
}

// newHouseOf is a house whose configuration is changed.
func newHouseOf(t testing.TB, change func(*config.Config)) *house {
	t.Helper()
	h := &house{provider: new(provider), log: new(logged), client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	upstream := httptest.NewServer(h.provider)
	t.Cleanup(upstream.Close)
	cfg := config.Default()
	cfg.SecretKeys = keyOf("k")
	cfg.Connectors.Dir, cfg.Mappings.Dir, cfg.Egress.Allow = "testdata/house/connectors", "testdata/house/mappings", assembly.Loopback
	for id, of := range map[string]string{"acme-1": "north", "acme-2": "south"} {
		cfg.Accounts.Static = append(cfg.Accounts.Static, &account.Account{
			ID: id, Connector: "acme", TenantID: of, BaseURLSet: true,
			Context:     map[string]any{"base_url": upstream.URL + "/v1"},
			Credentials: map[string]secret.Value{"api_key": secret.New("key")},
		})
	}
	token := func(name, value string, write bool, accounts ...string) *config.Token {
		cfg.Auth.Tokens = append(cfg.Auth.Tokens, config.NewToken(name, secret.New(value), accounts, write))
		return &cfg.Auth.Tokens[len(cfg.Auth.Tokens)-1]
	}
	token("everyone", everyone, true, "*")
	token("reader", reader, false, "acme-1")
	token("tenant", tenant, false, "tenant:north")
	token("other", other, true, "acme-2")
	token("stranger", stranger, true)
	token("expired", expired, true, "*").Expires = today
	token("narrow", narrow, true, "*").Resources = []string{"usage-metering/workspaces"}
	token("table", table, true, "*").Formats = []string{"csv"}
	token("passer", passer, false, "*").Formats = []string{"passthrough"}
	token("revoked", revoked, true, "*") // the last one: see revoke
	change(cfg)
	built, err := assembly.Build(cfg, assembly.Options{Clock: func() time.Time { return today }, Log: telemetry.NewLogger(h.log, slog.LevelInfo, true), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { built.Close() })
	h.url, h.built, h.config = serve(t, built), built, cfg
	return h
}

// today is the house's clock.
var today = time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC)

// revoke takes the token that is there to be revoked out of the configuration, as a reload does.
func (h *house) revoke(t testing.TB) {
	t.Helper()
	next := *h.config
	next.Auth.Tokens = next.Auth.Tokens[:len(next.Auth.Tokens)-1]
	if err := h.built.Load(&next); err != nil {
		t.Fatal(err)
	}
}

// mint is an account token, made by a token and to an order.
func (h *house) mint(t testing.TB, by, account, order string) string {
	t.Helper()
	got := h.ask(t, http.MethodPost, "/integrated-account/"+account+"/token", by, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(order)) })
	var m struct{ Token string }
	if err := json.Unmarshal(got.body, &m); err != nil || got.status != http.StatusCreated || m.Token == "" {
		t.Fatalf("minting: %d %s", got.status, got.body)
	}
	return m.Token
}

// serve puts a handler behind the listener's limits, on a real socket.
func serve(t testing.TB, handler http.Handler) string {
	t.Helper()
	s := gateway.Server(handler)
	s.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return "http://" + l.Addr().String()
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// problem is an error answer's body.
type problem struct {
	StatusCode int            `json:"statusCode"`
	Error      string         `json:"error"`
	Message    string         `json:"message"`
	Code       string         `json:"code"`
	RequestID  string         `json:"request_id"`
	Details    map[string]any `json:"details"`
	Remote     *bool          `json:"truto_is_remote_error"`
}

// ask sends a request; change may alter it before it leaves.
func (h *house) ask(t testing.TB, method, target, token string, change ...func(*http.Request)) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.url+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, c := range change {
		c(r)
	}
	resp, err := h.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, body}
}

// problem is the reply as the contract's error, with what every error has.
func (r reply) problem(t testing.TB) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Fatalf("the answer %d is no JSON: %q", r.status, r.body)
	}
	if ct := r.header.Get("Content-Type"); ct != "application/json; charset=utf-8" {
		t.Errorf("Content-Type %q", ct)
	}
	if p.StatusCode != r.status || p.Error != http.StatusText(r.status) || p.Message == "" || p.Code == "" {
		t.Errorf("status %d with the body %s", r.status, r.body)
	}
	if id := r.header.Get("X-Request-Id"); id == "" || id != p.RequestID {
		t.Errorf("X-Request-Id %q, request_id %q", id, p.RequestID)
	}
	return p
}
