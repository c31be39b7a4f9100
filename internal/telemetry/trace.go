package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TraceConfig is where traces go. Without an endpoint there are none.
type TraceConfig struct {
	Endpoint  string      // the URL of an OTLP/HTTP receiver's traces
	Header    http.Header // sent with each batch: a receiver's key, for one
	Sample    float64     // the part of requests that are traced, unless their caller has decided
	Propagate bool        // pass traceparent on to providers
	Version   string
	Log       *slog.Logger
	Metrics   *Metrics
}

// Tracer makes the spans of requests and sends them away in batches, in a goroutine of its own; what a receiver does not take
// in time is lost, and never waited for by a request. A nil *Tracer makes none.
type Tracer struct {
	provider  *sdk.TracerProvider
	tracer    trace.Tracer
	propagate bool
}

// NewTracer is a tracer, nil where there is no endpoint. The standard variables OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say more
// of the process, OTEL_BSP_… how batches are made.
func NewTracer(c TraceConfig) (*Tracer, error) {
	if c.Endpoint == "" {
		return nil, nil
	}
	out, err := newOTLP(c.Endpoint, c.Header)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(context.Background(), resource.WithAttributes(attribute.String("service.name", namespace), attribute.String("service.version", c.Version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("reading OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	to, err := otlptrace.New(context.Background(), out)
	if err != nil {
		return nil, fmt.Errorf("starting to send traces: %w", err)
	}
	sent := &reporting{SpanExporter: to, log: c.Log, metrics: c.Metrics}
	p := sdk.NewTracerProvider(sdk.WithBatcher(sent), sdk.WithResource(about), sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(c.Sample))))
	return &Tracer{p, p.Tracer("github.com/meterbridge/meterbridge"), c.Propagate}, nil
}

// Close sends what is left, as long as the context lets it.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// reporting says in the log and the metrics that spans were lost, once until it goes well again: the library would tell the
// process's standard error each time.
type reporting struct {
	sdk.SpanExporter
	log     *slog.Logger
	metrics *Metrics
	failing atomic.Bool
}

func (t *reporting) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := t.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil:
		t.metrics.SpansLost(len(spans))
		if !t.failing.Swap(true) {
			t.log.Warn("traces are lost until their receiver takes them again", "error", err)
		}
	case t.failing.Swap(false):
		t.log.Info("traces are taken again")
	}
	return nil
}
