package gateway_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/telemetry/telemetrytest"
)

// A trace tells an operator where a request's time went, and nobody whose it was or what it asked for.
func TestARequestIsTraced(t *testing.T) {
	to := telemetrytest.NewReceiver(t)
	h := newHouseOf(t, func(cfg *config.Config) { cfg.Telemetry.OTLP, cfg.Telemetry.Sample = to.URL, 1 })
	answer := h.ask(t, http.MethodGet, "/unified/usage-metering/usage?integrated_account_id=acme-1&start_date=2026-09&remote_query%5Bhush%5D=canary&limit=1", reader)
	gone := h.ask(t, http.MethodGet, "/custom/canary/gone?integrated_account_id=acme-1", reader)
	h.ask(t, http.MethodGet, "/healthz", "")
	traceparent := h.provider.headers("Traceparent")
	h.close(t) // sends what is left
	spans, _, _ := to.Got()

	of := func(id string) (names []string, byName map[string]telemetrytest.Span) {
		trace, byID := h.trace(t, id), map[string]telemetrytest.Span{}
		byName = map[string]telemetrytest.Span{}
		for _, s := range spans {
			if s.Trace == trace {
				byID[s.ID], byName[s.Name] = s, s
			}
		}
		for _, s := range byName {
			path := s.Name
			for p, ok := byID[s.Parent]; ok; p, ok = byID[p.Parent] {
				path = p.Name + " > " + path
			}
			names = append(names, path)
		}
		slices.Sort(names)
		return names, byName
	}
	names, by := of(answer.header.Get("X-Request-Id"))
	const root = "GET /unified/:model/:resource"
	if want := []string{root, root + " > walk", root + " > walk > GET /usage", root + " > walk > map"}; !slices.Equal(names, want) {
		t.Fatalf("got  %q\nwant %q", names, want)
	}
	for span, want := range map[string]map[string]any{
		root:         {"http.response.status_code": int64(200), "http.route": "/unified/:model/:resource", "meterbridge.connector": "acme", "meterbridge.records": int64(1), "meterbridge.account_fp": fingerprint(t, "acme-1")},
		"walk":       {"meterbridge.resource": "usage", "meterbridge.records": int64(1)},
		"GET /usage": {"server.address": "127.0.0.1", "url.template": "/usage", "http.response.status_code": int64(200), "meterbridge.purpose": "list"},
		"map":        {"meterbridge.items": int64(1)},
	} {
		for key, v := range want {
			if got := by[span].About[key]; got != v {
				t.Errorf("%s: %s is %v, want %v", span, key, got, v)
			}
		}
	}
	names, by = of(gone.header.Get("X-Request-Id"))
	if want := []string{"GET /custom/*", "GET /custom/* > GET (custom)"}; !slices.Equal(names, want) || !by["GET (custom)"].Failed || by["GET /custom/*"].Failed || by["GET /custom/*"].About["error.type"] != "remote_error" {
		t.Errorf("got %q, %+v", names, by)
	}
	for _, s := range spans {
		if strings.Contains(s.Name, "healthz") {
			t.Errorf("a probe is traced: %+v", s)
		}
	}
	for _, canary := range []string{"canary", "acme-1", reader, "2026-09"} {
		if strings.Contains(fmt.Sprintf("%+v", spans), canary) {
			t.Errorf("%s is in the traces", canary)
		}
	}
	if len(traceparent) > 0 {
		t.Errorf("the provider was told of traces: %q", traceparent)
	}
}

func TestAProviderIsToldOfTracesWhereThatIsConfigured(t *testing.T) {
	to := telemetrytest.NewReceiver(t)
	h := newHouseOf(t, func(cfg *config.Config) {
		cfg.Telemetry.OTLP, cfg.Telemetry.Sample, cfg.Telemetry.Propagate = to.URL, 1, true
	})
	answer := h.ask(t, http.MethodGet, "/custom/x?integrated_account_id=acme-1", reader)
	if got, want := h.provider.headers("Traceparent"), h.trace(t, answer.header.Get("X-Request-Id")); len(got) != 1 || !strings.Contains(got[0], want) {
		t.Errorf("got %q of the trace %s", got, want)
	}
}
