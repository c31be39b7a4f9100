package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// someone is a tenant: what is theirs has their mark in it.
type someone struct{ name, account, token, mark string }

var tenants = []someone{
	{"north", "account-of-north", "token-of-north-and-nobody-else", "MARKnorth"},
	{"south", "account-of-south", "token-of-south-and-nobody-else", "MARKsouth"},
}

// marking is a provider that answers everybody with their own data, known by their credential.
func marking(w http.ResponseWriter, r *http.Request) {
	mark, _, ok := strings.Cut(r.Header.Get("X-Acme-Key"), "-key")
	w.Header().Set("Content-Type", "application/json")
	switch last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]; {
	case !ok:
		http.Error(w, `{"error":"no key"}`, http.StatusUnauthorized)
	case last == "usage":
		var items []string
		for day := 1; day < 20; day++ {
			items = append(items, fmt.Sprintf(`{"day":"2026-09-%02d","product":"%s-p","cost":1.5,"calls":7}`, day, mark))
		}
		io.WriteString(w, `{"data":[`+strings.Join(items, ",")+`]}`)
	case last == "broken":
		http.Error(w, `{"error":"`+mark+`"}`, http.StatusInternalServerError)
	case last == "workspaces", last == "invoices":
		io.WriteString(w, `{"data":[{"id":"w1","name":"`+mark+`-1"},{"id":"w2","name":"`+mark+`-2"},{"id":"w3","name":"`+mark+`-3"}]}`)
	default:
		io.WriteString(w, `{"id":"w1","name":"`+mark+`"}`)
	}
}

// newQuarter is a house of the two tenants, with Redis, and limits for each of them.
func newQuarter(t *testing.T, change func(*config.Config, *assembly.Options)) (*house, *kvtest.Server) {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(marking))
	t.Cleanup(upstream.Close)
	redis := kvtest.Start(t)
	cfg, h := config.Default(), &house{log: new(logged), client: http.DefaultClient}
	cfg.Connectors.Dir, cfg.Mappings.Dir, cfg.Egress.Allow = "testdata/house/connectors", "testdata/house/mappings", assembly.Loopback
	cfg.Cursors.Store = config.StoreRedis
	cfg.Redis = config.Redis{URL: secret.New(redis.URL()), Timeout: 10 * time.Second}
	cfg.Limits.Token, cfg.Limits.Account = day(100_000), day(100_000)
	for _, s := range tenants {
		cfg.Accounts.Static = append(cfg.Accounts.Static, &account.Account{
			ID: s.account, Connector: "acme", TenantID: s.mark + "-tenant", BaseURLSet: true,
			Context:     map[string]any{"base_url": upstream.URL + "/" + s.mark + "-path"},
			Credentials: map[string]secret.Value{"api_key": secret.New(s.mark + "-key")},
		})
		cfg.Auth.Tokens = append(cfg.Auth.Tokens, config.NewToken(s.name, secret.New(s.token), []string{"tenant:" + s.mark + "-tenant"}, true))
	}
	o := assembly.Options{Clock: func() time.Time { return today }, Log: telemetry.NewLogger(h.log, slog.LevelDebug, true), Version: "test"}
	if change != nil {
		change(cfg, &o)
	}
	built, err := assembly.Build(cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { built.Close() })
	h.url, h.built, h.config = serve(t, built), built, cfg
	return h, redis
}

// asks are requests of every kind about an account, without a cursor.
func asks(account string) (out []string) {
	of := "?integrated_account_id=" + account
	for _, format := range []string{"unified", "raw", "normalized", "stream", "debug", "debug&explain=true", "stream&stream_meta=true", "unified&truto_key_by=id"} {
		for _, resource := range []string{"usage", "workspaces"} {
			out = append(out, "/unified/usage-metering/"+resource+of+"&limit=2&truto_response_format="+format)
		}
	}
	return append(out, "/unified/usage-metering/usage"+of+"&summary_by=product_id,month", "/unified/usage-metering/usage"+of+"&limit=0", "/unified/usage-metering/users"+of,
		"/unified/usage-metering/workspaces/w1"+of, "/unified/usage-metering/workspaces/w1"+of+"&truto_response_format=raw", "/unified/usage-metering/usage/meta/list"+of,
		"/proxy/invoices"+of, "/proxy/invoices/1"+of, "/proxy/invoices"+of+"&truto_response_format=debug", "/proxy/nothing"+of, "/custom/things"+of, "/custom/broken"+of,
		"/integrated-account", "/integrated-account/"+account, "/integrated-account/"+account+"/capabilities", "/metrics", "/readyz", "/openapi.json", "/unified/usage-metering/usage/acme/meta/list")
}

