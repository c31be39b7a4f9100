package assembly

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

// Loopback are the ranges that simulated providers live in.
var Loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// replayToken is the token of a house that only a replay can reach.
const replayToken = "replay-token-of-this-process"

// replayTTL lets cursors outlive the months that a replay's clock may move by.
const replayTTL = 100 * 24 * time.Hour

// Replay is a house whose one account is a cassette's, with the cassette's clock, before the cassette served exactly.
type Replay struct {
	*House
	Simulator *simulate.Simulator
	Account   string
	cassette  *simulate.Cassette
	server    *httptest.Server
}

// NewReplay starts a cassette. Options' clock is the cassette's where none is given.
func NewReplay(files Files, c *simulate.Cassette, o Options) (*Replay, error) {
	if o.Clock == nil {
		o.Clock = func() time.Time { return c.Now }
	}
	sim, err := simulate.New(simulate.Config{Cassettes: []*simulate.Cassette{c}, Signed: o.Clock})
	if err != nil {
		return nil, err
	}
	if o.Only == "" && files.OverridesDir == "" { // overrides may be for others, and are checked against them
		o.Only = c.Name
	}
	r := &Replay{Simulator: sim, Account: c.Name, cassette: c, server: httptest.NewServer(sim)}
	cfg := config.Default()
	cfg.Connectors.Dir, cfg.Mappings.Dir, cfg.Overrides.Dir, cfg.Egress.Allow = files.ConnectorsDir, files.MappingsDir, files.OverridesDir, Loopback
	cfg.Cursors.TTL = replayTTL
	cfg.Accounts.Static = Accounts(sim.Accounts(r.server.URL))
	for _, a := range cfg.Accounts.Static {
		if o.Trial != nil {
			a.Overrides = o.Trial.Account
		}
	}
	cfg.Auth.Tokens = []config.Token{config.NewToken("replay", secret.New(replayToken), []string{"*"}, true)}
	if r.House, err = Build(cfg, o); err != nil {
		r.server.Close()
		return nil, err
	}
	return r, nil
}

// Close stops the cassette.
func (r *Replay) Close() error {
	r.server.Close()
	return r.House.Close()
}

// Accounts are integrated accounts at a simulator, each named like its connector.
func Accounts(simulated []simulate.Account) []*account.Account {
	var out []*account.Account
	for _, s := range simulated {
		a := &account.Account{ID: s.Connector, Connector: s.Connector, TenantID: "demo", Context: s.Context, BaseURLSet: true, Credentials: map[string]secret.Value{}}
		for k, v := range s.Credentials {
			a.Credentials[k] = secret.New(v)
		}
		out = append(out, a)
	}
	return out
}

// Get asks the house, as a client would.
func (r *Replay) Get(target string, header http.Header) *http.Response {
	req := httptest.NewRequest(http.MethodGet, target, nil)
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Authorization", "Bearer "+replayToken)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w.Result()
}

// Answer is what the house answers to a request of a cassette.
type Answer struct {
	Status int    // of a stream that breaks with a problem, the problem's
	Body   []byte // as its golden holds it
}

// Problem is what an answer that is an error says: 502 mapping_failed: the mapping …; "" for any other answer.
func (a *Answer) Problem() string {
	p, ok := problemOf(a.Body)
	switch {
	case ok:
		return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Message)
	case a.Status != http.StatusOK:
		return fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
	}
	return ""
}

// Answer makes one request of the cassette.
func (r *Replay) Answer(q simulate.Request) (*Answer, error) {
	target := "/unified/usage-metering/" + q.Resource
	if q.Via == "proxy" {
		target = "/proxy/" + q.Resource
	}
	if q.ID != "" {
		target += "/" + url.PathEscape(q.ID)
	}
	target += "?integrated_account_id=" + url.QueryEscape(r.Account)
	if q.Query != "" {
		target += "&" + q.Query
	}
	header := http.Header{}
	switch q.Format {
	case "", "unified":
	case "csv":
		header.Set("Accept", "text/csv")
	default:
		target += "&truto_response_format=" + q.Format
	}
	resp := r.Get(target, header)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer to %s: %w", q.Name, err)
	}
	a := &Answer{Status: resp.StatusCode, Body: r.Settle(body)}
	if p, ok := problemOf(body); ok && q.Format == "stream" {
		a.Status = p.Status
	}
	return a, nil
}

// told is a problem as a client sees it.
type told struct {
	Status  int    `json:"statusCode"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// problemOf is the problem that a body is, or that a stream's last line is.
func problemOf(body []byte) (told, bool) {
	var p told
	last := bytes.TrimSpace(body)
	last = last[bytes.LastIndexByte(last, '\n')+1:]
	if bytes.HasPrefix(last, []byte(`{"error":{`)) {
		var line struct{ Error told }
		err := json.Unmarshal(last, &line)
		return line.Error, err == nil && line.Error.Status != 0
	}
	err := json.Unmarshal(body, &p)
	return p, err == nil && p.Status != 0 && p.Code != ""
}

// What differs between two replays of the same cassette, and says nothing about it.
var (
	volatileCursor = regexp.MustCompile(`"c1\.[A-Za-z0-9_-]+"`)
	volatileID     = regexp.MustCompile(`"request_id":"[^"]*"`)
	volatileMs     = regexp.MustCompile(`"ms":[0-9.e+-]+`)
	volatileDate   = regexp.MustCompile(`"Date":"[A-Z][a-z]{2}, [^"]*"`)
)

// Settle takes out of an answer what differs between two replays.
func (r *Replay) Settle(body []byte) []byte {
	host := strings.TrimPrefix(r.server.URL, "http://")
	_, port, _ := net.SplitHostPort(host)
	s := strings.ReplaceAll(string(body), host, "127.0.0.1:9090")
	s = strings.ReplaceAll(s, "localhost:"+port, "localhost:9090")
	s = volatileCursor.ReplaceAllString(s, `"<cursor>"`)
	s = volatileID.ReplaceAllString(s, `"request_id":"<id>"`)
	s = volatileMs.ReplaceAllString(s, `"ms":0`)
	return []byte(volatileDate.ReplaceAllString(s, `"Date":"<date>"`))
}

// Map makes every request of the cassette that maps a list or an object to its end, so that a trial hears of each record
// that its pages hold.
func (r *Replay) Map() error {
	for _, q := range r.cassette.Requests {
		if q.Via == "proxy" || q.Format == "raw" {
			continue
		}
		if q.ID == "" {
			q.Format = "stream"
		} else {
			q.Format = ""
		}
		if _, err := r.Answer(q); err != nil {
			return err
		}
	}
	return nil
}
