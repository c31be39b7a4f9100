package telemetry

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/secret"
)

const canary = "c4n4ry"

func TestRedaction(t *testing.T) {
	for _, c := range []struct {
		name string
		attr slog.Attr
		hide bool
	}{
		{"secret value", slog.Any("plain", secret.New(canary)), true},
		{"secret value in a struct", slog.Any("plain", struct{ V secret.Value }{secret.New(canary)}), true},
		{"authorization", slog.String("Authorization", "Bearer "+canary), true},
		{"token", slog.String("token", canary), true},
		{"token within a name", slog.String("accessToken", canary), true},
		{"client secret", slog.String("client_secret", canary), true},
		{"password", slog.String("password", canary), true},
		{"api key", slog.String("api_key", canary), true},
		{"api key as a header", slog.String("X-Api-Key", canary), true},
		{"api key in camel case", slog.String("apiKey", canary), true},
		{"application key", slog.String("ACME-APPLICATION-KEY", canary), true},
		{"cookie", slog.String("set-cookie", canary), true},
		{"in a group", slog.Group("request", slog.String("cookie", canary)), true},
		{"in a telling group", slog.Group("credentials", slog.String("a", canary)), true},
		{"not text", slog.Any("secret", []string{canary}), true},
		{"number", slog.Int64("password", 1234567), true},
		{"headers", slog.Any("headers", http.Header{"Authorization": {"Bearer " + canary}, "X-Api-Key": {canary}}), true},
		{"other", slog.String("message", canary), false},
		{"key alone", slog.String("key", canary), false},
		{"other header", slog.Any("headers", http.Header{"Accept": {canary}}), false},
	} {
		for _, asJSON := range []bool{true, false} {
			t.Run(c.name, func(t *testing.T) {
				var out bytes.Buffer
				NewLogger(&out, slog.LevelInfo, asJSON).LogAttrs(t.Context(), slog.LevelInfo, "m", c.attr)
				NewLogger(&out, slog.LevelInfo, asJSON).With(c.attr).Info("m")
				got := out.String()
				if hidden := !strings.Contains(got, canary) && !strings.Contains(got, "1234567"); hidden != c.hide {
					t.Errorf("got %s", got)
				}
				if c.hide && strings.Count(got, secret.Redacted) < 2 {
					t.Errorf("nothing says that something was redacted: %s", got)
				}
			})
		}
	}
}

func TestWhatIsAboutASecretStays(t *testing.T) {
	var out bytes.Buffer
	NewLogger(&out, slog.LevelInfo, true).Info("m", "token_cached", true, "token_ttl", time.Minute, "headers", http.Header{"Cookie": {"a"}, "Accept": {"b"}})
	for _, want := range []string{`"token_cached":true`, `"token_ttl":60000000000`, `"Accept":["b"]`, `"Cookie":["[redacted]"]`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in %s", want, out.String())
		}
	}
}

func TestRedactionLeavesTheHeaderAlone(t *testing.T) {
	h := http.Header{"Cookie": {"a"}}
	NewLogger(new(bytes.Buffer), slog.LevelInfo, true).Info("m", "headers", h)
	if h.Get("Cookie") != "a" {
		t.Errorf("logging changed the header to %v", h)
	}
}

func TestRequestID(t *testing.T) {
	ctx := WithLine(t.Context(), &Line{RequestID: "r-1"})
	if got := RequestID(ctx); got != "r-1" {
		t.Errorf("got %q", got)
	}
	if got := RequestID(t.Context()); got != "" {
		t.Errorf("a bare context carries %q", got)
	}
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelInfo, true).With("a", 1)
	log.InfoContext(ctx, "with")
	log.Info("without")
	dec := json.NewDecoder(&out)
	for _, want := range []any{"r-1", nil} {
		line := map[string]any{}
		if err := dec.Decode(&line); err != nil || line[RequestIDKey] != want || line["a"] != 1.0 {
			t.Errorf("got %v, %v, want the id %v", line, err, want)
		}
	}
}

func TestLevelAndTime(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelWarn, true)
	log.Info("below")
	r := slog.NewRecord(time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), slog.LevelWarn, "at", 0)
	if err := log.Handler().Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, "below") || !strings.Contains(got, `"time":"2026-01-02T02:04:05Z"`) {
		t.Errorf("got %s", got)
	}
}
