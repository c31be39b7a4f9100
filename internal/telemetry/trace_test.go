package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/meterbridge/meterbridge/internal/telemetry/telemetrytest"
)

// tracing is a tracer, and what its log says.
func tracing(t *testing.T, c TraceConfig) (*Tracer, *bytes.Buffer) {
	t.Helper()
	log := new(bytes.Buffer)
	c.Log = NewLogger(log, slog.LevelInfo, true)
	tracer, err := NewTracer(c)
	if err != nil {
		t.Fatal(err)
	}
	return tracer, log
}

// request makes the spans of one request.
func request(tracer *Tracer, h http.Header, work func(ctx context.Context)) *Line {
	l := whole()
	ctx := tracer.Request(WithLine(context.Background(), l), h)
	work(ctx)
	l.EndTrace()
	return l
}

func finish(t *testing.T, tracer *Tracer) {
	t.Helper()
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSpansArriveAsTheyWere(t *testing.T) {
	to := telemetrytest.NewReceiver(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	tracer, log := tracing(t, TraceConfig{Endpoint: to.URL, Header: http.Header{"X-Key": {"k"}}, Sample: 1, Version: "v1"})
	const parent, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	l := request(tracer, http.Header{"Traceparent": {"00-" + parent + "-" + span + "-01"}}, func(ctx context.Context) {
		ctx, walk := StartSpan(ctx, "walk")
		call := StartCall(ctx, "upstream")
		call.Name("GET /v1/costs")
		call.Text("server.address", "api.acme.example")
		call.Text("empty", "")
		call.Number("http.response.status_code", 503)
		call.Fail("503")
		call.End()
		call.End()
		walk.End()
	})
	finish(t, tracer)
	spans, about, headers := to.Got()
	if len(spans) != 3 || len(headers) != 1 || headers[0].Get("X-Key") != "k" || log.Len() > 0 {
		t.Fatalf("%d spans in %d batches: %+v\n%s", len(spans), len(headers), spans, log)
	}
	if about["service.name"] != "meterbridge" || about["service.version"] != "v1" || about["deployment.environment.name"] != "test" {
		t.Errorf("of the process: %v", about)
	}
	call, walk, root := spans[0], spans[1], spans[2]
	for _, s := range spans {
		if s.Trace != parent || s.Trace != l.TraceID || s.Nanos == 0 {
			t.Errorf("%s is of the trace %s, %d ns", s.Name, s.Trace, s.Nanos)
		}
	}
	if root.Parent != span || walk.Parent != root.ID || call.Parent != walk.ID {
		t.Errorf("parents %s %s %s", root.Parent, walk.Parent, call.Parent)
	}
	if call.Name != "GET /v1/costs" || call.Kind != "SPAN_KIND_CLIENT" || !call.Failed ||
		fmt.Sprint(call.About) != "map[error.type:503 http.response.status_code:503 server.address:api.acme.example]" {
		t.Errorf("the call: %+v", call)
	}
	if root.Name != "GET /unified/:model/:resource" || root.Kind != "SPAN_KIND_SERVER" || root.Failed || root.About["meterbridge.records"] != int64(7) || root.About["meterbridge.account_fp"] != "ba9876543210" {
		t.Errorf("the request: %+v", root)
	}
}

func TestWithoutTracesThereAreNoSpans(t *testing.T) {
	off, err := NewTracer(TraceConfig{})
	if off != nil || err != nil {
		t.Fatalf("%v, %v", off, err)
	}
	l := request(off, http.Header{}, func(ctx context.Context) {
		within, s := StartSpan(ctx, "walk")
		if s != nil || within != ctx || StartCall(ctx, "x") != nil {
			t.Error("a span")
		}
		s.Name("a")
		s.Text("a", "b")
		s.Number("a", 1)
		s.Fail("a")
		s.Carry(nil)
		s.End()
	})
	if l.TraceID != "" {
		t.Errorf("the trace %s", l.TraceID)
	}
	finish(t, off)
	ctx := WithLine(t.Context(), l)
	if n := testing.AllocsPerRun(100, func() { _, s := StartSpan(ctx, "walk"); s.Text("a", "b"); s.End() }); n != 0 {
		t.Errorf("%v allocations where nothing is traced", n)
	}
}

func TestWhatIsNotSampledIsNotTraced(t *testing.T) {
	to := telemetrytest.NewReceiver(t)
	tracer, _ := tracing(t, TraceConfig{Endpoint: to.URL, Sample: 0})
	none := func(context.Context) {}
	request(tracer, http.Header{}, none)
	request(tracer, http.Header{"Traceparent": {"garbage"}}, none)
	request(tracer, http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}}, none)
	wanted := request(tracer, http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}, none)
	quiet := whole()
	quiet.Quiet()
	tracer.Request(WithLine(t.Context(), quiet), http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}})
	finish(t, tracer)
	if spans, _, _ := to.Got(); len(spans) != 1 || spans[0].Trace != wanted.TraceID || quiet.TraceID != "" {
		t.Errorf("%+v", spans)
	}
}

