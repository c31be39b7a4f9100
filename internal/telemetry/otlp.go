package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	otlpTimeout      = 10 * time.Second // of one attempt to send a batch of spans
	maxOTLPAttempts  = 3                // to send it
	maxOTLPPause     = 5 * time.Second  // between two of them
	maxOTLPAnswer    = 4 << 10          // of a receiver's answer that is read
	otlpFirstPause   = 500 * time.Millisecond
	otlpTracesSuffix = "/v1/traces"
)

// otlpClient sends spans to an OTLP receiver over HTTP. The library's own brings gRPC into the binary, more than twice the size of
// all else that tracing needs; this is the protocol's one request.
type otlpClient struct {
	url    string
	header http.Header
	client *http.Client
}

// newOTLP is a client of a receiver. A URL without a path is that of the receiver and not of its traces.
func newOTLP(endpoint string, header http.Header) (*otlpClient, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("reading the OTLP endpoint: it is http:// or https:// and a host, such as http://127.0.0.1:4318")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = otlpTracesSuffix
	}
	return &otlpClient{u.String(), header, &http.Client{
		Timeout:       otlpTimeout,
		Transport:     http.DefaultTransport.(*http.Transport).Clone(), // its connections are closed with it
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func (o *otlpClient) Start(context.Context) error { return nil }

func (o *otlpClient) Stop(context.Context) error {
	o.client.CloseIdleConnections()
	return nil
}

// UploadTraces sends a batch, and again where the receiver says that it may take it later.
func (o *otlpClient) UploadTraces(ctx context.Context, spans []*otlp.ResourceSpans) error {
	body, err := proto.Marshal(&otlp.TracesData{ResourceSpans: spans}) // on the wire the same as an ExportTraceServiceRequest
	if err != nil {
		return fmt.Errorf("encoding spans: %w", err)
	}
	pause := otlpFirstPause
	for attempt := 1; ; attempt++ {
		again, after, err := o.send(ctx, body)
		if err == nil || !again || attempt == maxOTLPAttempts {
			return err
		}
		timer := time.NewTimer(min(max(pause, after), maxOTLPPause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		pause *= 2
	}
}

// send makes one attempt; again says that another may help, after a while.
func (o *otlpClient) send(ctx context.Context, body []byte) (again bool, after time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url, bytes.NewReader(body))
	if err != nil {
		return false, 0, fmt.Errorf("sending spans: %w", err)
	}
	for name, values := range o.header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := o.client.Do(r)
	if err != nil {
		return true, 0, fmt.Errorf("sending spans: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxOTLPAnswer)) // so that the connection can be used again
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return false, 0, nil
	}
	switch resp.StatusCode { // those that the protocol names
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		again = true
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		after = min(time.Duration(n)*time.Second, maxOTLPPause)
	}
	return again, after, fmt.Errorf("sending spans: the receiver answers %s", resp.Status)
}
