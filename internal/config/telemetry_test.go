package config

import (
	"strings"
	"testing"
	"time"
)

func TestTelemetry(t *testing.T) {
	for _, c := range []struct {
		name, text string
		env        map[string]string
		otlp       string
		sample     float64
		header     string // X-Key
	}{
		{name: "nothing", sample: 1},
		{name: "a receiver", text: "telemetry: { otlp: 'http://127.0.0.1:4318', sample: 0.25, propagate: true }", otlp: "http://127.0.0.1:4318", sample: .25},
		{name: "the environment's", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/", "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b,,bad,y=1"}, otlp: "http://collector:4318/v1/traces", sample: 1, header: "a b"},
		{name: "the environment's for traces", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b/t", "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-key=b"}, otlp: "http://b/t", sample: 1, header: "b"},
		{name: "the file's word before the environment's", text: "telemetry: { otlp: 'https://c' }", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, otlp: "https://c", sample: 1},
		{name: "the file says none", text: "telemetry: { otlp: '' }", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, sample: 1},
		{name: "disabled", env: map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, sample: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, errs := Parse("c.yaml", []byte(c.text), func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if tel := got.Telemetry; tel.OTLP != c.otlp || tel.Sample != c.sample || tel.Header.Get("X-Key") != c.header {
				t.Errorf("got %+v", tel)
			}
		})
	}
	kept, errs := Parse("c.yaml", []byte("request_log: { keep: 2d, max_rows: 5 }\nserver: { drain: 15s }"), func(string) (string, bool) { return "", false })
	if len(errs) > 0 || kept.RequestLog != (RequestLog{48 * time.Hour, 5}) || kept.Server.Drain != 15*time.Second {
		t.Errorf("got %+v, %v", kept, errs)
	}
	for text, want := range map[string]string{
		"request_log: { keep: 2w }": "wants a duration such as", "request_log: { keep: -1h }": "wants a duration such as", "request_log: { keep: 99999999d }": "wants a duration such as",
		"request_log: { max_rows: 0 }": "wants a number of rows", "request_log: { max_rows: many }": "wants a number of rows", "server: { drain: soon }": "wants a duration such as",
		"telemetry: { otlp: collector:4318 }": "wants the http:// or https:// URL", "telemetry: { sample: 1.1 }": "from 0 to 1",
		"telemetry: { sample: -0.1 }": "from 0 to 1", "telemetry: { sample: NaN }": "from 0 to 1", "telemetry: { propagate: often }": "wants true or false",
		"telemetry: { oltp: x }": "otlp",
	} {
		if _, errs := Parse("c.yaml", []byte(text), func(string) (string, bool) { return "", false }); len(errs) == 0 || !strings.Contains(errs.Error(), want) {
			t.Errorf("%s: %v", text, errs)
		}
	}
}
