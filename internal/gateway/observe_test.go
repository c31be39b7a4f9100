package gateway_test

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// entry is a line of the access log.
type entry struct {
	Msg, Method, Route, Code, Format, Connector, Resource, Caller string

	RequestID     string `json:"request_id"`
	Status        int
	Duration      int64 `json:"duration_us"`
	FirstByte     int64 `json:"ttfb_us"`
	UpstreamCalls int   `json:"upstream_calls"`
	Upstream      int64 `json:"upstream_us"`
	Mapping       int64 `json:"mapping_us"`
	Records       int
	Bytes         int64
	Account       string `json:"account_fp"`
	Token         string `json:"token_fp"`
	Trace         string `json:"trace_id"`
}

// trace is the trace of a request.
func (h *house) trace(t testing.TB, requestID string) string {
	t.Helper()
	id := h.lines(t)[requestID].Trace
	if id == "" {
		t.Fatalf("%s has no trace in %s", requestID, h.log)
	}
	return id
}

// lines are the lines of the access log so far, by request id.
func (h *house) lines(t testing.TB) map[string]entry {
	t.Helper()
	out := map[string]entry{}
	for line := range strings.Lines(h.log.String()) {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if e.Msg == "request" {
			if _, twice := out[e.RequestID]; twice {
				t.Errorf("two lines of one request: %s", line)
			}
			out[e.RequestID] = e
		}
	}
	return out
}

func fingerprint(t testing.TB, value string) string {
	t.Helper()
	ring, err := secret.NewKeyring([]byte(strings.Repeat("k", config.KeyBytes)))
	if err != nil {
		t.Fatal(err)
	}
	return ring.Fingerprint(sha256.Sum256([]byte(value)))
}

func TestARequestHasOneLine(t *testing.T) {
	h := newHouse(t)
	const query = "?integrated_account_id=acme-1&remote_query%5Bhush%5D=canary-of-the-query&start_date=2026-09"
	for _, c := range []struct {
		name, method, target, token string
		want                        entry
	}{
		{"records", "GET", "/unified/usage-metering/usage" + query, reader,
			entry{Route: "/unified/:model/:resource", Status: 200, Format: "unified", Records: 1, Connector: "acme", Resource: "usage", UpstreamCalls: 1, Account: "acme-1", Token: reader, Caller: "reader"}},
		{"a stream", "GET", "/unified/usage-metering/usage" + query + "&truto_response_format=stream", reader,
			entry{Route: "/unified/:model/:resource", Status: 200, Format: "stream", Records: 1, Connector: "acme", Resource: "usage", UpstreamCalls: 1, Account: "acme-1", Token: reader, Caller: "reader"}},
		{"one object", "GET", "/unified/usage-metering/workspaces/w1" + query, reader,
			entry{Route: "/unified/:model/:resource/:id", Status: 200, Format: "unified", Records: 1, Connector: "acme", Resource: "workspaces", UpstreamCalls: 1, Account: "acme-1", Token: reader, Caller: "reader"}},
		{"passed on", "POST", "/custom/canary-of-the-path" + query, everyone,
			entry{Route: "/custom/*", Status: 200, Format: "unified", Connector: "acme", UpstreamCalls: 1, Account: "acme-1", Token: everyone, Caller: "everyone"}},
		{"refused", "POST", "/custom/canary-of-the-path" + query, reader,
			entry{Route: "/custom/*", Status: 403, Code: "write_forbidden", Format: "json", Connector: "acme", Account: "acme-1", Token: reader, Caller: "reader"}},
		{"the provider's error", "GET", "/custom/gone" + query, reader,
			entry{Route: "/custom/*", Status: 410, Code: "remote_error", Format: "unified", Connector: "acme", UpstreamCalls: 1, Account: "acme-1", Token: reader, Caller: "reader"}},
		{"a foreign account", "GET", "/unified/usage-metering/usage" + query, other,
			entry{Route: "/unified/:model/:resource", Status: 404, Code: "account_not_found", Format: "json", Token: other, Caller: "other"}},
		{"a token that is none", "GET", "/unified/usage-metering/usage" + query, "canary-of-the-token",
			entry{Route: "/unified/:model/:resource", Status: 401, Code: "unauthorized", Format: "json", Token: "canary-of-the-token"}},
		{"no token", "GET", "/integrated-account", "", entry{Route: "/integrated-account", Status: 401, Code: "unauthorized", Format: "json"}},
		{"no route", "GET", "/canary-of-the-path" + query, reader, entry{Route: "none", Status: 404, Code: "not_found", Format: "json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := h.ask(t, c.method, c.target, c.token, func(r *http.Request) {})
			id := answer.header.Get("X-Request-Id")
			got, ok := h.lines(t)[id]
			if !ok {
				t.Fatalf("no line of %s in %s", id, h.log)
			}
			want := c.want
			want.Msg, want.Method, want.RequestID = "request", c.method, id
			for _, to := range []*string{&want.Account, &want.Token} {
				if *to != "" {
					*to = fingerprint(t, *to)
				}
			}
			if got.Bytes != int64(len(answer.body)) || got.Duration <= 0 || got.FirstByte <= 0 || got.FirstByte > got.Duration {
				t.Errorf("bytes %d of %d, first byte after %d of %d µs", got.Bytes, len(answer.body), got.FirstByte, got.Duration)
			}
			if (got.Upstream > 0) != (got.UpstreamCalls > 0) || got.Upstream > got.Duration || got.Mapping+got.Upstream > got.Duration {
				t.Errorf("%d µs upstream in %d calls and %d µs mapping, of %d µs", got.Upstream, got.UpstreamCalls, got.Mapping, got.Duration)
			}
			got.Bytes, got.Duration, got.FirstByte, got.Upstream, got.Mapping = 0, 0, 0, 0, 0
			if got != want {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
		})
	}
	for _, canary := range []string{"canary", "acme-1", reader, everyone, other} {
		if strings.Contains(h.log.String(), canary) {
			t.Errorf("%s is in the log:\n%s", canary, h.log)
		}
	}
}