// I8: two tenants at once, at random, on every route and in every format, with their own cursors, each other's and each
// other's account. Nothing of one is in an answer or a log line of the other, in a metric's label, or in Redis.
func TestNoTenantSeesAnother(t *testing.T) {
	h, redis := newQuarter(t, nil)
	var mu sync.Mutex
	cursors, asked := []string{"c1.AAAA"}, map[string]someone{} // by request id
	var wg sync.WaitGroup
	for i, me := range tenants {
		them := tenants[1-i]
		wg.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(i), 20260920))
			token := me.token
			for n := range 300 {
				if n == 100 { // from here on with an account token
					token = h.mint(t, me.token, me.account, `{"write":true}`)
				}
				about := me.account
				if dice.IntN(5) == 0 {
					about = them.account
				}
				all := asks(about)
				target, accept := all[dice.IntN(len(all))], []string{"", "text/csv", "text/event-stream", "application/x-ndjson"}[dice.IntN(4)]
				if mu.Lock(); dice.IntN(3) == 0 && strings.Contains(target, "?") {
					target += "&next_cursor=" + cursors[dice.IntN(len(cursors))]
				}
				mu.Unlock()
				got := h.ask(t, []string{http.MethodGet, http.MethodGet, http.MethodHead, http.MethodPost}[dice.IntN(4)], target, token, func(r *http.Request) { r.Header.Set("Accept", accept) })
				mu.Lock()
				asked[got.header.Get("X-Request-Id")] = me
				mu.Unlock()
				whole := fmt.Sprintf("%s\n%v", got.body, got.header)
				if strings.Contains(whole, them.mark) || about == me.account && strings.Contains(whole, them.account) {
					t.Errorf("%s was answered on %s: %d %s", me.name, target, got.status, whole)
				}
				if about == them.account && got.status == http.StatusOK && !strings.Contains("/metrics /readyz /openapi.json /integrated-account /unified/usage-metering/usage/acme/meta/list", target) {
					t.Errorf("%s may %s: %.300s", me.name, target, whole)
				}
				if cursor := between(string(got.body), `"next_cursor":"`, `"`); cursor != "" {
					mu.Lock()
					cursors = append(cursors, cursor)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if len(cursors) < 20 {
		t.Fatalf("only %d cursors: the walk proves nothing", len(cursors))
	}
	seen := map[string]int{}
	for line := range strings.Lines(h.log.String()) {
		var l struct {
			Msg       string
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		me, known := asked[l.RequestID]
		for _, them := range tenants {
			if them != me && strings.Contains(line, them.mark) {
				t.Errorf("a log line of %q: %s", me.name, line)
			}
		}
		if known {
			seen[me.name+" "+l.Msg]++
		}
	}
	if seen["north request"] != 300 || seen["south request"] != 300 {
		t.Errorf("log lines %v", seen)
	}
	metrics := h.ask(t, http.MethodGet, "/metrics", tenants[0].token).body
	for _, s := range tenants {
		for _, theirs := range []string{s.mark, s.account, s.token} {
			if bytes.Contains(metrics, []byte(theirs)) {
				t.Errorf("the metrics name %s", theirs)
			}
			redis.NoPlaintext(t, theirs)
		}
	}
	if keys := redis.Dump(); !slices.ContainsFunc(mapKeys(keys), func(k string) bool { return strings.HasPrefix(k, "mb:limit:") }) {
		t.Error("no limit was counted in Redis")
	}
}

func mapKeys(m map[string]string) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	return out
}
