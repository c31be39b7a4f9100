package config

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Telemetry is where traces go.
type Telemetry struct {
	OTLP      string      // the URL of an OTLP/HTTP receiver; "": no traces
	Header    http.Header // sent with each batch; it may hold a receiver's key
	Sample    float64     // the part of requests that are traced
	Propagate bool        // tell providers the ids of traces
}

// RequestLog is how much of the requests is kept in the database, where there is one.
type RequestLog struct {
	Keep    time.Duration // 0: none
	MaxRows int
}

// rows is how many rows are kept at most.
func (p *parser) rows(n *yaml.Node, key string) {
	s, ok := p.written(n, key)
	if !ok {
		return
	}
	rows, err := strconv.ParseUint(s, 10, 31)
	if err != nil || rows == 0 {
		p.fail(n, key, "wants a number of rows such as 1000000; keep: 0 turns the request log off")
		return
	}
	p.config.RequestLog.MaxRows = int(rows)
}

// fromEnvironment reads OpenTelemetry's own variables, which stand where the file says nothing.
func (t *Telemetry) fromEnvironment(env func(string) (string, bool)) {
	read := func(name string) string {
		v, set := env(name)
		if !set {
			return ""
		}
		return strings.TrimSpace(v)
	}
	if strings.EqualFold(read("OTEL_SDK_DISABLED"), "true") {
		return
	}
	if t.OTLP = read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"); t.OTLP == "" {
		if base := read("OTEL_EXPORTER_OTLP_ENDPOINT"); base != "" {
			t.OTLP = strings.TrimRight(base, "/") + "/v1/traces"
		}
	}
	headers := read("OTEL_EXPORTER_OTLP_TRACES_HEADERS")
	if headers == "" {
		headers = read("OTEL_EXPORTER_OTLP_HEADERS")
	}
	for pair := range strings.SplitSeq(headers, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if plain, err := url.PathUnescape(strings.TrimSpace(value)); ok && err == nil {
			t.Header.Set(strings.TrimSpace(name), plain)
		}
	}
}

func (p *parser) otlp(n *yaml.Node, key string) {
	s, ok := p.written(n, key)
	if !ok {
		return
	}
	if u, err := url.Parse(s); s != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		p.fail(n, key, "wants the http:// or https:// URL of an OTLP/HTTP receiver, such as http://127.0.0.1:4318")
		return
	}
	p.config.Telemetry.OTLP = s
}

func (p *parser) sample(n *yaml.Node, key string) {
	s, ok := p.written(n, key)
	if !ok {
		return
	}
	part, err := strconv.ParseFloat(s, 64)
	if err != nil || !(part >= 0 && part <= 1) {
		p.fail(n, key, "wants a part of all requests from 0 to 1, such as 0.1")
		return
	}
	p.config.Telemetry.Sample = part
}
