package telemetry

import (
	"context"
	"net/http"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// maxSpans bounds the spans of one request: a stream may be of any number of pages.
const maxSpans = 500

// Span is a piece of a request's work, with the time that it took. All its methods do nothing on a nil *Span, which is what
// there is where a request is not traced: that costs one look into the context. It belongs to one goroutine.
type Span struct {
	span trace.Span
	line *Line
}

// traced is what a line has where its request is traced.
type traced struct {
	tracer *Tracer
	root   *Span
	spans  atomic.Int64
}

// w3c reads and writes the header traceparent, and tracestate beside it.
var w3c propagation.TraceContext

// Request begins the span of a request whose line the context has; nil makes none. The caller's traceparent, if it sent one, is
// what the span belongs to.
func (t *Tracer) Request(ctx context.Context, h http.Header) context.Context {
	l := LineOf(ctx)
	if t == nil || l == nil || l.quiet {
		return ctx
	}
	ctx, span := t.tracer.Start(w3c.Extract(ctx, propagation.HeaderCarrier(h)), "request", trace.WithSpanKind(trace.SpanKindServer))
	if !span.IsRecording() {
		return ctx
	}
	l.TraceID = span.SpanContext().TraceID().String()
	l.traced = &traced{tracer: t, root: &Span{span, l}}
	return ctx
}

// StartSpan begins a span of the context's request, within the one that the context has. Spans that follow in the returned
// context are within it.
func StartSpan(ctx context.Context, name string) (context.Context, *Span) {
	return startSpan(ctx, name, trace.SpanKindInternal)
}

// StartCall is StartSpan for a call to somebody else.
func StartCall(ctx context.Context, name string) *Span {
	_, s := startSpan(ctx, name, trace.SpanKindClient)
	return s
}

func startSpan(ctx context.Context, name string, kind trace.SpanKind) (context.Context, *Span) {
	l := LineOf(ctx)
	if l == nil || l.traced == nil || l.traced.spans.Add(1) > maxSpans {
		return ctx, nil
	}
	ctx, span := l.traced.tracer.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, &Span{span, l}
}

// Name renames the span.
func (s *Span) Name(name string) {
	if s != nil {
		s.span.SetName(label(name))
	}
}

// Text adds what a span is about. A value must not be a caller's or a provider's, who may put anything there.
func (s *Span) Text(key, value string) {
	if s != nil && value != "" {
		s.span.SetAttributes(attribute.String(key, label(value)))
	}
}

// Number is Text for a number.
func (s *Span) Number(key string, value int64) {
	if s != nil {
		s.span.SetAttributes(attribute.Int64(key, value))
	}
}

// Fail says that the work came to nothing, with a code and none of the error's words.
func (s *Span) Fail(code string) {
	if s != nil {
		s.span.SetAttributes(attribute.String("error.type", label(code)))
		s.span.SetStatus(codes.Error, "")
	}
}

// End ends the span; a second time does nothing.
func (s *Span) End() {
	if s != nil {
		s.span.End()
	}
}

// Carry puts the span into the header of a request to a provider, where that is configured. It is not by default: the ids
// would tell a provider which of its customers' requests belong together, and some refuse headers that they do not know.
func (s *Span) Carry(h http.Header) {
	if s != nil && s.line.traced.tracer.propagate {
		w3c.Inject(trace.ContextWithSpan(context.Background(), s.span), propagation.HeaderCarrier(h))
	}
}

// EndTrace ends the span of the line's request.
func (l *Line) EndTrace() {
	if l.traced == nil {
		return
	}
	s := l.traced.root
	s.Name(l.Method + " " + l.Route)
	s.Text("http.request.method", l.Method)
	s.Text("http.route", l.Route)
	s.Number("http.response.status_code", int64(l.Status))
	s.Number("http.response.body.size", l.Bytes)
	s.Text("meterbridge.request_id", l.RequestID)
	s.Text("meterbridge.connector", l.Connector)
	s.Text("meterbridge.resource", l.Resource)
	s.Text("meterbridge.format", l.Format)
	s.Text("meterbridge.account_fp", l.Account)
	s.Text("meterbridge.token_fp", l.Token)
	s.Number("meterbridge.records", int64(l.Records))
	if over := l.traced.spans.Load() - maxSpans; over > 0 {
		s.Number("meterbridge.spans_left_out", over)
	}
	switch {
	case l.failed():
		s.Fail(l.Code)
	case l.Code != "":
		s.Text("error.type", l.Code)
	}
	s.End()
}