func TestAProviderLearnsOfTracesWhereThatIsWanted(t *testing.T) {
	to := telemetrytest.NewReceiver(t)
	for _, wanted := range []bool{false, true} {
		tracer, _ := tracing(t, TraceConfig{Endpoint: to.URL, Sample: 1, Propagate: wanted})
		h := http.Header{}
		l := request(tracer, http.Header{}, func(ctx context.Context) {
			s := StartCall(ctx, "upstream")
			s.Carry(h)
			s.End()
		})
		finish(t, tracer)
		if got := h.Get("Traceparent"); strings.Contains(got, l.TraceID) != wanted || !wanted && len(h) > 0 {
			t.Errorf("propagate %v: %v", wanted, h)
		}
	}
}

func TestARequestsSpansAreBounded(t *testing.T) {
	for _, c := range []struct{ asked, left int }{{maxSpans, 0}, {maxSpans + 1, 1}} {
		to := telemetrytest.NewReceiver(t)
		tracer, _ := tracing(t, TraceConfig{Endpoint: to.URL, Sample: 1})
		request(tracer, http.Header{}, func(ctx context.Context) {
			for range c.asked {
				StartCall(ctx, "upstream").End()
			}
		})
		finish(t, tracer)
		spans, _, _ := to.Got()
		root := spans[len(spans)-1]
		if left, _ := root.About["meterbridge.spans_left_out"].(int64); len(spans) != maxSpans+1 || int(left) != c.left {
			t.Errorf("%d spans of %d, %d left out", len(spans), c.asked, left)
		}
	}
}

func TestAReceiverThatRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		refuse  []int
		batches int
		lost    int
	}{
		{"later", []int{503, 429}, 3, 0},
		{"thrice", []int{503, 503, 503}, 3, 1},
		{"for good", []int{400}, 1, 1},
		{"elsewhere", []int{307}, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := telemetrytest.NewReceiver(t)
			to.Refuse(c.refuse...)
			m := NewMetrics("v1")
			tracer, log := tracing(t, TraceConfig{Endpoint: to.URL, Sample: 1, Metrics: m})
			request(tracer, http.Header{}, func(context.Context) {})
			finish(t, tracer)
			if _, _, headers := to.Got(); len(headers) != c.batches {
				t.Errorf("sent %d times", len(headers))
			}
			if want := fmt.Sprintf("meterbridge_spans_lost_total %d\n", c.lost); !strings.Contains(scrape(t, m), want) {
				t.Errorf("not counted as %s", want)
			}
			if (log.Len() > 0) != (c.lost > 0) {
				t.Errorf("the log: %s", log)
			}
		})
	}
}

func TestAnOTLPEndpoint(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://a": "http://a/v1/traces", "http://a:4318/": "http://a:4318/v1/traces", "https://a/x/v1/traces": "https://a/x/v1/traces",
		"a:4318": "", "grpc://a": "", "http://": "", "": "", "http://%": "",
	} {
		got, err := newOTLP(endpoint, nil)
		if (err == nil) != (want != "") || err == nil && got.url != want {
			t.Errorf("%q: %v, %v", endpoint, got, err)
		}
	}
}

// The pauses between attempts end with the context that the library gives.
func TestAPauseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, err := newOTLP("http://a.invalid", nil)
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		o.client.Transport = roundTrip(func(*http.Request) (*http.Response, error) { asked++; return nil, context.DeadlineExceeded })
		ctx, cancel := context.WithTimeout(t.Context(), otlpFirstPause+time.Millisecond)
		defer cancel()
		if err := o.UploadTraces(ctx, nil); err == nil || asked != 2 {
			t.Errorf("asked %d times: %v", asked, err)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
