package assembly

import (
	"context"
	"time"

	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// traceFlush is how long the last traces may take to leave when the gateway stops.
const traceFlush = 3 * time.Second

// openTraces is a tracer, nil where no receiver is configured.
func openTraces(cfg *config.Config, o Options, metrics *telemetry.Metrics) (*telemetry.Tracer, error) {
	t := cfg.Telemetry
	return telemetry.NewTracer(telemetry.TraceConfig{
		Endpoint: t.OTLP, Header: t.Header, Sample: t.Sample, Propagate: t.Propagate, Version: o.Version, Log: o.Log, Metrics: metrics,
	})
}

// closeTraces sends what is left of them.
func (h *House) closeTraces() error {
	within, cancel := context.WithTimeout(context.Background(), traceFlush)
	defer cancel()
	return h.tracer.Close(within)
}

// traced is a store whose calls are in the traces; without a tracer it is the store itself.
func traced(s kv.Store, t *telemetry.Tracer) kv.Store {
	if t == nil {
		return s
	}
	return tracedStore{s}
}

type tracedStore struct{ kv.Store }

func (s tracedStore) Get(ctx context.Context, key string) (val []byte, ok bool, err error) {
	span := telemetry.StartCall(ctx, "store get")
	val, ok, err = s.Store.Get(ctx, key)
	found := "miss"
	if ok {
		found = "hit"
	}
	span.Text("meterbridge.store", found)
	finish(span, len(val), err)
	return val, ok, err
}

func (s tracedStore) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	span := telemetry.StartCall(ctx, "store set")
	err := s.Store.Set(ctx, key, val, ttl)
	finish(span, len(val), err)
	return err
}

func finish(span *telemetry.Span, bytes int, err error) {
	span.Number("meterbridge.bytes", int64(bytes))
	if err != nil {
		span.Fail("store_failed")
	}
	span.End()
}
