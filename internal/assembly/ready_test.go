package assembly

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/gateway"
	"github.com/meterbridge/meterbridge/internal/kv/kvtest"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// answered is what a route of the house answers.
func answered(t *testing.T, h *House, path, token string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

// readiness is what /readyz says.
func readiness(t *testing.T, h *House) (int, gateway.Readiness) {
	t.Helper()
	status, body := answered(t, h, "/readyz", "")
	var r gateway.Readiness
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return status, r
}

func TestReadyzTellsTheTruth(t *testing.T) {
	redis := kvtest.Start(t)
	const scraper = "a-token-that-reads-metrics"
	cfg := config.Default()
	cfg.Auth.Tokens = []config.Token{config.NewToken("scraper", secret.New(scraper), []string{"*"}, false)}
	cfg.Cursors.Store = config.StoreRedis
	cfg.Redis = config.Redis{URL: secret.New(redis.URL()), Timeout: time.Second} // a busy machine is no lost Redis
	h, err := Build(cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	says := func(name string, status int, degraded bool, parts map[string]string, up string) {
		t.Helper()
		got, r := readiness(t, h)
		if got != status || r.Ready != (status == http.StatusOK) || r.Degraded != degraded || !maps.Equal(r.Parts, parts) {
			t.Errorf("%s: %d %+v", name, got, r)
		}
		if _, metrics := answered(t, h, "/metrics", scraper); !strings.Contains(metrics, "\nmeterbridge_redis_up "+up+"\n") {
			t.Errorf("%s: meterbridge_redis_up is not %s", name, up)
		}
	}
	says("well", http.StatusOK, false, map[string]string{"listener": "ok", "connectors": "ok", "redis": "ok"}, "1")
	redis.Kill()
	says("Redis is lost", http.StatusOK, true, map[string]string{"listener": "ok", "connectors": "ok", "redis": "down"}, "0")
	h.Drain()
	says("stopping", http.StatusServiceUnavailable, true, map[string]string{"listener": "draining", "connectors": "ok", "redis": "down"}, "0")
	if status, body := answered(t, h, "/healthz", ""); status != http.StatusOK {
		t.Errorf("not alive while it drains: %d %s", status, body)
	}
}
