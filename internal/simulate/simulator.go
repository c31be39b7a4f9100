package simulate

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const maxRequestBody = 1 << 20

// Config says what a Simulator serves.
type Config struct {
	Cassettes []*Cassette
	Shift     bool             // items for any month of the last twelve; otherwise exact replay by the cassettes' clocks
	Now       func() time.Time // the clock of Shift; time.Now
	Signed    func() time.Time // the clock of those who sign, where it is neither the cassettes' nor the machine's
	Log       *slog.Logger     // requests at debug level; nil: none
}

// Simulator serves cassettes, each below /NAME. It is safe for concurrent use.
type Simulator struct {
	cfg   Config
	log   *slog.Logger
	names []string
	tapes map[string]*tape
}

// Seen is a request that a provider got, and what answered it.
type Seen struct {
	Exchange string `json:"exchange"` // or answer/NAME, fault/NAME, or "" where nothing matched
	Status   int    `json:"status"`
	Method   string `json:"method"`
	Path     string `json:"path"` // below the provider's own
	Query    string `json:"query"`
	Body     string `json:"body,omitempty"`
}

// New makes a simulator of parsed cassettes.
func New(cfg Config) (*Simulator, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Simulator{cfg: cfg, log: cmp.Or(cfg.Log, slog.New(slog.DiscardHandler)), tapes: map[string]*tape{}}
	for _, c := range cfg.Cassettes {
		if s.tapes[c.Name] != nil {
			return nil, fmt.Errorf("making a simulator: two cassettes %s", c.Name)
		}
		s.tapes[c.Name] = &tape{
			Cassette: c, jobs: map[string]*job{}, next: firstJob, tokens: map[string]bool{}, nonces: map[string]uint64{}, scale: 1, hits: map[string]int{},
		}
	}
	s.names = slices.Sorted(maps.Keys(s.tapes))
	return s, nil
}

// Accounts is one demo account a cassette, by name, for a simulator that listens at base.
func (s *Simulator) Accounts(base string) []Account {
	var out []Account
	for _, n := range s.names {
		out = append(out, s.tapes[n].Account(base))
	}
	return out
}

// Hits counts the requests that each exchange of a connector has answered.
func (s *Simulator) Hits(connector string) map[string]int {
	t := s.tapes[connector]
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.hits)
}

// Seen is the last requests of a connector, oldest first.
func (s *Simulator) Seen(connector string) []Seen {
	t := s.tapes[connector]
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.seen)
}

// ServeHTTP answers one request of a provider, or one of /_simulate.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_simulate/") || r.URL.Path == "/" {
		s.admin(w, r)
		return
	}
	name, _, _ := strings.Cut(r.URL.EscapedPath()[1:], "/")
	t := s.tapes[name]
	if t == nil {
		reply(w, http.StatusNotFound, map[string]any{"error": fmt.Sprintf("no cassette %q", name), "cassettes": s.names})
		return
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/"+name)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBody))
	if err != nil {
		reply(w, http.StatusRequestEntityTooLarge, map[string]any{"error": err.Error()})
		return
	}
	a := newAsked(r, path, body)
	sc := &scene{path: path, query: r.URL.RawQuery}
	sc.base, sc.other = hosts(r, name)
	out, exchange, status := s.decide(t, r, a, sc)
	t.note(Seen{Exchange: exchange, Status: status, Method: r.Method, Path: path, Query: r.URL.RawQuery, Body: string(body)})
	s.log.Debug("simulated", "connector", name, "method", r.Method, "path", path, "query", r.URL.RawQuery, "exchange", exchange, "status", status)
	out(w)
}

// decide finds what answers, and says its name and status.
func (s *Simulator) decide(t *tape, r *http.Request, a *asked, sc *scene) (out func(http.ResponseWriter), name string, status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sc.now = s.signed(t)
	plain := show{scene: sc}
	f := t.takeFault(a.path)
	if f != nil {
		if ans := t.faultAnswer(f); ans != nil {
			return func(w http.ResponseWriter) { plain.write(w, r, ans, nil, f) }, "fault/" + f.Fault, ans.status
		}
	}
	e, misses := t.find(a, sc)
	if e == nil {
		return func(w http.ResponseWriter) {
			reply(w, http.StatusNotFound, map[string]any{
				"error": "no exchange of the cassette answers " + a.method + " " + a.path, "exchanges": misses})
		}, "", http.StatusNotFound
	}
	if ok, challenge := (guard{t, r, a.body, a.form, s.signed(t)}).allows(e.auth); !ok && !e.auth.none {
		ans, which := t.refusal(e)
		return func(w http.ResponseWriter) {
			if challenge != "" {
				w.Header().Set("WWW-Authenticate", challenge)
			}
			plain.write(w, r, ans, nil, f)
		}, which, ans.status
	}
	if ans := e.beyond(sc.got.span); ans != nil {
		return func(w http.ResponseWriter) { plain.write(w, r, ans, nil, f) }, "range/" + e.name, ans.status
	}
	if e.issues() {
		sc.token = "sim-" + rand.Text()
		t.tokens[sc.token] = true
	}
	if e.starts() {
		sc.job = t.start(e.name, sc.got)
	}
	t.hits[e.name]++
	full := show{scene: sc, tape: t.Cassette, shift: s.cfg.Shift, now: s.now(t), scale: t.scale}
	return func(w http.ResponseWriter) { full.write(w, r, e.answer, e, f) }, e.name, e.answer.status
}

func (s *Simulator) now(t *tape) time.Time {
	if s.cfg.Shift {
		return s.cfg.Now().UTC()
	}
	return t.Now
}

// signed is the moment that signatures and expiries are held to.
func (s *Simulator) signed(t *tape) time.Time {
	if s.cfg.Signed != nil {
		return s.cfg.Signed()
	}
	return s.now(t)
}

// hosts are the simulator's own URL of a provider, and the same under another name of the loopback host.
func hosts(r *http.Request, name string) (base, other string) {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, ""
	}
	switch host {
	case "127.0.0.1", "::1":
		host = "localhost"
	case "localhost":
		host = "127.0.0.1"
	}
	if port != "" {
		host = net.JoinHostPort(host, port)
	}
	return scheme + r.Host + "/" + name, scheme + host + "/" + name
}

// reply writes an answer of the simulator's own.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	enc.Encode(v) // a client that has left is not our concern
}
